//! Resource quantities as the API server writes them back: `0.5` is stored as `500m`, `1024Ki` as
//! `1Mi`. A manifest's quantities are brought to that form, so that a check that compares strings
//! says the same of a file as of the stored object. No arithmetic for checks: CEL has its own.

use std::borrow::Cow;

/// What a suffix multiplies by, and so how the number is written back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    /// Powers of ten with a letter: `m`, `k`, `M`.
    Decimal,
    /// Powers of ten with a number: `e3`.
    Exponent,
    /// Powers of 1024: `Ki`, `Mi`.
    Binary,
}

/// The smallest power of ten any quantity keeps.
pub const NANO: i32 = -9;
/// The smallest power of ten a container's resources keep; smaller amounts are rounded up.
pub const MILLI: i32 = -3;
/// The largest binary quantity, as the API server caps it.
const LARGEST: i128 = i64::MAX as i128;

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
    ("E", 18),
];
const BINARY: [(&str, u32); 6] = [
    ("Ki", 10),
    ("Mi", 20),
    ("Gi", 30),
    ("Ti", 40),
    ("Pi", 50),
    ("Ei", 60),
];

/// `text` as the API server stores it, rounded up to `smallest` (a power of ten, such as
/// [`MILLI`]). What is no quantity, or is larger than anything a cluster has, stays as it is: the
/// server would refuse or cap it, and a check should see what the author wrote.
pub fn canonical(text: &str, smallest: i32) -> Cow<'_, str> {
    Amount::parse(text.trim())
        .and_then(|amount| amount.rounded_up(smallest.max(NANO)))
        .map_or(Cow::Borrowed(text), |amount| Cow::Owned(amount.write()))
}

/// `units` × 10^`exponent`.
struct Amount {
    units: i128,
    exponent: i32,
    format: Format,
}

impl Amount {
    fn parse(text: &str) -> Option<Self> {
        let digits_end = text
            .find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-'))
            .unwrap_or(text.len());
        let (number, suffix) = text.split_at(digits_end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains(['+', '-', '.']) || !number.contains(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let units: i128 = format!("{whole}{fraction}").parse().ok()?;
        let below = i32::try_from(fraction.len()).ok()?;
        let (factor, exponent, format) = interpret(suffix)?;
        Some(Self {
            units: units.checked_mul(factor)?,
            exponent: exponent.checked_sub(below)?,
            format,
        })
    }

    fn rounded_up(mut self, smallest: i32) -> Option<Self> {
        while self.exponent < smallest && self.units != 0 {
            let step = 10_i128.checked_pow(u32::try_from(smallest - self.exponent).ok()?);
            // More digits than an integer has: nothing but the rounding is left of it.
            let step = step.unwrap_or(i128::MAX);
            let up = i128::from(self.units % step != 0) * self.units.signum();
            self.units = self.units / step + up;
            self.exponent = smallest;
        }
        self.exponent.checked_add(0).filter(|e| *e <= 18)?;
        Some(self)
    }

    fn write(mut self) -> String {
        if self.units == 0 {
            return "0".to_owned();
        }
        if let Some(text) = self.write_binary() {
            return text;
        }
        while self.units % 10 == 0 {
            self.units /= 10;
            self.exponent += 1;
        }
        while self.exponent.rem_euclid(3) != 0 || self.exponent > 18 {
            self.units *= 10;
            self.exponent -= 1;
        }
        if self.format == Format::Exponent && self.exponent != 0 {
            return format!("{}e{}", self.units, self.exponent);
        }
        let suffix = DECIMAL
            .iter()
            .find(|(_, exponent)| *exponent == self.exponent);
        format!("{}{}", self.units, suffix.map_or("", |(name, _)| name))
    }

    /// Amounts below 1024 and fractions of one are written in powers of ten.
    fn write_binary(&self) -> Option<String> {
        if self.format != Format::Binary {
            return None;
        }
        let step = 10_i128.checked_pow(self.exponent.unsigned_abs())?;
        let mut units = match self.exponent {
            ..0 if self.units % step != 0 => return None,
            ..0 => self.units / step,
            0.. => self.units.checked_mul(step)?,
        };
        if units.abs() < 1024 {
            return None;
        }
        units = units.clamp(-LARGEST, LARGEST);
        let mut power = 0;
        while units % 1024 == 0 && power < 60 {
            units /= 1024;
            power += 10;
        }
        let suffix = BINARY.iter().find(|(_, bits)| *bits == power);
        Some(format!("{units}{}", suffix.map_or("", |(name, _)| name)))
    }
}

fn interpret(suffix: &str) -> Option<(i128, i32, Format)> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((1, *exponent, Format::Decimal));
    }
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((1 << bits, 0, Format::Binary));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((1, exponent, Format::Exponent))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            assert_eq!(canonical(written, MILLI), stored, "{written}");
        }
    }

    #[test]
    fn what_is_no_quantity_stays_as_written() {
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
            assert_eq!(canonical(text, MILLI), text);
        }
    }

    proptest! {
        #[test]
        fn a_canonical_quantity_is_canonical(text in "[+-]?[0-9]{1,8}(\\.[0-9]{0,6})?(n|u|m|k|M|G|Ki|Mi|Gi|e[0-9])?") {
            let once = canonical(&text, MILLI).into_owned();
            prop_assert_eq!(canonical(&once, MILLI), once.as_str());
        }

        #[test]
        fn any_text_has_an_answer(text in ".{0,40}") {
            canonical(&text, MILLI);
        }
    }
}
