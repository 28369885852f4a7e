//! Instants as people and the operator write them: RFC 3339, in the years 1 to 9998.
//! **Invariant:** `Deserialize` accepts whatever the schema accepts. It clamps a stored date outside
//! these years: an older definition let it in, and the rest of the object must stay readable.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::fmt::strtime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// 0001-01-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);
/// 9998-12-31T23:59:59Z.
const LATEST: Timestamp = Timestamp::constant(253_370_764_799, 0);
/// `format: date-time` alone accepts dates that our parser does not: ten fraction digits, any
/// character before them, and offsets of 99 hours.
const PATTERN: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\
    T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";
/// A date up to its seconds; `0` stands for any digit.
const FORM: &[u8] = b"0000-00-00T00:00:00";
/// Every part of the pattern at its longest.
const LONGEST: usize = "2026-03-01T09:00:00.123456789+01:00".len();

/// An instant, written in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub Timestamp);

impl Instant {
    /// The last instant an object may hold.
    pub const LATEST: Self = Self(LATEST);

    /// The instant, or the first or last one that an object may hold.
    pub(super) fn within_years(at: Timestamp) -> Self {
        Self(at.clamp(EARLIEST, LATEST))
    }

    /// Whether the definitions accept this text as a date. A date that is stored already may be
    /// another one.
    pub(super) fn is_accepted(text: &str) -> bool {
        is_in_form(text.as_bytes())
            && text
                .parse::<Timestamp>()
                .is_ok_and(|at| at >= EARLIEST && at.as_second() <= LATEST.as_second())
    }

    /// The schema of a date.
    pub(super) fn schema() -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "pattern": PATTERN,
            "maxLength": LONGEST,
            "x-kubernetes-validations": [{
                "rule": "self >= timestamp('0001-01-01T00:00:00Z') && self < timestamp('9999-01-01T00:00:00Z')",
                "message": "a date must lie in the years 1 to 9998",
            }],
        })
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let instant = Self::within_years(self.0).0;
        let text = strtime::format("%Y-%m-%dT%H:%M:%SZ", instant).map_err(ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse::<Timestamp>()
            .or_else(|error| read_in_the_last_year(&text).ok_or(error))
            .map(Self::within_years)
            .map_err(de::Error::custom)
    }
}

/// Whether a text matches [`PATTERN`], apart from the ranges of its numbers.
fn is_in_form(text: &[u8]) -> bool {
    let matches = |part: &[u8], form: &[u8]| {
        part.len() == form.len()
            && part.iter().zip(form).all(|(byte, wanted)| match wanted {
                b'0' => byte.is_ascii_digit(),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == wanted,
            })
    };
    let Some((date, rest)) = text.split_at_checked(FORM.len()) else {
        return false;
    };
    let digits = rest.strip_prefix(b".").map_or(0, |fraction| {
        let count = fraction.iter().take_while(|byte| byte.is_ascii_digit());
        1 + count.count()
    });
    let (fraction, offset) = rest.split_at(digits);
    let has_fraction = matches!(fraction.len(), 0 | 2..=10);
    let is_leap_second = date.ends_with(b":60");
    let is_large_offset = offset
        .get(1..3)
        .is_some_and(|hours| hours > b"23".as_slice());
    matches(date, FORM)
        && has_fraction
        && !is_leap_second
        && !is_large_offset
        && (offset == b"Z" || matches(offset, b"+00:00"))
}

/// A date in the year 9999 may exceed the range of `Timestamp`; its validity is checked a year
/// earlier.
fn read_in_the_last_year(text: &str) -> Option<Timestamp> {
    let rest = text.strip_prefix("9999-")?;
    let is_date = format!("9998-{rest}").parse::<Timestamp>().is_ok();
    is_date.then_some(LATEST)
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Self::schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Instant, serde_json::Error> {
        serde_json::from_value(text.into())
    }

    #[test]
    fn the_bounds_are_the_dates_they_are_named_after() {
        assert_eq!(EARLIEST.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(LATEST.to_string(), "9998-12-31T23:59:59Z");
    }

    #[test]
    fn a_stored_date_outside_the_years_is_clamped_and_still_read() {
        for text in [
            "9999-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59.999999999-23:59",
        ] {
            assert_eq!(read(text).unwrap(), Instant(LATEST), "{text}");
        }
        let earliest = read("0000-01-01T00:00:00+23:59").unwrap();
        assert_eq!(earliest, Instant(EARLIEST));
    }

    #[test]
    fn text_that_is_not_a_date_is_rejected() {
        for text in [
            "",
            "tomorrow",
            "9999-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-03-01T09:00:00.0123456789Z",
            "2026-03-01T09:00:00+99:99",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_instant_is_written_in_whole_seconds_and_within_the_years() {
        let written = |at| serde_json::to_value(Instant(at)).unwrap();
        let half = read("2026-03-01T10:00:00.5+01:00").unwrap();
        assert_eq!(written(half.0), "2026-03-01T09:00:00Z");
        assert_eq!(written(Timestamp::MAX), "9998-12-31T23:59:59Z");
        assert_eq!(written(Timestamp::MIN), "0001-01-01T00:00:00Z");
    }
}
