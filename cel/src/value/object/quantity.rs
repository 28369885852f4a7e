//! Kubernetes quantities: `500m`, `1Gi`, `12e6`. Reads them as the API server does, adds and
//! compares them for expressions, and writes them in the form that the server stores.
//!
//! The server holds a short quantity as an integer with a decimal scale and a long one as a decimal
//! number. `isInteger` shows which, so this type makes the same distinction.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

/// A number with a scale, and how the server holds and writes it.
#[derive(Clone, Copy, Debug)]
pub struct Quantity {
    unscaled: i128,
    /// Digits after the point.
    scale: i32,
    /// Whether the server holds it as an integer with a scale.
    small: bool,
    /// Whether it is the result of an addition.
    sum: bool,
    notation: Notation,
}

/// How a suffix writes a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notation {
    /// Powers of ten as a letter: `m`, `k`, `M`.
    Decimal,
    /// Powers of ten as a number: `e3`.
    Exponent,
    /// Powers of 1024: `Ki`, `Mi`.
    Binary,
}

/// The smallest amount that a field stores. The server rounds smaller amounts up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// A billionth, as every quantity.
    Nano,
    /// A thousandth, as the resources of a container.
    Milli,
}

impl Precision {
    /// Digits after the point.
    fn scale(self) -> i32 {
        match self {
            Self::Nano => NANO,
            Self::Milli => 3,
        }
    }
}

const NANO: i32 = 9;
/// The server caps binary quantities here.
const LARGEST_BINARY: i128 = i64::MAX as i128;
/// The power of ten of the largest suffix, `E`.
const LARGEST_POWER: i32 = 18;

/// Suffixes by their power of ten.
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", LARGEST_POWER),
];
/// Suffixes by their power of two.
const BINARY: [(&str, i32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];

/// `text` as the API server stores it: `0.5` becomes `500m`, `1024Ki` becomes `1Mi`. Returns other
/// text unchanged, and quantities beyond all suffixes too: the server refuses or caps them, and a
/// check should see what the author wrote.
pub fn canonical_quantity(text: &str, precision: Precision) -> Cow<'_, str> {
    Quantity::parse(text.trim())
        .ok()
        .and_then(|quantity| quantity.rounded_up(precision))
        .map_or(Cow::Borrowed(text), |quantity| {
            Cow::Owned(quantity.to_string())
        })
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.order(other) == Ordering::Equal
    }
}

/// The form that the server stores.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((number, suffix)) = self.in_binary() {
            return write!(f, "{number}{suffix}");
        }
        let (mut units, mut power) = (self.unscaled, -self.scale);
        if units == 0 {
            return f.write_str("0");
        }
        while units % 10 == 0 {
            units /= 10;
            power += 1;
        }
        while power.rem_euclid(3) != 0 || power > LARGEST_POWER {
            units *= 10;
            power -= 1;
        }
        if self.notation == Notation::Exponent && power != 0 {
            return write!(f, "{units}e{power}");
        }
        write!(f, "{units}{}", suffix_of(&DECIMAL, power))
    }
}

fn suffix_of(table: &[(&'static str, i32)], power: i32) -> &'static str {
    table
        .iter()
        .find(|(_, known)| *known == power)
        .map_or("", |(suffix, _)| suffix)
}

impl Quantity {
    /// Reads a quantity; the refusals are the server's.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = Parts::of(text).ok_or(
            "quantities must match the regular expression \
             '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        )?;
        let suffix = Suffix::parse(parts.suffix).ok_or("unable to parse quantity's suffix")?;
        parts
            .small(suffix)
            .or_else(|| parts.decimal(suffix))
            .ok_or("unable to parse numeric part of quantity")
    }

    pub(crate) fn of_int(value: i64) -> Self {
        Self::small(value, 0, Notation::Decimal)
    }

    fn small(unscaled: i64, scale: i32, notation: Notation) -> Self {
        Self {
            unscaled: i128::from(unscaled),
            scale,
            small: true,
            sum: false,
            notation,
        }
    }

    pub(super) fn is_sum(&self) -> bool {
        self.sum
    }

    /// -1, 0 or 1.
    pub(crate) fn sign(&self) -> i64 {
        i64::from(self.unscaled > 0) - i64::from(self.unscaled < 0)
    }

    /// The number with this many digits after the point; none beyond 128 bits.
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

    /// The integer that the server holds; none for decimals and scaled integers of whatever value.
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
        self.add(Self {
            unscaled: -other.unscaled,
            ..other
        })
    }

    /// The sum of two small quantities stays small while 64 bits suffice.
    fn plus(self, other: Self) -> Option<Self> {
        if self.small && other.small {
            match (self.unscaled, other.unscaled) {
                (_, 0) => return Some(self),
                (0, _) => return Some(other),
                _ => {}
            }
        }
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.at_scale(scale)?, other.at_scale(scale)?);
        let unscaled = a.checked_add(b)?;
        let fits = |value: i128| i64::try_from(value).is_ok();
        Some(Self {
            unscaled,
            scale,
            small: self.small && other.small && fits(a) && fits(b) && fits(unscaled),
            ..self
        })
    }

    /// Away from zero. None where the number is larger than the suffixes can write.
    fn rounded_up(self, precision: Precision) -> Option<Self> {
        let scale = self.scale.min(precision.scale());
        if -scale > LARGEST_POWER {
            return None;
        }
        let dropped = self.scale - scale;
        let unscaled = divided_up(self.unscaled, dropped)?;
        Some(Self {
            unscaled,
            scale,
            ..self
        })
    }

    /// The number and its suffix. Amounts below 1024 and fractions have none: the server writes
    /// them in powers of ten.
    fn in_binary(&self) -> Option<(i128, &'static str)> {
        if self.notation != Notation::Binary {
            return None;
        }
        let step = 10_i128.checked_pow(self.scale.unsigned_abs())?;
        let mut units = match self.scale {
            ..=0 => self.unscaled.checked_mul(step)?,
            1.. if self.unscaled % step == 0 => self.unscaled / step,
            1.. => return None,
        };
        if units.abs() < 1024 {
            return None;
        }
        let mut power = 0;
        while units % 1024 == 0 && power < 60 {
            units /= 1024;
            power += 10;
        }
        Some((units, suffix_of(&BINARY, power)))
    }
}

