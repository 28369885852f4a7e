//! A calendar month in UTC, as delivery records count days.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::api::Period;

/// How long after a month what is known then still counts as of its end: the digest is made in the first
/// days of the next month.
const GRACE: Period = Period::days(7);

/// A month, written as `2026-10`.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    first: Date,
}

impl Month {
    /// The month of an instant.
    pub fn of(at: Timestamp) -> Self {
        Self {
            first: at.to_zoned(TimeZone::UTC).date().first_of_month(),
        }
    }

    /// The last month that is over.
    pub fn last_whole(now: Timestamp) -> Self {
        Self::of(now).before()
    }

    /// The month before.
    #[must_use]
    pub fn before(self) -> Self {
        let first = self.first.checked_sub(1.month()).unwrap_or(self.first);
        Self { first }
    }

    /// The month after.
    #[must_use]
    pub fn after(self) -> Self {
        let first = self.first.checked_add(1.month()).unwrap_or(self.first);
        Self { first }
    }

    /// Its first day.
    pub const fn first_day(self) -> Date {
        self.first
    }

    /// Its first instant.
    pub fn start(self) -> Timestamp {
        let zoned = self.first.to_zoned(TimeZone::UTC);
        zoned.map_or(Timestamp::MAX, |start| start.timestamp())
    }

    /// The first instant behind it.
    pub fn end(self) -> Timestamp {
        self.after().start()
    }

    /// The last instant at which what is known counts as of its end.
    pub(super) fn grace(self) -> Timestamp {
        GRACE.after(self.end())
    }

    /// Whether an instant is in it.
    pub fn contains(self, at: Timestamp) -> bool {
        self.start() <= at && at < self.end()
    }

    /// Whether a day, such as `2026-10-05`, is in it.
    pub(super) fn has_day(self, day: &str) -> bool {
        day.parse::<Date>()
            .is_ok_and(|day| day.first_of_month() == self.first)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.strftime("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_in_form = text.len() == "2026-10".len() && text.as_bytes()[4] == b'-';
        let first = format!("{text}-01").parse().ok();
        match first.filter(|_| is_in_form) {
            Some(first) => Ok(Self { first }),
            None => Err(format!("'{text}' is not a month, such as 2026-10")),
        }
    }
}

impl TryFrom<String> for Month {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_read_as_it_is_written() {
        for text in ["2026-10", "0999-01", "2024-02"] {
            assert_eq!(month(text).to_string(), text);
        }
        for text in [
            "",
            "2026",
            "2026-1",
            "2026-13",
            "2026-10-01",
            "10-2026",
            "2026/10",
            "ä026-1",
        ] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_whole_month_ends_where_this_one_begins() {
        let now = at("2027-01-01T00:00:00Z");
        assert_eq!(Month::last_whole(now), month("2026-12"));
        assert_eq!(Month::last_whole(now).end(), now);
        assert_eq!(month("2024-03").before(), month("2024-02"));
        assert!(month("2024-02").contains(at("2024-02-29T23:59:59Z")));
        assert!(!month("2024-02").contains(at("2024-03-01T00:00:00Z")));
        assert!(month("2024-02").has_day("2024-02-29"));
        assert!(!month("2024-02").has_day("2024-03-01"));
    }
}
