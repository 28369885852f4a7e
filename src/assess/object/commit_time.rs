//! The commit time that `goldenpath.dev/commit-time` states: which times are accepted, and how one is
//! written. The operator and `goldenpath stamp` refuse the same times.

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
pub enum RefusedCommitTime {
    /// Not an instant.
    #[error("this is not a time: write RFC 3339, such as 2026-03-01T12:00:00Z")]
    Unreadable,
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
    pub fn new(at: Timestamp, now: Timestamp) -> Result<Self, RefusedCommitTime> {
        if at < EARLIEST {
            return Err(RefusedCommitTime::TooEarly);
        }
        if at.duration_since(now) > AHEAD {
            return Err(RefusedCommitTime::Future);
        }
        Ok(Self(Timestamp::from_second(at.as_second()).unwrap_or(at)))
    }

    /// Reads the value of the annotation.
    ///
    /// # Errors
    /// When it is not an instant, or an absurd one.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, RefusedCommitTime> {
        let at = text.trim().parse();
        Self::new(at.map_err(|_| RefusedCommitTime::Unreadable)?, now)
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
        let read = |text: &str| CommitTime::parse(text, now).map(|time| time.to_string());
        let written = |text: &str| Ok(text.to_owned());
        assert_eq!(
            read("2026-03-01T13:04:59.9+01:00"),
            written("2026-03-01T12:04:59Z")
        );
        assert_eq!(
            read(" 2005-01-01T00:00:00Z\n"),
            written("2005-01-01T00:00:00Z")
        );
        for (text, refused) in [
            ("2026-03-01T12:05:01Z", RefusedCommitTime::Future),
            ("9999-12-30T00:00:00Z", RefusedCommitTime::Future),
            ("2004-12-31T23:59:59Z", RefusedCommitTime::TooEarly),
            ("-000001-01-01T00:00:00Z", RefusedCommitTime::TooEarly),
            ("2026-03-01", RefusedCommitTime::Unreadable),
            ("1772366400", RefusedCommitTime::Unreadable),
            ("", RefusedCommitTime::Unreadable),
        ] {
            assert_eq!(read(text), Err(refused), "{text}");
        }
    }
}
