//! Ends of rollouts: available, failed, recovered, undone. Each is recorded once, with the lead time of
//! its oldest commit and the recovery time of the failures it ends.

use crate::api::Instant;
use crate::api::condition::stored;
use crate::api::delivery_record::{
    DeliveryRecordStatus, FirstDeploy, FirstDeployClock, Mark, OpenRollout, RefusedCommitTime,
    Rollout, RolloutCause, RolloutFailure, RolloutResult, TemplateHashes,
};
use crate::assess::delivery::entries::{edit, is_open, open_failure, push, seconds};
use crate::assess::delivery::progress::Noticed;
use crate::assess::delivery::seen::{Seen, Stamp};
use crate::assess::delivery::template::add_revision;
use crate::assess::delivery::terms::Terms;

/// Records the first availability of a new workload. It is not a rollout. Without
/// its exact time, no first deploy is recorded.
pub(super) fn first_available(next: &mut DeliveryRecordStatus, seen: &Seen, available: &Noticed) {
    let at = available.at;
    next.open = None;
    if !available.is_late {
        first_deploy(next, seen, at);
    }
    if let Some(mark) = &mut next.mark {
        mark.at = at;
        make_available(mark, seen, false);
    }
}

/// Records the time to first deploy, by both clocks. [`count_first_deploy_under`] adds its status.
pub(super) fn first_deploy(next: &mut DeliveryRecordStatus, seen: &Seen, at: Instant) {
    let since = |start: Option<jiff::Timestamp>| {
        start
            .filter(|start| *start <= at.0)
            .map(|start| seconds(start, at.0))
    };
    let by_stamp = since(seen.started_at).map(|it| (it, FirstDeployClock::StartedAt));
    let by_namespace = since(
        seen.first_of_namespace
            .filter(|_| seen.started_at.is_none()),
    )
    .map(|it| (it, FirstDeployClock::Namespace));
    let started = by_stamp.or(by_namespace);
    next.first_deploy = Some(FirstDeploy {
        at,
        since_scaffolded: since(seen.scaffolded_at),
        since_started: started.map(|(since, _)| since),
        clock: started.map(|(_, clock)| clock),
        standing: None,
    });
}

/// Records the status of the first deploy: the one in force until the first rollout.
pub(super) fn count_first_deploy_under(standing: Option<&str>, next: &mut DeliveryRecordStatus) {
    let has_rolled_out = next.recorded > 0 || next.untracked.is_some();
    if let Some(first) = next.first_deploy.as_mut().filter(|_| !has_rolled_out)
        && first.standing.is_none()
    {
        first.standing = standing.map(str::to_owned);
    }
}

/// Makes the current template the available one.
fn make_available(mark: &mut Mark, seen: &Seen, failed: bool) {
    mark.available = Some(mark.template.clone());
    mark.failing = None;
    mark.commit_time = seen.commit_time.at().map(stored);
    add_revision(&mut mark.revisions, &mark.template, failed);
}

/// Records an open rollout as available, and the recovery from the failures it ends.
pub(super) fn available(
    next: &mut DeliveryRecordStatus,
    seen: &Seen,
    terms: &Terms,
    available: &Noticed,
    now: Instant,
) {
    let (Some(open), at) = (next.open.take(), available.at) else {
        return;
    };
    let failing = open_failure(next, open.started_at.0, terms);
    let failures = open_failures(next, at, terms);
    let number = open.cause.map(|cause| {
        let commit = commit_of(&open, cause, seen, terms, at, now);
        let lead_time = commit.time.filter(|_| !available.is_late);
        let rollout = Rollout {
            available_at: Some(at),
            noticed_late: available.is_late,
            commit_time: commit.time,
            commit_time_refused: commit.refused,
            lead_time: lead_time.map(|commit| seconds(commit.0, at.0)),
            rework_of: open.rework_of.or(failing.filter(|_| cause.is_change())),
            ..begun(&open, cause, seen)
        };
        let rollout = Rollout {
            revision: revision(next, seen),
            ..rollout
        };
        push(next, rollout)
    });
    if let Some(mark) = &mut next.mark {
        mark.at = at;
        mark.rollout = number;
        make_available(mark, seen, number.is_none());
    }
    end_failures(next, &failures, available);
}

