//! When reminders are planned again: after a change, when the last plan asked for it, and once in a
//! while in case a change was missed. It holds what the last plan was made from and reads no clock.

use jiff::Timestamp;

use super::PlanContext;
use crate::api::Period;

/// The longest time between two plans, in case a change was missed.
const SAFETY_NET: Period = Period::seconds(600);

/// Decides whether to plan again. The default asks for a plan.
#[derive(Clone, Debug, Default)]
pub struct PlanTrigger {
    last: Option<LastPlan>,
}

#[derive(Clone, Debug)]
struct LastPlan {
    version: u64,
    ctx: PlanContext,
    wake_at: Option<Timestamp>,
}

impl PlanTrigger {
    /// Whether to plan now. `version` is the inventory's.
    pub fn is_due(&self, version: u64, ctx: PlanContext) -> bool {
        let is_old = |last: &LastPlan| SAFETY_NET.after(last.ctx.now) <= ctx.now;
        self.may_differ(version, ctx) || self.last.as_ref().is_some_and(is_old)
    }

    /// Whether a plan may differ from the last one.
    pub(super) fn may_differ(&self, version: u64, ctx: PlanContext) -> bool {
        let Some(last) = &self.last else {
            return true;
        };
        let clock_went_back = ctx.now < last.ctx.now;
        clock_went_back
            || version != last.version
            || ctx.dry_run != last.ctx.dry_run
            || last.wake_at.is_some_and(|at| at <= ctx.now)
    }

    /// Records what a plan was made from, and its `wake_at`.
    pub fn planned(&mut self, version: u64, ctx: PlanContext, wake_at: Option<Timestamp>) {
        self.last = Some(LastPlan {
            version,
            ctx,
            wake_at,
        });
    }

    /// Asks for a plan whatever the facts: something was sent, could not be sent, or another replica
    /// may have sent it.
    pub fn reset(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn at(second: i64, dry_run: bool) -> PlanContext {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        PlanContext { now, dry_run }
    }

    #[test]
    fn a_plan_is_due_after_a_change_at_its_instant_and_once_in_a_while() {
        let mut trigger = PlanTrigger::default();
        assert!(trigger.is_due(7, at(0, false)), "nothing was planned yet");
        trigger.planned(7, at(0, false), Some(at(60, false).now));
        assert!(!trigger.is_due(7, at(0, false)));
        assert!(!trigger.is_due(7, at(59, false)));
        assert!(trigger.is_due(7, at(60, false)), "its instant");
        assert!(trigger.is_due(8, at(1, false)), "facts changed");
        assert!(trigger.is_due(7, at(1, true)), "a dry run began");
        assert!(trigger.is_due(7, at(-1, false)), "the clock went back");
        trigger.planned(7, at(0, false), None);
        assert!(!trigger.is_due(7, at(599, false)));
        assert!(trigger.is_due(7, at(600, false)), "the safety net");
        trigger.reset();
        assert!(trigger.is_due(7, at(0, false)));
    }
}
