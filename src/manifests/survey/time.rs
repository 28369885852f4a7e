//! When a response was given. Dates with the year first are clear; others need their form in the mapping,
//! because 03/04 is two days.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};

use super::error::SurveyError;
use super::mapping::Detailed;

/// Forms with the year first: `LimeSurvey`, Typeform and Qualtrics; Google Forms, with its offset apart;
/// and ISO 8601.
const CLEAR: [&str; 6] = [
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y/%m/%d %I:%M:%S %p",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
];

/// How the dates of a column are read.
pub(super) struct Dates {
    format: Option<String>,
    /// The zone that the mapping states.
    zone: Option<TimeZone>,
}

/// Why a cell is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoInstant {
    /// Day or month first.
    Ambiguous,
    /// Its time zone is an abbreviation, and the mapping states no zone.
    NoZone,
    /// Not in the stated form, or no date.
    Unreadable,
}

impl Dates {
    pub(super) fn of(details: &Detailed) -> Result<Self, SurveyError> {
        let zone = details.zone.as_deref();
        let zone = zone.map(|zone| TimeZone::get(zone).map_err(|_| SurveyError::UnknownZone));
        let zone = zone.transpose()?;
        let format = details.format.clone();
        Ok(Self { format, zone })
    }

    /// The instant of a cell.
    pub(super) fn instant(&self, cell: &str) -> Result<Timestamp, NoInstant> {
        let own = self.zone.clone().unwrap_or(TimeZone::UTC);
        if let Some(at) = self.at(cell, own)? {
            return Ok(at);
        }
        let Some((time, letters)) = without_letters(cell) else {
            return Err(NoInstant::Unreadable);
        };
        let is_utc = UTC.iter().any(|utc| utc.eq_ignore_ascii_case(letters));
        let zone = if is_utc {
            Some(TimeZone::UTC)
        } else {
            self.zone.clone()
        };
        match (self.at(time, zone.clone().unwrap_or(TimeZone::UTC))?, zone) {
            (Some(at), Some(_)) => Ok(at),
            (Some(_), None) => Err(NoInstant::NoZone),
            (None, Some(_) | None) => Err(NoInstant::Unreadable),
        }
    }

    /// The instant of a date without letters for its zone; none where it is no date of the form.
    fn at(&self, cell: &str, zone: TimeZone) -> Result<Option<Timestamp>, NoInstant> {
        if let Some(format) = &self.format {
            return Ok(in_form(format, cell, zone));
        }
        // 10/5/24 is no day of the year 10.
        let begins_with_year = cell.len() > 4 && cell.bytes().take(4).all(|c| c.is_ascii_digit());
        if !begins_with_year {
            return Err(NoInstant::Ambiguous);
        }
        Ok(clear(cell, zone))
    }
}

fn clear(cell: &str, zone: TimeZone) -> Option<Timestamp> {
    if let Ok(at) = cell.parse() {
        return Some(at);
    }
    let (cell, offset) = without_offset(cell);
    let zone = offset.map_or(zone, TimeZone::fixed);
    let parsed = CLEAR
        .iter()
        .find_map(|form| DateTime::strptime(form, cell).ok());
    Some(parsed?.to_zoned(zone).ok()?.timestamp())
}

fn in_form(form: &str, cell: &str, zone: TimeZone) -> Option<Timestamp> {
    let parts = BrokenDownTime::parse(form, cell).ok()?;
    if parts.offset().is_some() {
        return parts.to_timestamp().ok();
    }
    let date = parts.to_datetime().ok();
    let date = date.or_else(|| parts.to_date().ok().map(DateTime::from));
    Some(date?.to_zoned(zone).ok()?.timestamp())
}

/// Letters for UTC.
const UTC: [&str; 3] = ["UTC", "GMT", "Z"];

/// A date and the letters of its zone, as in "1:22:09 AM CET". Most stand for several zones, so they tell
/// that there is a zone and not which.
fn without_letters(cell: &str) -> Option<(&str, &str)> {
    let (time, letters) = cell.rsplit_once(' ')?;
    let is_abbreviation = letters.eq_ignore_ascii_case("Z") || (2..=5).contains(&letters.len());
    let is_half_of_day = ["AM", "PM"]
        .iter()
        .any(|it| it.eq_ignore_ascii_case(letters));
    let is_word = letters.bytes().all(|c| c.is_ascii_alphabetic());
    (is_abbreviation && is_word && !is_half_of_day).then_some((time, letters))
}