/// A rollout without its end.
fn begun(open: &OpenRollout, cause: RolloutCause, seen: &Seen) -> Rollout {
    Rollout {
        number: 0,
        revision: None,
        cause,
        started_at: open.started_at,
        runs_from: open.runs_from.filter(|at| *at != open.started_at),
        available_at: None,
        noticed_late: false,
        withdrawn: false,
        result: RolloutResult::Available,
        failure: None,
        failed_at: None,
        recovered_at: None,
        recovery_unknown: false,
        failure_visible: is_failure_visible(open, seen),
        commit_time: None,
        commit_time_refused: None,
        lead_time: None,
        standing: open.standing.clone(),
        rework_of: open.rework_of,
    }
}

/// Whether a failure of the rollout would be seen. This must not depend on whether it failed, or the
/// change fail rate would be biased: only an incident older than the rollout counts. The rollout's own incidents
/// may push that one out of its record, so the answer at the start stays.
fn is_failure_visible(open: &OpenRollout, seen: &Seen) -> bool {
    let by_incidents = open.incidents_arrive || has_earlier_incident(seen, open.started_at);
    seen.shows_failure || by_incidents
}

/// Whether the namespace has an incident that is older than a rollout.
pub(super) fn has_earlier_incident(seen: &Seen, started: Instant) -> bool {
    seen.incidents_since.is_some_and(|since| since < started.0)
}

/// The controller's number of the current revision, once it has counted it.
fn revision(next: &DeliveryRecordStatus, seen: &Seen) -> Option<i64> {
    let is_counted = next
        .mark
        .as_ref()
        .is_some_and(|mark| mark.changes.is_none());
    seen.revision.filter(|_| is_counted)
}

/// The rollouts whose failure an availability ends. They are found before it is recorded.
fn open_failures(status: &DeliveryRecordStatus, at: Instant, terms: &Terms) -> Vec<u32> {
    let open = status.rollouts.iter();
    let open = open.filter(|it| is_open(status, it, at.0, terms));
    open.map(|it| it.number).collect()
}

fn end_failures(next: &mut DeliveryRecordStatus, failures: &[u32], available: &Noticed) {
    for number in failures {
        edit(next, *number, |rollout| end_failure(rollout, available));
    }
}

fn end_failure(rollout: &mut Rollout, available: &Noticed) {
    if rollout.recovered_at.is_none() {
        rollout.recovered_at = Some(available.at);
        rollout.recovery_unknown |= available.is_late;
    }
}

/// Records an open rollout as failed by its deadline.
pub(super) fn failed(
    next: &mut DeliveryRecordStatus,
    seen: &Seen,
    terms: &Terms,
    failed: &Noticed,
    now: Instant,
) {
    let (Some(open), at) = (next.open.take(), failed.at) else {
        return;
    };
    // A restart or a rollback that fails leaves its release as good or bad as it was.
    let is_new = open.cause.is_none_or(RolloutCause::is_change);
    if let Some(mark) = &mut next.mark {
        mark.at = at;
        if is_new {
            add_revision(&mut mark.revisions, &mark.template, true);
        }
    }
    if let Some(cause) = open.cause {
        let failing = open_failure(next, open.started_at.0, terms);
        let commit = commit_of(&open, cause, seen, terms, at, now);
        let rollout = Rollout {
            revision: revision(next, seen),
            result: RolloutResult::Failed,
            failure: Some(RolloutFailure::Deadline),
            failed_at: Some(at),
            recovery_unknown: failed.is_late,
            withdrawn: seen.is_withdrawn(),
            commit_time: commit.time,
            commit_time_refused: commit.refused,
            rework_of: open.rework_of.or(failing.filter(|_| cause.is_change())),
            ..begun(&open, cause, seen)
        };
        let number = push(next, rollout);
        if let Some(mark) = &mut next.mark {
            mark.failing = Some(number);
        }
    }
}

