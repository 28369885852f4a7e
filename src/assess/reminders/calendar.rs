//! When messages go out: at once, or at one time of the day in one time zone.

use std::iter;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// When messages go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// As soon as something is due.
    Immediate,
    /// Once a day.
    Daily(Daily),
}

/// A time of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daily {
    /// By the local clock.
    pub at: Time,
    /// The time zone.
    pub zone: TimeZone,
}

impl Mode {
    /// Whether an owner gets at most one message a day.
    pub const fn is_daily(&self) -> bool {
        match self {
            Self::Immediate => false,
            Self::Daily(_) => true,
        }
    }

    /// The latest time of sending that is not after `now`.
    pub fn latest(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Immediate => now,
            Self::Daily(daily) => daily.latest(now),
        }
    }

    /// The first time of sending after `now`; none where messages go out at once.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Immediate => None,
            Self::Daily(daily) => daily.next(now),
        }
    }
}

impl Daily {
    /// Where clocks are put forward over this time, the instant is as much later; where they are put back
    /// over it, the first of the two counts. At the limits of `Timestamp` it is `now` itself.
    fn latest(&self, now: Timestamp) -> Timestamp {
        let mut day = now.to_zoned(self.zone.clone()).date();
        // The day before may be needed, and in a zone that skipped a day the one before that.
        for _ in 0..3 {
            if let Some(at) = self.on(day).filter(|at| *at <= now) {
                return at;
            }
            let Ok(yesterday) = day.yesterday() else {
                return now;
            };
            day = yesterday;
        }
        now.saturating_sub(SignedDuration::from_hours(24))
            .unwrap_or(now)
    }

    /// Tries more days than tomorrow, because a zone may skip one.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        iter::successors(Some(today), |day| day.tomorrow().ok())
            .take(4)
            .filter_map(|day| self.on(day))
            .find(|at| *at > now)
    }

    fn on(&self, day: Date) -> Option<Timestamp> {
        let at = day.to_datetime(self.at).to_zoned(self.zone.clone());
        Some(at.ok()?.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::*;

    fn daily(zone: &str) -> Mode {
        Mode::Daily(Daily {
            at: time(9, 0, 0, 0),
            zone: TimeZone::get(zone).unwrap(),
        })
    }

    #[test]
    fn the_time_of_sending_is_that_of_the_wall() {
        for (zone, now, latest) in [
            ("UTC", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
            ("UTC", "2026-03-01T08:59:59Z", "2026-02-28T09:00:00Z"),
            (
                "Europe/Berlin",
                "2026-03-01T08:30:00Z",
                "2026-03-01T08:00:00Z",
            ),
            // Clocks went forward in the night.
            (
                "Europe/Berlin",
                "2026-03-29T07:00:00Z",
                "2026-03-29T07:00:00Z",
            ),
            (
                "Asia/Kolkata",
                "2026-03-01T03:29:59Z",
                "2026-02-28T03:30:00Z",
            ),
            // Samoa skipped this day when it crossed the date line.
            (
                "Pacific/Apia",
                "2011-12-30T12:00:00Z",
                "2011-12-29T19:00:00Z",
            ),
        ] {
            let now: Timestamp = now.parse().unwrap();
            assert_eq!(daily(zone).latest(now).to_string(), latest, "{zone} {now}");
        }
    }

    proptest! {
        #[test]
        fn the_latest_time_of_sending_is_past_and_recent(second in any::<i32>()) {
            let now = Timestamp::from_second(second.into()).unwrap();
            for zone in ["UTC", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"] {
                let latest = daily(zone).latest(now);
                prop_assert!(latest <= now);
                prop_assert!(now.duration_since(latest) <= SignedDuration::from_hours(49));
                prop_assert_eq!(daily(zone).latest(latest), latest);
            }
        }

        #[test]
        fn the_latest_time_of_sending_stays_until_the_next(second in any::<i32>(), share in 0..1_000_i32) {
            let now = Timestamp::from_second(second.into()).unwrap();
            for zone in ["UTC", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"] {
                let mode = daily(zone);
                let next = mode.next(now).unwrap();
                let left = next.duration_since(now);
                prop_assert!(left.is_positive() && left <= SignedDuration::from_hours(49));
                prop_assert_eq!(mode.latest(next), next);
                for then in [now + left * share / 1_000, next - SignedDuration::from_nanos(1)] {
                    prop_assert_eq!(mode.latest(then), mode.latest(now), "{} {}", zone, then);
                }
            }
        }
    }
}
