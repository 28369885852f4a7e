//! Kubernetes quantities: `500m`, `1Gi`, `12e6`.
//!
//! The API server keeps small quantities as an integer with a decimal scale and others as a
//! decimal number, and `isInteger` shows which; so both are kept here too.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{no_overload, semver};
use crate::eval::{Builtin, Context, Fault, Outcome};
use crate::library::Object;
use crate::value::Value;

/// A quantity: a number and how it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    unscaled: i128,
    /// Digits after the point.
    scale: i32,
    /// Whether it is kept as an integer with a scale, as small quantities are.
    small: bool,
    /// Whether it was added up rather than read.
    sum: bool,
}

const NANO: i32 = 9;

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("quantity", 1, false) => quantity,
        ("isQuantity", 1, false) => is_quantity,
        ("isInteger", 1, true) => is_integer,
        ("asInteger", 1, true) => as_integer,
        ("asApproximateFloat", 1, true) => as_approximate_float,
        ("sign", 1, false) => sign,
        ("add", 2, true) => add,
        ("sub", 2, true) => sub,
        ("isGreaterThan", 2, true) => is_greater,
        ("isLessThan", 2, true) => is_less,
        ("compareTo", 2, true) => compare_to,
        _ => return None,
    };
    Some(function)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Equal
    }
}

impl Quantity {
    /// Reads a quantity; the refusals are the server's.
    fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = Parts::of(text).ok_or(
            "quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )?;
        let (binary, exponent) = suffix(parts.suffix).ok_or("unable to parse quantity's suffix")?;
        parts
            .small(binary, exponent)
            .or_else(|| parts.decimal(binary, exponent))
            .ok_or("unable to parse numeric part of quantity")
    }

    fn small(unscaled: i64, scale: i32) -> Self {
        Self {
            unscaled: i128::from(unscaled),
            scale,
            small: true,
            sum: false,
        }
    }

    pub(super) fn is_sum(&self) -> bool {
        self.sum
    }

    /// The number with this many digits after the point, if it can be held.
    fn at_scale(self, scale: i32) -> Option<i128> {
        if self.unscaled == 0 {
            return Some(0);
        }
        let shift = u32::try_from(scale.checked_sub(self.scale)?).ok()?;
        self.unscaled.checked_mul(10_i128.checked_pow(shift)?)
    }

    fn order(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.approximate().total_cmp(&other.approximate()),
        }
    }

    /// The integer this is kept as; none for decimals and for scaled ones, whatever their value.
    fn integer(self) -> Option<i64> {
        if !self.small || self.scale > 0 {
            return None;
        }
        i64::try_from(self.at_scale(0)?).ok()
    }

    #[allow(clippy::cast_precision_loss)] // approximate by its name
    fn approximate(self) -> f64 {
        let power: f64 = format!("1e{}", -i64::from(self.scale))
            .parse()
            .unwrap_or(f64::NAN);
        self.unscaled as f64 * power
    }

    /// The sum; a small one stays small while 64 bits suffice.
    fn plus(self, other: Self) -> Option<Self> {
        let scale = if self.small && other.small {
            match (self.unscaled, other.unscaled) {
                (_, 0) => return Some(self),
                (0, _) => return Some(other),
                _ => self.scale.max(other.scale),
            }
        } else {
            self.scale.max(other.scale)
        };
        let (a, b) = (self.at_scale(scale)?, other.at_scale(scale)?);
        let unscaled = a.checked_add(b)?;
        let fits = |value: i128| i64::try_from(value).is_ok();
        let small = self.small && other.small && fits(a) && fits(b) && fits(unscaled);
        Some(Self {
            unscaled,
            scale,
            small,
            sum: false,
        })
    }

    fn negated(self) -> Self {
        Self {
            unscaled: -self.unscaled,
            ..self
        }
    }
}

