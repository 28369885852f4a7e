//! Lengths of time as people write them in a GoldenPath: `90d`, `12h`, `30s`, `1d12h`.
//! A day has 24 hours. There are no calendar months or years.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Instant;

const DAY: u64 = 86_400;
/// The longest period accepted: about 27 years, so that sums with a date never overflow.
const LONGEST: u64 = 9_999 * DAY;
const UNITS: [(char, u64); 4] = [('d', DAY), ('h', 3_600), ('m', 60), ('s', 1)];

/// A length of time in whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(u64);

impl Period {
    /// A period of whole days.
    pub const fn days(days: u64) -> Self {
        Self(days * DAY)
    }

    /// A period of seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Length in seconds.
    pub(crate) const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Half the period, rounded down to seconds.
    #[must_use]
    pub const fn half(self) -> Self {
        Self(self.0 / 2)
    }

    /// `start` plus this period, at most the last instant an object may hold.
    pub fn after(self, start: Timestamp) -> Timestamp {
        let sum = start.saturating_add(self.signed());
        sum.map_or(Instant::LATEST.0, |at| at.min(Instant::LATEST.0.max(start)))
    }

    /// `end` minus this period.
    pub fn before(self, end: Timestamp) -> Timestamp {
        end.saturating_sub(self.signed()).unwrap_or(Timestamp::MIN)
    }

    fn signed(self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.0).unwrap_or(i64::MAX))
    }
}

/// The text is not a period.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' is not a period: write whole numbers with d, h, m or s, such as 90d or 12h, up to 9999d"
)]
pub struct InvalidPeriod(String);

impl InvalidPeriod {
    fn of(text: &str) -> Self {
        Self(text.chars().take(40).collect())
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text)
            .filter(|total| *total <= LONGEST)
            .map(Self)
            .ok_or_else(|| InvalidPeriod::of(text))
    }
}

fn parse(text: &str) -> Option<u64> {
    let mut total = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        let unit = rest[digits..].chars().next()?;
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(count.checked_mul(*seconds)?)?;
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(total)
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (name, seconds) in UNITS {
            if rest >= seconds {
                write!(f, "{}{name}", rest / seconds)?;
                rest %= seconds;
            }
        }
        Ok(())
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // The schema limits each part, not the sum: a stored `9999d1h` reads as 9999d.
        parse(&text)
            .map(|total| Self(total.min(LONGEST)))
            .ok_or_else(|| de::Error::custom(InvalidPeriod::of(&text)))
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,6}m)?([0-9]{1,8}s)?$",
            "minLength": 2,
            "maxLength": 24,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_read_as_people_write_them() {
        for (text, seconds) in [
            ("90d", 90 * DAY),
            ("12h", 43_200),
            ("30s", 30),
            ("1d12h", 129_600),
            ("0s", 0),
        ] {
            assert_eq!(
                text.parse::<Period>().unwrap().as_seconds(),
                seconds,
                "{text}"
            );
        }
    }

    #[test]
    fn text_that_is_not_a_period_is_rejected_with_an_example() {
        for text in [
            "",
            "90",
            "d",
            "-1d",
            "1w",
            "1.5h",
            "10000d",
            "99999999999999999999d",
        ] {
            let refusal = text.parse::<Period>().unwrap_err().to_string();
            assert!(refusal.contains("such as 90d"), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_stored_period_beyond_the_longest_is_read_as_the_longest() {
        for text in ["9999d1h", "9999d99999h999999m99999999s"] {
            assert!(text.parse::<Period>().is_err(), "{text}");
            let stored: Period = serde_json::from_value(text.into()).unwrap();
            assert_eq!(stored, Period::days(9_999), "{text}");
        }
    }

    #[test]
    fn a_printed_period_reads_back_as_itself() {
        for seconds in [0, 1, 59, 60, 3_600, DAY - 1, DAY, 90 * DAY + 61] {
            let period = Period::seconds(seconds);
            assert_eq!(period.to_string().parse(), Ok(period));
        }
    }
}
