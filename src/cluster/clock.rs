//! Time passing: every few seconds the inventory is told what time it is by the wall clock, so
//! that a review or an expiry takes effect when its instant comes, also after the machine slept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use super::context::Context;

/// How often the wall clock is looked at.
const EVERY: Duration = Duration::from_secs(5);
/// A difference between the clocks that is no jitter.
const JUMP: SignedDuration = SignedDuration::from_secs(5);

/// Lets time pass until the task is aborted.
pub async fn run(context: Arc<Context>) {
    let mut beat = interval(EVERY);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before: Option<(Instant, Timestamp)> = None;
    loop {
        beat.tick().await;
        let (now, wall) = (Instant::now(), Timestamp::now());
        if let Some((then, then_by_wall)) = before
            && let Some(jump) = jump(now - then, wall.duration_since(then_by_wall))
        {
            context.counters.clock_jumped();
            let seconds = jump.as_secs();
            warn!(
                seconds,
                "the wall clock jumped; every date is looked at again"
            );
        }
        before = Some((now, wall));
        context.gates.heard(&context.pulse.heard());
        let reread = context.inventory().tick(wall);
        context.ask(reread);
        context.changed.notify_one();
        context.counters.clock_ticked();
    }
}

/// By how much the wall clock moved other than by time passing.
fn jump(passed: Duration, by_wall: SignedDuration) -> Option<SignedDuration> {
    let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
    let difference = by_wall.saturating_sub(passed);
    (difference.abs() > JUMP).then_some(difference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_either_way_is_noticed_and_jitter_is_not() {
        let passed = Duration::from_secs(5);
        let seconds = SignedDuration::from_secs;
        assert_eq!(jump(passed, seconds(6)), None);
        assert_eq!(jump(passed, seconds(3_605)), Some(seconds(3_600)));
        assert_eq!(jump(passed, seconds(-3_595)), Some(seconds(-3_600)));
    }
}
