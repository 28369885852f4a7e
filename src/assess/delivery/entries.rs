//! The list of rollouts and the counts by day, which always agree: every edit of a rollout takes its
//! old numbers out of its days and puts the new ones in.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::terms::Terms;
use crate::api::Instant;
use crate::api::delivery_record::{
    DayCount, DeliveryCounts, DeliveryRecordStatus, MOST_DURATIONS, MOST_ROLLOUTS, Rollout,
    RolloutCause, RolloutFailure, RolloutResult, Untracked, UntrackedReason,
};
use crate::assess::state::Status;

/// Adds a rollout, under the next number, which it returns.
pub(super) fn push(status: &mut DeliveryRecordStatus, rollout: Rollout) -> u32 {
    status.recorded = status.recorded.saturating_add(1);
    let rollout = Rollout {
        number: status.recorded,
        ..rollout
    };
    count(&mut status.days, &rollout, true);
    status.rollouts.push(rollout);
    let surplus = status.rollouts.len().saturating_sub(MOST_ROLLOUTS);
    status.rollouts.drain(..surplus);
    status.recorded
}

/// Changes a rollout that is still listed.
pub(super) fn edit(
    status: &mut DeliveryRecordStatus,
    number: u32,
    change: impl FnOnce(&mut Rollout),
) {
    let Some(rollout) = status.rollouts.iter_mut().find(|it| it.number == number) else {
        return;
    };
    count(&mut status.days, rollout, false);
    change(rollout);
    count(&mut status.days, rollout, true);
}

/// A rollout that is still listed.
pub(super) fn find(status: &DeliveryRecordStatus, number: u32) -> Option<&Rollout> {
    status.rollouts.iter().find(|it| it.number == number)
}

/// Whether its failure is open at an instant. A rollback that never became available, or an incident
/// that is never resolved, leaves none open for ever.
pub(super) fn is_open(
    status: &DeliveryRecordStatus,
    rollout: &Rollout,
    at: Timestamp,
    terms: &Terms,
) -> bool {
    let Some(failed) = rollout.failed_at.filter(|_| rollout.recovered_at.is_none()) else {
        return false;
    };
    if has_ended_unrecorded(status, rollout, failed) {
        return false;
    }
    let end = match rollout.failure {
        Some(RolloutFailure::Undone) => terms
            .failure_window
            .after(terms.failure_window.after(failed.0)),
        Some(RolloutFailure::Incident) => terms.longest_incident.after(failed.0),
        Some(RolloutFailure::Deadline) | None => Timestamp::MAX,
    };
    rollout.cause.is_change() && failed.0 <= at && at < end
}

/// Whether an availability ended the failure and left no `recoveredAt`: earlier versions recorded none for what they
/// noticed late. This one always does.
pub(super) fn has_ended_unrecorded(
    status: &DeliveryRecordStatus,
    failure: &Rollout,
    failed: Instant,
) -> bool {
    let is_undone = failure.failure == Some(RolloutFailure::Undone);
    let is_deadline = failure.failure == Some(RolloutFailure::Deadline);
    let mut later = status.rollouts.iter().filter(|it| {
        let is_after = it.available_at.is_some_and(|available| available > failed);
        it.number > failure.number && is_after
    });
    // A restart before the rollback ends nothing.
    let ends =
        |it: &Rollout| !is_undone || it.cause.is_change() || it.cause == RolloutCause::Rollback;
    is_deadline && failure.available_at.is_some() || later.any(ends)
}

/// The latest change whose failure is open at an instant.
pub(super) fn open_failure(
    status: &DeliveryRecordStatus,
    at: Timestamp,
    terms: &Terms,
) -> Option<u32> {
    let mut latest_first = status.rollouts.iter().rev();
    latest_first
        .find(|it| is_open(status, it, at, terms))
        .map(|it| it.number)
}

