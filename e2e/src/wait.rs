//! Waits for a condition: polls with growing pauses until it holds or a deadline passes. Must not
//! know the condition.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{Error, Result};

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Polls `probe` until it answers `Some`, for at most `deadline`.
///
/// # Panics
/// When the deadline passes first. Made for tests: `what` completes the
/// sentence "…: not within 10 s" at the caller's line.
#[track_caller]
pub fn eventually<T>(deadline: Duration, what: &str, probe: impl FnMut() -> Option<T>) -> T {
    match within(deadline, what, probe) {
        Ok(found) => found,
        Err(overdue) => panic!("{overdue}"),
    }
}

/// Polls `probe` until it answers `Some`; [`Error::Deadline`] when it never did.
pub fn within<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl FnMut() -> Option<T>,
) -> Result<T> {
    within_or_fail(deadline, what, || Ok(probe()))
}

/// As [`within`], for a probe that can also find that waiting is pointless.
pub fn within_or_fail<T>(
    deadline: Duration,
    what: &str,
    mut probe: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        let left = deadline.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(Error::Deadline {
                what: what.to_owned(),
                after: deadline,
            });
        }
        thread::sleep(pause.min(left));
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_runs_once_more_at_the_deadline() {
        let mut asked = 0;
        let outcome = within(Duration::from_millis(30), "never", || {
            asked += 1;
            None::<()>
        });
        assert!(matches!(outcome, Err(Error::Deadline { .. })));
        assert!(asked >= 2);
    }

    #[test]
    fn what_is_already_so_is_answered_without_waiting() {
        assert_eq!(eventually(Duration::ZERO, "is so", || Some("so")), "so");
    }

    #[test]
    #[should_panic(expected = "the moon is blue: not within 0 s")]
    fn a_passed_deadline_names_what_did_not_come() {
        eventually(Duration::ZERO, "the moon is blue", || None::<()>);
    }
}