/// The number without its last `digits` digits, rounded away from zero.
fn divided_up(number: i128, digits: i32) -> Option<i128> {
    // A divisor with more digits than any number leaves only the rounding.
    let divisor = 10_i128
        .checked_pow(u32::try_from(digits).ok()?)
        .unwrap_or(i128::MAX);
    let up = i128::from(number % divisor != 0) * number.signum();
    Some(number / divisor + up)
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

    /// The integer that the server holds for a short number.
    fn small(&self, suffix: Suffix) -> Option<Quantity> {
        let length = i32::try_from(self.whole.len() + self.fraction.len()).ok()?;
        let (precision, mantissa, power) = match suffix.notation {
            Notation::Binary if !self.fraction.is_empty() => return None,
            Notation::Binary => (
                15 - length - suffix.power * 3 / 10 - 1,
                1_i64 << suffix.power,
                0,
            ),
            Notation::Decimal | Notation::Exponent => (18 - length, 1, suffix.power),
        };
        let scale = i32::try_from(self.fraction.len())
            .ok()?
            .checked_sub(power)?;
        if precision < 0 || scale > NANO {
            return None;
        }
        let number: i64 = format!("{}{}", self.whole, self.fraction).parse().ok()?;
        let size = number.checked_mul(mantissa)?;
        let unscaled = if self.negative { -size } else { size };
        Some(Quantity::small(unscaled, scale, suffix.notation))
    }

    /// The decimal number that the server holds, rounded away from zero to a billionth.
    fn decimal(&self, suffix: Suffix) -> Option<Quantity> {
        let number: i128 = format!("{}{}", self.whole, self.fraction).parse().ok()?;
        let digits = i32::try_from(self.fraction.len()).ok()?;
        let (unscaled, scale) = match suffix.notation {
            Notation::Binary => {
                let size = number.checked_mul(1_i128 << suffix.power)?;
                match divided_up(size, digits)? {
                    LARGEST_BINARY.. => (LARGEST_BINARY, 0),
                    _ => (to_nano(size, digits)?, NANO),
                }
            }
            Notation::Decimal | Notation::Exponent => {
                (to_nano(number, digits.checked_sub(suffix.power)?)?, NANO)
            }
        };
        Some(Quantity {
            unscaled: if self.negative { -unscaled } else { unscaled },
            scale,
            small: false,
            sum: false,
            notation: suffix.notation,
        })
    }
}

/// The number, of which so many digits are after the point, in billionths.
fn to_nano(number: i128, digits: i32) -> Option<i128> {
    let dropped = digits.checked_sub(NANO)?;
    if dropped > 0 {
        return divided_up(number, dropped);
    }
    number.checked_mul(10_i128.checked_pow(dropped.unsigned_abs())?)
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

/// A suffix and the power it stands for: of two in binary notation, of ten in the others.
#[derive(Clone, Copy)]
struct Suffix {
    notation: Notation,
    power: i32,
}

impl Suffix {
    fn parse(text: &str) -> Option<Self> {
        for (table, notation) in [
            (DECIMAL.as_slice(), Notation::Decimal),
            (BINARY.as_slice(), Notation::Binary),
        ] {
            if let Some((_, power)) = table.iter().find(|(suffix, _)| *suffix == text) {
                let power = *power;
                return Some(Self { notation, power });
            }
        }
        let power = text.strip_prefix(['e', 'E'])?.parse().ok()?;
        let notation = Notation::Exponent;
        Some(Self { notation, power })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical(text: &str) -> Cow<'_, str> {
        canonical_quantity(text, Precision::Milli)
    }

    #[test]
    fn quantities_are_written_as_the_api_server_stores_them() {
        for (written, stored) in [
            ("0.5", "500m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1.5", "1500m"),
            ("1024Ki", "1Mi"),
            ("1.5Gi", "1536Mi"),
            ("1000Mi", "1000Mi"),
            ("0.5Mi", "512Ki"),
            ("0Mi", "0"),
            ("512", "512"),
            ("2048", "2048"),
            ("1000", "1k"),
            ("1000000", "1M"),
            ("128974848", "128974848"),
            ("1e3", "1e3"),
            ("100u", "1m"),
            ("0.0001", "1m"),
            ("0.3Ki", "307200m"),
            ("-1", "-1"),
            ("16Ei", "9223372036854775807"),
        ] {
            assert_eq!(canonical(written), stored, "{written}");
        }
    }

    #[test]
    fn other_text_stays_as_written() {
        for text in [
            "",
            "lots",
            "1Gb",
            "1..5",
            "1-2",
            "--1",
            "1e",
            "9".repeat(60).as_str(),
        ] {
            assert_eq!(canonical(text), text);
        }
    }

    proptest! {
        #[test]
        fn a_canonical_quantity_is_canonical(text in "[+-]?[0-9]{1,8}(\\.[0-9]{0,6})?(n|u|m|k|M|G|Ki|Mi|Gi|e[0-9])?") {
            let once = canonical(&text).into_owned();
            prop_assert_eq!(canonical(&once), once.as_str());
        }

        #[test]
        fn any_text_has_an_answer(text in ".{0,40}") {
            canonical(&text);
        }
    }
}
