//! Incidents, as alerting and incident tools report them. An incident is linked to the latest change of
//! the workload within a gap, which it marks as failed. Reports may arrive twice and in any order.

use jiff::Timestamp;

use super::entries::{edit, find};
use super::figures;
use super::progress::Noticed;
use super::terms::Terms;
use crate::api::Instant;
use crate::api::condition::stored;
use crate::api::delivery_record::{
    DeliveryRecordStatus, Incident, MOST_INCIDENTS, Rollout, RolloutCause, RolloutFailure,
    RolloutResult,
};

/// What one report states of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentReport {
    /// Identity at its source, such as an Alertmanager fingerprint and start.
    pub id: String,
    /// Start, if stated.
    pub started_at: Option<Timestamp>,
    /// End, if stated.
    pub resolved_at: Option<Timestamp>,
}

/// Longest identity that is stored.
pub(super) const LONGEST_ID: usize = 256;

/// The status after one report at `now`.
pub fn incident(
    status: &DeliveryRecordStatus,
    report: &IncidentReport,
    terms: &Terms,
    now: Timestamp,
) -> DeliveryRecordStatus {
    let mut next = status.clone();
    let within = |at: Option<Timestamp>| at.map(|at| stored(at.min(now)));
    let id: String = report.id.chars().take(LONGEST_ID).collect();
    let known = next.incidents.iter().position(|it| it.id == id);
    let at = known.unwrap_or_else(|| add(&mut next.incidents, id));
    if let Some(incident) = next.incidents.get_mut(at) {
        incident.started_at = earliest(incident.started_at, within(report.started_at));
        incident.resolved_at = earliest(incident.resolved_at, within(report.resolved_at));
    }
    link(&mut next, terms, None);
    figures::refresh(&mut next, now);
    next
}

/// Adds an incident; the oldest one that is resolved goes, else the oldest.
fn add(incidents: &mut Vec<Incident>, id: String) -> usize {
    if incidents.len() >= MOST_INCIDENTS {
        let resolved = incidents.iter().position(|it| it.resolved_at.is_some());
        incidents.remove(resolved.unwrap_or(0));
    }
    incidents.push(Incident {
        id,
        started_at: None,
        resolved_at: None,
        rollout: None,
    });
    incidents.len() - 1
}

fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    [a, b].into_iter().flatten().min()
}

/// Links incidents to rollouts, and marks these as failed and recovered. `seen_at` is the time of the look that the
/// status comes from; none if it may have changed since.
pub(super) fn link(next: &mut DeliveryRecordStatus, terms: &Terms, seen_at: Option<Instant>) {
    for at in 0..next.incidents.len() {
        let Some(started) = next.incidents[at].started_at else {
            continue;
        };
        let resolved = next.incidents[at].resolved_at.map(|end| end.max(started));
        let rollout = next.incidents[at].rollout.or_else(|| {
            latest(next, started, terms).filter(|_| !is_undecided(next, started, seen_at))
        });
        next.incidents[at].rollout = rollout;
        if let Some(number) = rollout {
            mark(next, number, started, resolved);
        }
    }
    mark_rework(next, terms);
}

/// Whether a change is in progress whose template may have run when the incident began: the incident is linked
/// once it ends.
fn is_undecided(status: &DeliveryRecordStatus, started: Instant, seen_at: Option<Instant>) -> bool {
    let open = status.open.as_ref();
    let change = open.filter(|it| it.cause.is_some_and(RolloutCause::is_change));
    change.is_some_and(|it| match it.runs_from {
        Some(from) => from <= started,
        None => it.started_at <= started && !(it.idle && seen_at.is_some_and(|at| started <= at)),
    })
}

/// The latest change whose template ran when the incident began, unless a rollback had replaced it. Its first
/// pods serve before it is available.
fn latest(status: &DeliveryRecordStatus, started: Instant, terms: &Terms) -> Option<u32> {
    let mut latest_first = status.rollouts.iter().rev();
    let latest = latest_first.find(|it| match it.cause {
        RolloutCause::Release | RolloutCause::Config => {
            runs_from(it) <= started && !is_withdrawn(it, started)
        }
        RolloutCause::Rollback => replaces_from(it).is_some_and(|at| at <= started),
        RolloutCause::Platform | RolloutCause::Restart => false,
    })?;
    let times = [latest.available_at, latest.failed_at];
    let ended = times.into_iter().flatten().min()?;
    let is_recent = started.0 <= terms.incident_gap.after(ended.0);
    (latest.cause.is_change() && is_recent).then_some(latest.number)
}

/// Whether its promoter had taken it back by then. A retry may have made it available since.
fn is_withdrawn(rollout: &Rollout, at: Instant) -> bool {
    let is_failed = rollout.failed_at.is_some_and(|failed| failed <= at);
    rollout.withdrawn && is_failed && rollout.available_at.is_none_or(|available| available > at)
}