/// Records rollouts that cannot be counted.
pub(super) fn add_untracked(
    status: &mut DeliveryRecordStatus,
    rollouts: u32,
    reason: UntrackedReason,
    now: Instant,
) {
    if rollouts == 0 {
        return;
    }
    let known = status
        .untracked
        .as_ref()
        .map_or(0, |untracked| untracked.rollouts);
    status.untracked = Some(Untracked {
        rollouts: known.saturating_add(rollouts),
        at: now,
        reason,
    });
    let standing = word(status.standing.as_deref());
    let day = entry(&mut status.days, now, standing);
    day.counts.untracked = day.counts.untracked.saturating_add(rollouts);
}

/// The status word of a rollout; `unknown` if none was known.
pub(super) fn word(standing: Option<&str>) -> String {
    standing.unwrap_or(Status::Unknown.as_str()).to_owned()
}

/// The day of an instant in UTC, such as `2026-03-01`.
pub(super) fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// When a rollout counts: at its availability or failure, whichever is first.
fn counted_at(rollout: &Rollout) -> Instant {
    let times = [rollout.available_at, rollout.failed_at];
    times
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(rollout.started_at)
}

/// Seconds from one instant to a later one.
pub(super) fn seconds(from: Timestamp, to: Timestamp) -> u32 {
    let seconds = to.as_second().saturating_sub(from.as_second());
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

fn count(days: &mut Vec<DayCount>, rollout: &Rollout, is_added: bool) {
    let standing = word(rollout.standing.as_deref());
    let is_change = rollout.cause.is_change();
    let is_failed = is_change && rollout.result == RolloutResult::Failed;
    let is_rollback = rollout.cause == RolloutCause::Rollback;
    let is_visible = is_change && rollout.failure_visible;
    let day = entry(days, counted_at(rollout), standing.clone());
    let counts = &mut day.counts;
    for (number, counts_it) in [
        (&mut counts.rollouts, is_change),
        (&mut counts.rollbacks, is_rollback),
        (&mut counts.others, !is_change && !is_rollback),
        (&mut counts.failed, is_failed),
        (&mut counts.visible, is_visible),
        (&mut counts.visible_failed, is_visible && is_failed),
        (
            &mut counts.rework,
            is_rollback || is_change && rollout.rework_of.is_some(),
        ),
        (&mut counts.refused, rollout.commit_time_refused.is_some()),
    ] {
        let by = u32::from(counts_it);
        *number = if is_added {
            number.saturating_add(by)
        } else {
            number.saturating_sub(by)
        };
    }
    if let Some(lead) = rollout.lead_time.filter(|_| is_change) {
        change(&mut day.lead_times, lead, is_added);
    }
    let recovery = rollout.recovery_time().filter(|_| is_change);
    if let (Some(recovered), Some(recovery)) = (rollout.recovered_at, recovery) {
        let day = entry(days, recovered, standing);
        change(&mut day.recovery_times, recovery, is_added);
    }
    days.retain(|day| {
        let is_empty = day.lead_times.is_empty() && day.recovery_times.is_empty();
        !is_empty || day.counts != DeliveryCounts::default()
    });
}

fn change(durations: &mut Vec<u32>, duration: u32, is_added: bool) {
    if is_added {
        if durations.len() < MOST_DURATIONS {
            durations.push(duration);
        }
    } else if let Some(at) = durations.iter().rposition(|known| *known == duration) {
        durations.remove(at);
    }
    durations.sort_unstable();
}

/// The count of a day and status, created in order if absent.
fn entry(days: &mut Vec<DayCount>, at: Instant, standing: String) -> &mut DayCount {
    let key = (day(at.0), standing);
    let known = days.binary_search_by(|it| (&it.day, &it.standing).cmp(&(&key.0, &key.1)));
    let at = match known {
        Ok(at) => at,
        Err(at) => {
            let (day, standing) = key;
            days.insert(
                at,
                DayCount {
                    day,
                    standing,
                    ..DayCount::default()
                },
            );
            at
        }
    };
    &mut days[at]
}
