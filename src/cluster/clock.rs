//! Passes the wall clock's time to the inventory every few seconds, so that a review or an expiry
//! takes effect at its instant, also after the machine slept.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tracing::warn;

use super::context::Context;

/// Time between two ticks.
const EVERY: Duration = Duration::from_secs(5);
/// The smallest difference between the clocks that is a jump and not jitter.
const JUMP: SignedDuration = SignedDuration::from_secs(5);

/// Ticks until the task is aborted.
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
            warn!(seconds, "wall clock jumped; comparing every date again");
        }
        before = Some((now, wall));
        context.gates.received(&context.heartbeat.last_seen());
        context.settle().await;
        context.changed.notify_one();
        context.snapshots.report.tick();
        context.counters.clock_ticked();
    }
}

/// By how much the wall clock moved beyond the time that passed.
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
