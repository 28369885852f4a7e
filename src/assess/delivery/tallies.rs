//! Counters and histograms of rollouts since the start of this process, by path, team and status. They
//! only grow, so that Prometheus can take rates of them; exact figures of 7, 30 and 90 days come from the
//! records instead. Fed with the status of a record before and after each write.
//!
//! **Invariant:** a rollout is counted once, when its first result is known: `available` or `failed`. One
//! that is available first and fails later is not counted again. Its failure is counted apart, so that
//! failures ÷ rollouts whose failure is visible is the change fail rate.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::side::Side;
use crate::api::delivery_record::{
    DeliveryRecordStatus, RefusedCommitTime, Rollout, RolloutCause, RolloutResult,
};

mod distribution;

#[cfg(test)]
mod tests;

pub use distribution::Distribution;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;

/// Bounds of `lead_time_seconds`: 5 minutes to 180 days.
pub const LEAD_TIME_SECONDS: &[f64] = &[
    5.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    4.0 * HOUR,
    8.0 * HOUR,
    12.0 * HOUR,
    DAY,
    2.0 * DAY,
    3.0 * DAY,
    5.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    21.0 * DAY,
    30.0 * DAY,
    60.0 * DAY,
    90.0 * DAY,
    180.0 * DAY,
];
/// Bounds of `failed_deployment_recovery_seconds`: 1 minute to 180 days.
pub const RECOVERY_SECONDS: &[f64] = &[
    MINUTE,
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    4.0 * HOUR,
    8.0 * HOUR,
    DAY,
    2.0 * DAY,
    3.0 * DAY,
    7.0 * DAY,
    30.0 * DAY,
    180.0 * DAY,
];
/// Bounds of `time_to_first_deploy_seconds`: 5 minutes to 90 days, with the target of 2 hours.
pub const FIRST_DEPLOY_SECONDS: &[f64] = &[
    5.0 * MINUTE,
    10.0 * MINUTE,
    15.0 * MINUTE,
    30.0 * MINUTE,
    HOUR,
    2.0 * HOUR,
    4.0 * HOUR,
    8.0 * HOUR,
    DAY,
    3.0 * DAY,
    7.0 * DAY,
    14.0 * DAY,
    30.0 * DAY,
    90.0 * DAY,
];

/// Label sets with counters of their own. Users choose team names, so their number is bounded.
const MOST_LABEL_SETS: usize = 10_000;
/// The team of all label sets beyond the bound.
const OTHER: &str = "other";

/// Labels of a record's counters, besides the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Labels<'a> {
    /// The path that judges the workload.
    pub path: &'a str,
    /// The workload's team.
    pub team: &'a str,
}

/// All labels of one set of counters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelSet {
    pub path: Arc<str>,
    pub team: Arc<str>,
    /// The status in force before the rollout.
    pub side: Side,
}

/// Counters and histograms of one label set.
#[derive(Clone, Debug, PartialEq)]
pub struct RolloutTally {
    /// By first result and cause, in the order of their `ALL`.
    rollouts: [[u64; RolloutCause::ALL.len()]; RolloutResult::ALL.len()],
    /// Refused commit times by reason, in the order of its `ALL`.
    refused: [u64; RefusedCommitTime::ALL.len()],
    /// Rollbacks, and releases and configuration changes while a failure was open.
    pub rework: u64,
    /// Releases and configuration changes whose failure would be visible.
    pub visible: u64,
    /// Those of `visible` that failed, at any time.
    pub failed: u64,
    /// From the commit to the availability of its rollout.
    pub lead_times: Distribution,
    /// From a failure to its end.
    pub recovery_times: Distribution,
    /// From the start of a service to its first availability.
    pub first_deploys: Distribution,
}

impl Default for RolloutTally {
    fn default() -> Self {
        Self {
            rollouts: Default::default(),
            refused: Default::default(),
            rework: 0,
            visible: 0,
            failed: 0,
            lead_times: Distribution::new(LEAD_TIME_SECONDS),
            recovery_times: Distribution::new(RECOVERY_SECONDS),
            first_deploys: Distribution::new(FIRST_DEPLOY_SECONDS),
        }
    }
}

impl RolloutTally {
    /// Rollouts by first result and cause, zeros included.
    pub fn rollouts(&self) -> impl Iterator<Item = (RolloutResult, RolloutCause, u64)> {
        RolloutResult::ALL
            .into_iter()
            .zip(self.rollouts)
            .flat_map(|(result, by_cause)| {
                RolloutCause::ALL
                    .into_iter()
                    .zip(by_cause)
                    .map(move |(cause, count)| (result, cause, count))
            })
    }

    /// Refused commit times by reason, zeros included.
    pub fn refused_commit_times(&self) -> impl Iterator<Item = (RefusedCommitTime, u64)> {
        RefusedCommitTime::ALL.into_iter().zip(self.refused)
    }

    fn count(&mut self, before: &Counted, after: &Counted) {
        if let (None, Some((result, cause))) = (before.first_result, after.first_result) {
            let at = RolloutResult::ALL.iter().position(|it| *it == result);
            let by_cause = at.and_then(|at| self.rollouts.get_mut(at));
            let at = RolloutCause::ALL.iter().position(|it| *it == cause);
            if let Some(count) = by_cause.zip(at).and_then(|(row, at)| row.get_mut(at)) {
                *count += 1;
            }
        }
        if let (None, Some(reason)) = (before.refused, after.refused) {
            let at = RefusedCommitTime::ALL.iter().position(|it| *it == reason);
            if let Some(count) = at.and_then(|at| self.refused.get_mut(at)) {
                *count += 1;
            }
        }
        self.rework += u64::from(after.is_rework && !before.is_rework);
        self.visible += u64::from(after.is_visible && !before.is_visible);
        self.failed += u64::from(after.is_failed && !before.is_failed);
        if let (None, Some(time)) = (before.lead_time, after.lead_time) {
            self.lead_times.observe(time);
        }
        if let (None, Some(time)) = (before.recovery_time, after.recovery_time) {
            self.recovery_times.observe(time);
        }
    }
}

