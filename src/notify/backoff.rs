//! The pause before the next message to a channel after a failure: it grows with failures in a row,
//! is at least as long as the receiver asks for, and has a limit.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use super::response::LONGEST_WAIT;

const LONGEST: Duration = Duration::from_secs(300);
/// Doubles from the first failure on; the longest pause comes after the eighth.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_secs(2))
    .with_max_delay(LONGEST)
    .with_max_times(8);

/// The pause after so many failures in a row, 1 or more. `asked` is the receiver's `Retry-After`.
pub fn after(failures: usize, asked: Option<Duration>) -> Duration {
    let pause = BACKOFF.build().nth(failures.saturating_sub(1));
    pause.unwrap_or(LONGEST).max(asked.unwrap_or_default())
}

/// The pause after a refusal: long enough to correct the configuration.
pub const fn after_refusal() -> Duration {
    LONGEST_WAIT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_are_never_shorter_than_asked() {
        let seconds = |failures, asked: Option<u64>| {
            after(failures, asked.map(Duration::from_secs)).as_secs()
        };
        assert_eq!(seconds(1, None), 2);
        assert_eq!(seconds(2, None), 4);
        assert_eq!(seconds(7, None), 128);
        assert_eq!(seconds(50, None), 300);
        assert_eq!(seconds(1, Some(30)), 30);
        assert_eq!(seconds(50, Some(30)), 300);
    }
}
