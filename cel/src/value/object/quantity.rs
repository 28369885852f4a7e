//! Kubernetes quantities: `500m`, `1Gi`, `12e6`.
//!
//! The API server keeps small quantities as an integer with a decimal scale and others as a
//! decimal number, and `isInteger` shows which; so both are kept here too.

use std::cmp::Ordering;

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

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Equal
    }
}

impl Quantity {
    /// Reads a quantity; the refusals are the server's.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
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

    pub(crate) fn of_int(value: i64) -> Self {
        Self::small(value, 0)
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

    /// -1, 0 or 1.
    pub(crate) fn sign(&self) -> i64 {
        i64::from(self.unscaled > 0) - i64::from(self.unscaled < 0)
    }

    /// The number with this many digits after the point, if it can be held.
    fn at_scale(self, scale: i32) -> Option<i128> {
        if self.unscaled == 0 {
            return Some(0);
        }
        let shift = u32::try_from(scale.checked_sub(self.scale)?).ok()?;
        self.unscaled.checked_mul(10_i128.checked_pow(shift)?)
    }

    pub(crate) fn order(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.at_scale(scale), other.at_scale(scale)) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.approximate().total_cmp(&other.approximate()),
        }
    }

    /// The integer this is kept as; none for decimals and for scaled ones, whatever their value.
    pub(crate) fn integer(self) -> Option<i64> {
        if !self.small || self.scale > 0 {
            return None;
        }
        i64::try_from(self.at_scale(0)?).ok()
    }

    #[allow(clippy::cast_precision_loss)] // approximate by its name
    pub(crate) fn approximate(self) -> f64 {
        let power: f64 = format!("1e{}", -i64::from(self.scale))
            .parse()
            .unwrap_or(f64::NAN);
        self.unscaled as f64 * power
    }

    /// None beyond 128 bits.
    pub(crate) fn add(self, other: Self) -> Option<Self> {
        let sum = self.plus(other)?;
        Some(Self { sum: true, ..sum })
    }

    /// None beyond 128 bits.
    pub(crate) fn sub(self, other: Self) -> Option<Self> {
        // Go negates the least integer to itself, and adds that where the sum is still an integer.
        let wraps = self.small && other.small && other.unscaled == i128::from(i64::MIN);
        if wraps && (self.unscaled == 0 || (self.unscaled > 0 && self.scale <= 0)) {
            return self.add(other);
        }
        self.add(other.negated())
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