/// The text of a quantity, taken apart.
struct Parts<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
    suffix: &'t str,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let unpadded = unsigned.trim_start_matches('0');
        let (whole, rest) = digits(unpadded);
        let (fraction, suffix) = match rest.strip_prefix('.') {
            Some(rest) => digits(rest),
            None => ("", rest),
        };
        let after_letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        let exponent = after_letters
            .strip_prefix(['+', '-'])
            .unwrap_or(after_letters);
        exponent
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(Self {
                negative: text.starts_with('-'),
                whole: if whole.is_empty() { "0" } else { whole },
                fraction,
                suffix,
            })
    }

    /// Kept as an integer with a scale, if it is short enough for that.
    fn small(&self, binary: bool, exponent: i32) -> Option<Quantity> {
        let length = i32::try_from(self.whole.len() + self.fraction.len()).ok()?;
        let (precision, mantissa, scale) = if binary {
            if !self.fraction.is_empty() {
                return None;
            }
            (15 - length - exponent * 3 / 10 - 1, 1_i64 << exponent, 0)
        } else {
            (18 - length, 1, exponent)
        };
        let scale = i32::try_from(self.fraction.len())
            .ok()?
            .checked_sub(scale)?;
        if precision < 0 || scale > NANO {
            return None;
        }
        let value: i64 = format!("{}{}", self.whole, self.fraction).parse().ok()?;
        let value = value.checked_mul(mantissa)?;
        Some(Quantity::small(
            if self.negative { -value } else { value },
            scale,
        ))
    }

    /// Kept as a decimal number, rounded away from zero to a billionth.
    fn decimal(&self, binary: bool, exponent: i32) -> Option<Quantity> {
        let mut unscaled: i128 = format!("{}{}", self.whole, self.fraction).parse().ok()?;
        let mut scale = i32::try_from(self.fraction.len()).ok()?;
        if binary {
            unscaled = unscaled.checked_mul(1_i128 << exponent)?;
        } else {
            scale = scale.checked_sub(exponent)?;
        }
        let shift = scale - NANO;
        if shift > 0 {
            let divisor = 10_i128
                .checked_pow(u32::try_from(shift).ok()?)
                .unwrap_or(i128::MAX);
            unscaled = (unscaled / divisor) + i128::from(unscaled % divisor != 0);
        } else {
            let factor = 10_i128.checked_pow(u32::try_from(-shift).ok()?)?;
            unscaled = unscaled.checked_mul(factor)?;
        }
        let mut scale = NANO;
        if binary && unscaled > i128::from(i64::MAX) * 1_000_000_000 {
            (unscaled, scale) = (i128::from(i64::MAX), 0);
        }
        Some(Quantity {
            unscaled: if self.negative { -unscaled } else { unscaled },
            scale,
            small: false,
            sum: false,
        })
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

/// What a suffix multiplies by: whether a power of two or of ten, and which.
fn suffix(suffix: &str) -> Option<(bool, i32)> {
    Some(match suffix {
        "n" => (false, -9),
        "u" => (false, -6),
        "m" => (false, -3),
        "" => (false, 0),
        "k" => (false, 3),
        "M" => (false, 6),
        "G" => (false, 9),
        "T" => (false, 12),
        "P" => (false, 15),
        "E" => (false, 18),
        "Ki" => (true, 10),
        "Mi" => (true, 20),
        "Gi" => (true, 30),
        "Ti" => (true, 40),
        "Pi" => (true, 50),
        "Ei" => (true, 60),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
            (exponent.abs() < 1_000).then_some((false, exponent))?
        }
    })
}

fn as_value<'a>(quantity: Quantity) -> Value<'a> {
    Value::Object(Object::Quantity(Arc::new(quantity)))
}

fn of(value: &Value) -> Result<Quantity, Fault> {
    match value {
        Value::Object(Object::Quantity(quantity)) => Ok(**quantity),
        _ => Err(Fault::no_overload()),
    }
}

fn quantity<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(text)] => Quantity::parse(text).map(as_value).map_err(Fault::error),
        _ => no_overload(),
    }
}

fn is_quantity<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    match args {
        [Value::String(text)] => Ok(Value::Bool(Quantity::parse(text).is_ok())),
        _ => no_overload(),
    }
}

fn is_integer<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(of(&args[0])?.integer().is_some()))
}

fn as_integer<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    let integer = of(&args[0])?.integer();
    integer
        .map(Value::Int)
        .ok_or_else(|| Fault::error("cannot convert value to integer"))
}

fn as_approximate_float<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Double(of(&args[0])?.approximate()))
}

fn sign<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    let signum = of(&args[0])?.unscaled.signum();
    Ok(Value::Int(i64::try_from(signum).unwrap_or(0)))
}

/// The second operand of a sum, which may be a plain integer.
fn operand(value: &Value) -> Result<Quantity, Fault> {
    match value {
        Value::Int(value) => Ok(Quantity::small(*value, 0)),
        other => of(other),
    }
}

fn sum<'a>(left: Quantity, right: Quantity) -> Outcome<'a> {
    left.plus(right)
        .map(|quantity| {
            as_value(Quantity {
                sum: true,
                ..quantity
            })
        })
        .ok_or_else(|| Fault::error("quantity is too large"))
}

fn add<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    sum(of(&args[0])?, operand(&args[1])?)
}

fn sub<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    let (left, right) = (of(&args[0])?, operand(&args[1])?);
    // Go negates the least integer to itself, and adds that where the sum is still an integer.
    let wraps = left.small && right.small && right.unscaled == i128::from(i64::MIN);
    if wraps && (left.unscaled == 0 || (left.unscaled > 0 && left.scale <= 0)) {
        return sum(left, right);
    }
    sum(left, right.negated())
}

/// The order of two quantities or of two versions; the methods share their names.
fn order(args: &[Value]) -> Result<Ordering, Fault> {
    match args {
        [
            Value::Object(Object::Semver(a)),
            Value::Object(Object::Semver(b)),
        ] => Ok(semver::order(a, b)),
        [a, b] => Ok(of(a)?.order(&of(b)?)),
        _ => Err(Fault::no_overload()),
    }
}

fn is_greater<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(order(args)?.is_gt()))
}

fn is_less<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Bool(order(args)?.is_lt()))
}

fn compare_to<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> Outcome<'a> {
    Ok(Value::Int(order(args)? as i64))
}
