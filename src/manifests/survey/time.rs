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
    zone: TimeZone,
}

/// Why a cell is no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoInstant {
    /// Day or month first.
    Ambiguous,
    /// Not in the stated form, or no date.
    Unreadable,
}

impl Dates {
    pub(super) fn of(details: &Detailed) -> Result<Self, SurveyError> {
        let zone = match details.zone.as_deref() {
            Some(zone) => TimeZone::get(zone).map_err(|_| SurveyError::UnknownZone)?,
            None => TimeZone::UTC,
        };
        let format = details.format.clone();
        Ok(Self { format, zone })
    }

    /// The instant of a cell.
    pub(super) fn instant(&self, cell: &str) -> Result<Timestamp, NoInstant> {
        if let Some(format) = &self.format {
            return self.in_form(format, cell).ok_or(NoInstant::Unreadable);
        }
        // 10/5/24 is no day of the year 10.
        let begins_with_year = cell.len() > 4 && cell.bytes().take(4).all(|c| c.is_ascii_digit());
        if !begins_with_year {
            return Err(NoInstant::Ambiguous);
        }
        self.clear(cell).ok_or(NoInstant::Unreadable)
    }

    fn clear(&self, cell: &str) -> Option<Timestamp> {
        if let Ok(at) = cell.parse() {
            return Some(at);
        }
        let (cell, offset) = without_offset(cell);
        let zone = offset.map_or_else(|| self.zone.clone(), TimeZone::fixed);
        let parsed = CLEAR
            .iter()
            .find_map(|form| DateTime::strptime(form, cell).ok());
        Some(parsed?.to_zoned(zone).ok()?.timestamp())
    }

    fn in_form(&self, form: &str, cell: &str) -> Option<Timestamp> {
        let parts = BrokenDownTime::parse(form, cell).ok()?;
        if parts.offset().is_some() {
            return parts.to_timestamp().ok();
        }
        let date = parts.to_datetime().ok();
        let date = date.or_else(|| parts.to_date().ok().map(DateTime::from));
        Some(date?.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
}

/// Without the "GMT+2" of Google Forms, which is an offset of hours, or of hours and minutes.
fn without_offset(cell: &str) -> (&str, Option<Offset>) {
    let Some((time, offset)) = cell.rsplit_once(" GMT") else {
        return (cell, None);
    };
    let (sign, offset) = match offset.as_bytes().first() {
        None => return (time, Some(Offset::UTC)),
        Some(b'-') => (-1, &offset[1..]),
        Some(b'+') => (1, &offset[1..]),
        Some(_) => return (cell, None),
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
}
