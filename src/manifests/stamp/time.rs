//! The commit time that a stamp may have. The operator refuses more: a time that does not fit its
//! rollout.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

/// 2005-01-01T00:00:00Z: no version control that pipelines use is older than git.
const EARLIEST: Timestamp = Timestamp::constant(1_104_537_600, 0);
/// Clocks differ by this much at most.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// An accepted commit time, in whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CommitTime(Timestamp);

/// Why a time is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImplausibleTime {
    /// Before git existed.
    #[error("a commit time before 2005 is not accepted")]
    TooEarly,
    /// Ahead of the clock.
    #[error("a commit time more than 5 minutes in the future is not accepted")]
    Future,
}

impl CommitTime {
    /// Accepts an instant.
    ///
    /// # Errors
    /// When it is absurd at `now`.
    pub fn new(at: Timestamp, now: Timestamp) -> Result<Self, ImplausibleTime> {
        if at < EARLIEST {
            return Err(ImplausibleTime::TooEarly);
        }
        if at.duration_since(now) > AHEAD {
            return Err(ImplausibleTime::Future);
        }
        Ok(Self(Timestamp::from_second(at.as_second()).unwrap_or(at)))
    }

    /// The instant.
    pub const fn instant(self) -> Timestamp {
        self.0
    }
}

/// RFC 3339 in UTC.
impl fmt::Display for CommitTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_times_are_refused() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let read = |text: &str| CommitTime::new(text.parse().unwrap(), now);
        let written = |text: &str| read(text).map(|time| time.to_string());
        assert_eq!(
            written("2026-03-01T13:04:59.9+01:00"),
            Ok("2026-03-01T12:04:59Z".to_owned())
        );
        assert!(read("2005-01-01T00:00:00Z").is_ok());
        for (text, refused) in [
            ("2026-03-01T12:05:01Z", ImplausibleTime::Future),
            ("9999-12-30T00:00:00Z", ImplausibleTime::Future),
            ("2004-12-31T23:59:59Z", ImplausibleTime::TooEarly),
            ("-000001-01-01T00:00:00Z", ImplausibleTime::TooEarly),
        ] {
            assert_eq!(read(text), Err(refused), "{text}");
        }
    }
}
