//! Instants with the offset they were written in, which shows when they become text again.
//!
//! Seconds and nanoseconds of our own: the last day of the year 9999, which people write for
//! "never", lies beyond what `jiff::Timestamp` holds.

use jiff::tz::{Offset, TimeZone};

/// First second of the year 1 and last of the year 9999, from the epoch: CEL's range.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const SECOND: i128 = 1_000_000_000;

/// What a clock and its calendar show. No year is too far away, because a clock may be ahead of an
/// instant by any number of hours.
pub(crate) struct Clock {
    pub year: i64,
    pub month: i64,
    pub day: i64,
    /// From 0, Sunday.
    pub weekday: i64,
    /// From 1.
    pub day_of_year: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
}

/// An instant of CEL. Equality and order are those of the instant alone.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    seconds: i64,
    nanos: u32,
    offset: Offset,
}

impl Instant {
    /// An instant by its seconds and nanoseconds from the epoch and the offset it is written
    /// in, if CEL can hold it.
    pub(crate) fn new(seconds: i64, nanos: u32, offset: Offset) -> Option<Self> {
        RANGE.contains(&seconds).then_some(Self {
            seconds,
            nanos,
            offset,
        })
    }

    /// Whole seconds from the epoch, rounded down.
    pub fn as_second(&self) -> i64 {
        self.seconds
    }

    /// Nanoseconds from the whole second on.
    pub fn subsec_nanosecond(&self) -> u32 {
        self.nanos
    }

    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }

    fn as_nanosecond(self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanos)
    }

    /// This instant moved by nanoseconds, or none beyond CEL's range.
    pub(crate) fn moved(&self, nanos: i64) -> Option<Self> {
        let moved = self.as_nanosecond() + i128::from(nanos);
        let seconds = i64::try_from(moved.div_euclid(SECOND)).ok()?;
        Self::new(
            seconds,
            u32::try_from(moved.rem_euclid(SECOND)).ok()?,
            self.offset,
        )
    }

    /// Nanoseconds from `earlier` to this, or none beyond 64 bits.
    pub(crate) fn since(&self, earlier: &Self) -> Option<i64> {
        i64::try_from(self.as_nanosecond() - earlier.as_nanosecond()).ok()
    }

    /// Whether this is Go's zero time, the first instant of the year 1.
    pub(crate) fn is_zero(&self) -> bool {
        self.seconds == *RANGE.start() && self.nanos == 0
    }

    /// Date and time on a clock that is so many seconds ahead of UTC.
    pub(crate) fn on_clock(&self, ahead: i64) -> Clock {
        const DAY: i64 = 86_400;
        let local = self.seconds.saturating_add(ahead);
        let (days, of_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        // Years begin in March, so that a leap day is the last of its year; eras have 400 of them.
        let days_of_march = days + 719_468;
        let (era, of_era) = (
            days_of_march.div_euclid(146_097),
            days_of_march.rem_euclid(146_097),
        );
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = year + era * 400 + i64::from(month <= 2);
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let before_march = if leap { 60 } else { 59 };
        Clock {
            year,
            month,
            day,
            weekday: (days + 4).rem_euclid(7),
            day_of_year: match month {
                1 | 2 => of_year - 305,
                _ => of_year + before_march + 1,
            },
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
        }
    }

    /// The offset a zone has at this instant; in the last hours of the year 9999, a bit earlier.
    pub(crate) fn offset_in(&self, zone: &TimeZone) -> Offset {
        let at = jiff::Timestamp::from_second(self.seconds);
        zone.to_offset(at.unwrap_or(jiff::Timestamp::MAX))
    }
}

impl PartialEq for Instant {
    fn eq(&self, other: &Self) -> bool {
        self.as_nanosecond() == other.as_nanosecond()
    }
}

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_nanosecond().cmp(&other.as_nanosecond())
    }
}