/// The counted parts of one rollout. A rollout without a record has none.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    first_result: Option<(RolloutResult, RolloutCause)>,
    refused: Option<RefusedCommitTime>,
    is_rework: bool,
    is_visible: bool,
    is_failed: bool,
    lead_time: Option<u32>,
    recovery_time: Option<u32>,
}

impl Counted {
    fn of(rollout: &Rollout) -> Self {
        let is_change = rollout.cause.is_change();
        let is_visible = is_change && rollout.failure_visible;
        Self {
            first_result: Some((first_result(rollout), rollout.cause)),
            refused: rollout.commit_time_refused,
            is_rework: match rollout.cause {
                RolloutCause::Rollback => true,
                RolloutCause::Release | RolloutCause::Config => rollout.rework_of.is_some(),
                RolloutCause::Platform | RolloutCause::Restart => false,
            },
            is_visible,
            is_failed: is_visible && rollout.result == RolloutResult::Failed,
            lead_time: rollout.lead_time.filter(|_| is_change),
            recovery_time: rollout.recovery_time().filter(|_| is_change),
        }
    }
}

/// The result a rollout had first, read from its times: it does not depend on when the record was written.
fn first_result(rollout: &Rollout) -> RolloutResult {
    match (rollout.available_at, rollout.failed_at) {
        (Some(available), Some(failed)) if failed < available => RolloutResult::Failed,
        (Some(_), _) => RolloutResult::Available,
        (None, _) => rollout.result,
    }
}

/// Counters and histograms since the start of this process.
#[derive(Clone, Debug, Default)]
pub struct Tallies {
    by_labels: BTreeMap<LabelSet, RolloutTally>,
    /// Grows with every change.
    version: u64,
}

impl Tallies {
    /// Counts what one write adds to a record. `before` is the status that was stored, or the one that was
    /// carried over to a record that is new; none for a record without a past.
    pub fn count(
        &mut self,
        before: Option<&DeliveryRecordStatus>,
        after: &DeliveryRecordStatus,
        labels: Labels<'_>,
    ) {
        for rollout in &after.rollouts {
            let Some(known) = counted_before(before, rollout.number) else {
                continue;
            };
            let Some(side) = rollout.standing.as_deref().and_then(Side::of) else {
                continue;
            };
            self.of(labels, side).count(&known, &Counted::of(rollout));
        }
        if let (false, Some((time, side))) =
            (before.is_some_and(has_counted_first), first_deploy(after))
        {
            self.of(labels, side).first_deploys.observe(time);
        }
        self.version += 1;
    }

    /// Exports zeros for a label set before it counts, so that a rate includes its first rollout.
    pub fn expose(&mut self, labels: Labels<'_>, side: Side) {
        self.of(labels, side);
    }

    /// Every label set with its counters.
    pub fn iter(&self) -> impl Iterator<Item = (&LabelSet, &RolloutTally)> {
        self.by_labels.iter()
    }

    /// A number that grows with every change.
    pub const fn version(&self) -> u64 {
        self.version
    }

    fn of(&mut self, labels: Labels<'_>, side: Side) -> &mut RolloutTally {
        let mut key = LabelSet {
            path: labels.path.into(),
            team: labels.team.into(),
            side,
        };
        if self.by_labels.len() >= MOST_LABEL_SETS && !self.by_labels.contains_key(&key) {
            key.team = OTHER.into();
        }
        self.by_labels.entry(key).or_default()
    }
}

/// The time to first deploy and its side, once both are known.
fn first_deploy(status: &DeliveryRecordStatus) -> Option<(u32, Side)> {
    let first = status.first_deploy.as_ref()?;
    let side = first.standing.as_deref().and_then(Side::of);
    first.since_started.zip(side)
}

/// Whether the first deploy was counted with an earlier write. One without a status in a record that has a status
/// was recorded by a version that did not store it, and counted then.
fn has_counted_first(before: &DeliveryRecordStatus) -> bool {
    let first = before.first_deploy.as_ref();
    first.is_some_and(|first| first.standing.is_some() || before.standing.is_some())
}

/// The parts of a rollout that were counted before; none for one that has left the list.
fn counted_before(before: Option<&DeliveryRecordStatus>, number: u32) -> Option<Counted> {
    let Some(before) = before else {
        return Some(Counted::default());
    };
    let known = before.rollouts.iter().find(|it| it.number == number);
    match known {
        Some(rollout) => Some(Counted::of(rollout)),
        None => (number > before.recorded).then(Counted::default),
    }
}

/// The rollouts that a write makes available, a failed one that recovers included.
pub fn newly_available<'a, 'b>(
    before: Option<&'b DeliveryRecordStatus>,
    after: &'a DeliveryRecordStatus,
) -> impl Iterator<Item = &'a Rollout> + use<'a, 'b> {
    let was_available = move |number: u32| {
        let Some(before) = before else {
            return false;
        };
        let known = before.rollouts.iter().find(|it| it.number == number);
        known.map_or(number <= before.recorded, |it| it.available_at.is_some())
    };
    after
        .rollouts
        .iter()
        .filter(move |it| it.available_at.is_some() && !was_available(it.number))
}
