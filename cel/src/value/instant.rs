//! Timestamps with the offset that they were written with.
//!
//! Not a `jiff::Timestamp`, whose range ends before the last day of the year 9999, which people use
//! for "never".

use jiff::tz::{Offset, TimeZone};

/// CEL's range in seconds from the epoch: the years 1 to 9999.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const SECOND: i128 = 1_000_000_000;

/// Local date and time. The year may lie outside CEL's range, because an offset may be any number of
/// hours.
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

/// A timestamp. Equality and order ignore the offset.
#[derive(Clone, Copy, Debug)]
pub struct Instant {
    seconds: i64,
    nanos: u32,
    offset: Offset,
}

impl Instant {
    /// A timestamp by its seconds and nanoseconds from the epoch. None beyond CEL's range.
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

    /// Nanoseconds after the whole second.
    pub fn subsec_nanosecond(&self) -> u32 {
        self.nanos
    }

    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }

    fn as_nanosecond(self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanos)
    }

    /// None beyond CEL's range.
    pub(crate) fn moved(&self, nanos: i64) -> Option<Self> {
        let moved = self.as_nanosecond() + i128::from(nanos);
        let seconds = i64::try_from(moved.div_euclid(SECOND)).ok()?;
        Self::new(
            seconds,
            u32::try_from(moved.rem_euclid(SECOND)).ok()?,
            self.offset,
        )
    }

    /// Nanoseconds since `earlier`. None beyond 64 bits.
    pub(crate) fn since(&self, earlier: &Self) -> Option<i64> {
        i64::try_from(self.as_nanosecond() - earlier.as_nanosecond()).ok()
    }

    /// Whether this is Go's zero time, the start of the year 1.
    pub(crate) fn is_zero(&self) -> bool {
        self.seconds == *RANGE.start() && self.nanos == 0
    }

    /// Local date and time at an offset in seconds.
    pub(crate) fn on_clock(&self, ahead: i64) -> Clock {
        const DAY: i64 = 86_400;
        let local = self.seconds.saturating_add(ahead);
        let (days, of_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        // Years begin in March, so that a leap day ends its year. An era has 400 years.
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

    /// The offset of a time zone. For the last hours of the year 9999, the offset shortly before.
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