fn runs_from(rollout: &Rollout) -> Instant {
    rollout.runs_from.unwrap_or(rollout.started_at)
}

/// Since when a rollback may have replaced the change before it. One that was noticed late became available at
/// any time since it began.
fn replaces_from(rollback: &Rollout) -> Option<Instant> {
    let available = rollback.available_at?;
    Some(if rollback.noticed_late {
        runs_from(rollback)
    } else {
        available
    })
}

fn mark(next: &mut DeliveryRecordStatus, number: u32, started: Instant, resolved: Option<Instant>) {
    let Some(rollout) = find(next, number) else {
        return;
    };
    let failed_at = match (rollout.failure, rollout.failed_at) {
        (Some(RolloutFailure::Deadline), _) => return,
        (Some(RolloutFailure::Incident), Some(known)) if known <= started => {
            if known != started {
                return; // an earlier incident marked it
            }
            known
        }
        (Some(RolloutFailure::Incident | RolloutFailure::Undone) | None, _) => started,
    };
    let end = end(next, rollout, failed_at, resolved);
    let marked = Rollout {
        result: RolloutResult::Failed,
        failure: Some(RolloutFailure::Incident),
        failed_at: Some(failed_at),
        recovered_at: end.map(|end| end.at),
        recovery_unknown: end.is_some_and(|end| end.is_late),
        ..rollout.clone()
    };
    if *rollout != marked {
        edit(next, number, |rollout| *rollout = marked);
    }
}

/// The end of an incident: its own, or the next availability. What was noticed late became available at any time
/// since its rollout began: an incident that had ended before that has a certain end.
fn end(
    status: &DeliveryRecordStatus,
    failed: &Rollout,
    failed_at: Instant,
    resolved: Option<Instant>,
) -> Option<Noticed> {
    let others = status
        .rollouts
        .iter()
        .filter(|it| it.number != failed.number);
    let next = others
        .filter_map(|it| it.available_at.map(|at| (at, it)))
        .filter(|(at, _)| *at > failed_at)
        .min_by_key(|(at, _)| *at);
    let Some((available, next)) = next else {
        let own = resolved.map(|at| Noticed { at, is_late: false });
        let ends = [own, unlisted_end(status, failed, failed_at)];
        return ends.into_iter().flatten().min_by_key(|end| end.at);
    };
    // A start that no object states is when it was noticed.
    let began = Some(runs_from(next)).filter(|start| *start < available);
    let ended_before = resolved.is_some_and(|end| began.is_some_and(|began| end <= began));
    Some(Noticed {
        at: resolved.map_or(available, |end| end.min(available)),
        is_late: next.noticed_late && !ended_before,
    })
}

/// An availability that is not in the list ended the failure, such as one of a failed revision that came again.
fn unlisted_end(
    status: &DeliveryRecordStatus,
    failed: &Rollout,
    failed_at: Instant,
) -> Option<Noticed> {
    let end = failed.recovered_at.filter(|at| *at > failed_at)?;
    let mut incidents = status.incidents.iter();
    let is_own = incidents.any(|it| it.resolved_at == Some(end));
    (!is_own).then_some(Noticed {
        at: end,
        is_late: failed.recovery_unknown,
    })
}

/// Marks the changes that began while an incident was open: a report may arrive after the fix, and another
/// one may move the start or the end.
fn mark_rework(next: &mut DeliveryRecordStatus, terms: &Terms) {
    let changes = next.rollouts.iter().filter(|it| it.cause.is_change());
    let moved: Vec<(u32, Option<u32>)> = changes
        .filter(|it| {
            let reworked = it.rework_of.and_then(|number| find(next, number));
            it.rework_of.is_none() || reworked.is_some_and(is_incident)
        })
        .map(|it| (it, incident_at(next, it, terms)))
        .filter(|(it, wanted)| it.rework_of != *wanted)
        .map(|(it, wanted)| (it.number, wanted))
        .collect();
    for (number, wanted) in moved {
        edit(next, number, |rollout| rollout.rework_of = wanted);
    }
}

/// The latest earlier change whose incident was open when this one began. Both are whole seconds: a fix that
/// ends the incident within its first second began while it was open.
fn incident_at(status: &DeliveryRecordStatus, change: &Rollout, terms: &Terms) -> Option<u32> {
    let earlier = status.rollouts.iter().rev();
    let mut earlier = earlier.filter(|it| it.number < change.number && is_incident(it));
    let open = earlier.find(|it| {
        it.failed_at.is_some_and(|start| {
            let longest = terms.longest_incident.after(start.0);
            let end = it.recovered_at.map_or(longest, |end| end.0.min(longest));
            (start.0..=end).contains(&change.started_at.0)
        })
    });
    open.map(|it| it.number)
}

fn is_incident(rollout: &Rollout) -> bool {
    rollout.failure == Some(RolloutFailure::Incident)
}
