//! How long a channel is left alone after something went wrong: longer each time, as long as the
//! receiver asks, and never for ever.

use std::time::Duration;

use super::answer::LONGEST_WAIT;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(2);
/// After many.
const LONGEST: Duration = Duration::from_secs(300);

/// The pause after so many failures in a row, 1 or more. `asked` is what the receiver said.
pub fn after(failures: u32, asked: Option<Duration>) -> Duration {
    let doubled = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(LONGEST).max(asked.unwrap_or_default())
}

/// The pause after a refusal: until then somebody may have put right what is wrong.
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
