//! Instants with the offset they were written in, which shows when they become text again.
//!
//! Seconds and nanoseconds of our own: the last day of the year 9999, which people write for
//! "never", lies beyond what `jiff::Timestamp` holds.

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};

/// First second of the year 1 and last of the year 9999, from the epoch: CEL's range.
const RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
const SECOND: i128 = 1_000_000_000;

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

    /// Date and time on the clock of an offset.
    pub(crate) fn on_clock(&self, offset: Offset) -> Option<DateTime> {
        let local = self.seconds + i64::from(offset.seconds());
        let nanos = i32::try_from(self.nanos).ok()?;
        let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
        epoch.checked_add(SignedDuration::new(local, nanos)).ok()
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