/// Without the "GMT+2" of Google Forms, which is an offset of hours, or of hours and minutes.
fn without_offset(cell: &str) -> (&str, Option<Offset>) {
    let Some((time, offset)) = cell.rsplit_once(" GMT") else {
        return (cell, None);
    };
    let (sign, offset) = match offset.as_bytes().first() {
        Some(b'-') => (-1, &offset[1..]),
        Some(b'+') => (1, &offset[1..]),
        Some(_) | None => return (cell, None),
    };
    let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
    let (Ok(hours), Ok(minutes)) = (hours.parse::<i32>(), minutes.parse::<i32>()) else {
        return (cell, None);
    };
    let seconds = sign
        * (hours
            .saturating_mul(3600)
            .saturating_add(minutes.saturating_mul(60)));
    match Offset::from_seconds(seconds) {
        Ok(offset) => (time, Some(offset)),
        Err(_) => (cell, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(format: Option<&str>, zone: Option<&str>) -> Dates {
        let format = format.map(str::to_owned);
        let zone = zone.map(str::to_owned);
        Dates::of(&Detailed {
            format,
            zone,
            ..Detailed::default()
        })
        .unwrap()
    }

    #[test]
    fn a_date_is_read_as_its_tool_writes_it() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let plain = dates(None, None);
        let expected = at("2024-10-05T02:39:31Z");
        assert_eq!(plain.instant("2024-10-05 02:39:31"), Ok(expected));
        let google = plain.instant("2024/10/05 2:39:31 PM GMT+2");
        assert_eq!(google, Ok(at("2024-10-05T12:39:31Z")));
        let berlin = dates(None, Some("Europe/Berlin"));
        assert_eq!(berlin.instant("2024-10-05 04:39:31"), Ok(expected));
        let microsoft = dates(Some("%m/%d/%y %H:%M:%S"), None);
        assert_eq!(microsoft.instant("10/5/24 2:39:31"), Ok(expected));
        assert_eq!(plain.instant("10/5/24 2:39:31"), Err(NoInstant::Ambiguous));
        assert_eq!(plain.instant("20/8/25"), Err(NoInstant::Ambiguous));
        assert_eq!(
            plain.instant("2024-13-05 02:39:31"),
            Err(NoInstant::Unreadable)
        );
    }

    #[test]
    fn letters_of_a_zone_are_read_where_the_mapping_states_the_zone() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let berlin = dates(None, Some("Europe/Berlin"));
        for (cell, instant) in [
            ("2024/11/29 1:22:09 AM CET", "2024-11-29T00:22:09Z"),
            // The same wave, before the clocks changed.
            ("2024/10/01 1:22:09 PM CEST", "2024-10-01T11:22:09Z"),
            ("2024/10/01 1:22:09 PM MESZ", "2024-10-01T11:22:09Z"),
            ("2024/11/29 1:22:09 AM GMT+2", "2024-11-28T23:22:09Z"),
            ("2024/11/29 1:22:09 AM UTC", "2024-11-29T01:22:09Z"),
        ] {
            assert_eq!(berlin.instant(cell), Ok(at(instant)), "{cell}");
        }
        let stated = dates(Some("%d.%m.%Y %H:%M"), Some("Europe/Berlin"));
        let read = stated.instant("29.11.2024 01:22 CET");
        assert_eq!(read, Ok(at("2024-11-29T00:22:00Z")));
        let plain = dates(None, None);
        for utc in ["UTC", "GMT", "Z"] {
            let read = plain.instant(&format!("2024/11/29 1:22:09 AM {utc}"));
            assert_eq!(read, Ok(at("2024-11-29T01:22:09Z")), "{utc}");
        }
        let read = plain.instant("2024/11/29 1:22:09 AM CET");
        assert_eq!(read, Err(NoInstant::NoZone));
        for cell in [
            "2024/11/29 later",
            "2024/11/29 13:22:09 AM",
            "2024/13/29 1:22:09 AM CET",
        ] {
            assert_eq!(berlin.instant(cell), Err(NoInstant::Unreadable), "{cell}");
        }
    }
}