/// Records that the rollout that failed last became available after all.
pub(super) fn recovered(
    next: &mut DeliveryRecordStatus,
    seen: &Seen,
    terms: &Terms,
    available: &Noticed,
) {
    let at = available.at;
    let failures = open_failures(next, at, terms);
    let Some(mark) = &mut next.mark else {
        return;
    };
    let failing = mark.failing;
    mark.at = at;
    mark.rollout = failing;
    make_available(mark, seen, failing.is_none());
    if let Some(number) = failing {
        edit(next, number, |rollout| {
            rollout.available_at = Some(at);
            rollout.noticed_late = available.is_late;
            end_failure(rollout, available);
            let commit = rollout.commit_time.filter(|_| !available.is_late);
            rollout.lead_time = commit.map(|commit| seconds(commit.0, at.0));
        });
    }
    end_failures(next, &failures, available);
}

/// Records that a rollout exceeded its deadline before it became available.
pub(super) fn failed_before(
    next: &mut DeliveryRecordStatus,
    number: u32,
    failed: &Noticed,
    available: Instant,
) {
    edit(next, number, |rollout| {
        rollout.result = RolloutResult::Failed;
        rollout.failure = Some(RolloutFailure::Deadline);
        rollout.failed_at = Some(failed.at);
        rollout.recovered_at = Some(available);
        rollout.recovery_unknown = failed.is_late || rollout.noticed_late;
    });
}

/// Marks a rollout that a rollback leaves: the failure began when it became available, at a time that an outage
/// of the operator may have hidden.
pub(super) fn fail_at_availability(rollout: &mut Rollout) {
    rollout.result = RolloutResult::Failed;
    rollout.failure = Some(RolloutFailure::Undone);
    rollout.failed_at = rollout.available_at;
    rollout.recovery_unknown = rollout.noticed_late;
}

/// Records a rollout that was undone before it was available. Its failure began when it ran.
pub(super) fn undone(
    next: &mut DeliveryRecordStatus,
    open: &OpenRollout,
    template: &TemplateHashes,
    seen: &Seen,
    at: Instant,
) -> Option<u32> {
    let cause = open.cause?;
    if let Some(mark) = &mut next.mark {
        mark.at = at;
        add_revision(&mut mark.revisions, template, true);
    }
    let rollout = Rollout {
        result: RolloutResult::Failed,
        failure: Some(RolloutFailure::Undone),
        failed_at: Some(open.runs_from.unwrap_or(open.started_at)),
        ..begun(open, cause, seen)
    };
    Some(push(next, rollout))
}

/// The commit time of a rollout.
struct CommitTime {
    time: Option<Instant>,
    refused: Option<RefusedCommitTime>,
}

/// The oldest commit of a change, if it is plausible at the end of the rollout.
fn commit_of(
    open: &OpenRollout,
    cause: RolloutCause,
    seen: &Seen,
    terms: &Terms,
    end: Instant,
    now: Instant,
) -> CommitTime {
    let none = CommitTime {
        time: None,
        refused: None,
    };
    if !cause.is_change() {
        return none;
    }
    if seen.commit_time == Stamp::Unreadable {
        return CommitTime {
            refused: Some(RefusedCommitTime::Unreadable),
            ..none
        };
    }
    let times = [open.oldest_commit_time, open.commit_time];
    let Some(oldest) = times.into_iter().flatten().min() else {
        return none;
    };
    let refused = if oldest.0 > terms.clock_skew.after(now.0) {
        Some(RefusedCommitTime::Future)
    } else if oldest > end {
        Some(RefusedCommitTime::Negative)
    } else if oldest.0 < terms.longest_lead_time.before(end.0) {
        Some(RefusedCommitTime::Absurd)
    } else {
        None
    };
    CommitTime {
        time: Some(oldest).filter(|_| refused.is_none()),
        refused,
    }
}
