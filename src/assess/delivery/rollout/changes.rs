//! Changes of template: which ones begin a rollout, replace one that is open, or end it because the
//! template returned.

use crate::api::Instant;
use crate::api::condition::stored;
use crate::api::delivery_record::{
    DeliveryRecordStatus, Mark, OpenRollout, RolloutCause, RolloutState, TemplateHashes,
    UntrackedReason,
};
use crate::assess::delivery::cause::{Change, classify};
use crate::assess::delivery::entries::{add_untracked, edit, find, is_open, open_failure};
use crate::assess::delivery::seen::{Deadline, Readiness, Seen};
use crate::assess::delivery::template::{add_revision, earlier, runs_as};
use crate::assess::delivery::terms::Terms;

use super::closing;

/// The rollout that a rollback repairs, if it ran before the record.
const BEFORE_THE_RECORD: u32 = 0;

/// Starts a record from what is seen. A new workload is followed to its first availability; any other
/// template counts as available.
pub(super) fn begin(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms, now: Instant) {
    let first_available = was_first_available(seen);
    let is_new = first_available.is_none() && is_new(seen, terms, now);
    let mut revisions = Vec::new();
    let current = Some(&seen.template).filter(|_| !is_new);
    for template in seen.earlier.iter().chain(current) {
        add_revision(&mut revisions, template, false);
    }
    next.mark = Some(Mark {
        uid: seen.uid.clone(),
        created_at: seen.created.map(stored),
        generation: seen.generation,
        revision: seen.revision,
        changes: None,
        at: now,
        template: seen.template.clone(),
        available: (!is_new).then(|| seen.template.clone()),
        rollout: None,
        failing: None,
        commit_time: seen.commit_time.at().map(stored).filter(|_| !is_new),
        revisions,
    });
    if is_new {
        let started = seen.created.map_or(now, stored);
        next.open = Some(open(None, started, next.standing.clone(), seen));
    } else if let Some(at) = first_available {
        closing::first_deploy(next, seen, at);
    }
}

/// When the first revision of a `Deployment` became available: its condition still states it.
fn was_first_available(seen: &Seen) -> Option<Instant> {
    let Readiness::Pods(pods) = &seen.readiness else {
        return None;
    };
    let condition = pods.progressing.as_ref()?;
    let is_first = seen.revision == Some(1) && pods.available > 0 && seen.is_observed;
    let at = condition
        .updated
        .filter(|_| condition.reason == "NewReplicaSetAvailable")?;
    is_first.then(|| stored(at))
}

/// Whether the workload was never available. A `Deployment` states it; other kinds are new if young.
fn is_new(seen: &Seen, terms: &Terms, now: Instant) -> bool {
    let is_young = seen
        .created
        .is_some_and(|at| now.0 < terms.new_within.after(at));
    let is_first = seen.earlier.is_empty() && seen.revision.is_none_or(|number| number <= 1);
    let states_it = match &seen.readiness {
        Readiness::Pods(pods) => match &pods.progressing {
            Some(condition) => condition.reason != "NewReplicaSetAvailable",
            None => pods.deadline == Deadline::Watched,
        },
        Readiness::Jobs(_) | Readiness::Reported(_) => false,
    };
    is_first && (is_young || states_it)
}

fn open(
    cause: Option<RolloutCause>,
    started: Instant,
    standing: Option<String>,
    seen: &Seen,
) -> OpenRollout {
    OpenRollout {
        cause,
        started_at: started,
        runs_from: None,
        idle: false,
        commit_time: None,
        oldest_commit_time: None,
        standing,
        rework_of: None,
        replaces: false,
        waited: false,
        seen_in_progress: false,
        incidents_arrive: closing::has_earlier_incident(seen, started),
        progress: None,
    }
}

/// Takes the template that is seen. Edits of a paused workload wait until it resumes.
pub(super) fn take(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms, now: Instant) {
    let Some(mark) = &mut next.mark else {
        return;
    };
    let is_same_object = mark.uid == seen.uid;
    if is_same_object && seen.is_paused {
        return;
    }
    let is_same_generation = is_same_object && mark.generation == seen.generation;
    let is_same_revision = is_same_object
        && seen.is_revision_current
        && seen.is_observed
        && mark.changes.is_none()
        && mark.revision == seen.revision;
    mark.generation = seen.generation;
    if !is_same_object {
        mark.uid.clone_from(&seen.uid);
        mark.created_at = seen.created.map(stored);
        mark.revision = seen.revision;
        mark.changes = None;
    }
    let is_comparable = mark.template.version == seen.template.version;
    if is_same_generation || is_same_revision || !is_comparable {
        rehash(mark, seen);
    } else if mark.template != seen.template {
        mark.changes = Some(mark.changes.unwrap_or(0).saturating_add(1));
        change(next, seen, terms, now);
    }
    if !is_comparable {
        next.open = None;
        if !is_same_generation && !is_same_revision {
            add_untracked(next, 1, UntrackedReason::OtherHashes, now);
        }
    }
    recognise_reuse(next, seen, terms);
    settle_revision(next, seen, is_same_generation, now);
}

/// A release whose revision ran before is a rollback, to a revision that the record does not know. The
/// controller shows it only after it has seen the change.
fn recognise_reuse(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms) {
    let is_available = next
        .mark
        .as_ref()
        .is_some_and(|mark| mark.available.is_some());
    let release = next
        .open
        .as_ref()
        .filter(|open| open.cause == Some(RolloutCause::Release) && !open.replaces && is_available);
    let Some(started) = release
        .filter(|_| seen.is_reused)
        .map(|open| open.started_at)
    else {
        return;
    };
    let left = fail_left(next, started, terms);
    if let Some(open) = &mut next.open {
        open.cause = Some(RolloutCause::Rollback);
        open.rework_of = Some(left);
    }
}

/// Takes new hashes of the same template.
fn rehash(mark: &mut Mark, seen: &Seen) {
    if mark.template == seen.template {
        return;
    }
    let old = std::mem::replace(&mut mark.template, seen.template.clone());
    let is_comparable = old.version == seen.template.version;
    if !is_comparable {
        mark.revisions.clear();
    }
    if mark.available.as_ref() == Some(&old) || !is_comparable {
        mark.available = Some(seen.template.clone());
        let new = earlier(&seen.template, false);
        match mark.revisions.iter_mut().find(|known| runs_as(&old, known)) {
            Some(known) => *known = new,
            None => add_revision(&mut mark.revisions, &mark.template, false),
        }
    }
}

/// Compares the controller's count of revisions with the changes that were seen. The rest ran and was
/// replaced unseen: whether it became available is unknown.
fn settle_revision(
    next: &mut DeliveryRecordStatus,
    seen: &Seen,
    is_same_generation: bool,
    now: Instant,
) {
    let Some(mark) = &mut next.mark else {
        return;
    };
    if seen.ignores_revisions {
        // Those of this time must not count once they tell something again.
        mark.revision = None;
        mark.changes = None;
    }
    let (Some(current), true) = (seen.revision, seen.is_observed) else {
        return;
    };
    let before = mark.revision.replace(current);
    let changes = mark.changes;
    match before {
        Some(before) if current == before && !seen.is_revision_current => return,
        Some(_) | None => mark.changes = None,
    }
    let is_unexplained = !is_same_generation || changes.is_some();
    let switches = before.map_or(0, |before| current.saturating_sub(before));
    let switches = u32::try_from(switches.max(0)).unwrap_or(u32::MAX);
    let unseen = switches.saturating_sub(changes.unwrap_or(0));
    if !is_unexplained || unseen == 0 {
        return;
    }
    if mark.available.is_none() {
        // One of them may have been the first that was available.
        mark.available = Some(mark.template.clone());
        add_revision(&mut mark.revisions, &mark.template, false);
        next.open = None;
    }
    add_untracked(next, unseen, UntrackedReason::Replaced, now);
}

/// When the template changed: by the objects where they state it, else now.
fn started(mark: &Mark, seen: &Seen, now: Instant) -> Instant {
    let times = [seen.revision_created, seen.changed_at];
    let stated = times
        .into_iter()
        .flatten()
        .filter(|at| *at > mark.at.0 && *at <= now.0);
    stated.min().map_or(now, stored)
}

fn change(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms, now: Instant) {
    let Some(mark) = &mut next.mark else {
        return;
    };
    let started = started(mark, seen, now);
    if next.open.is_none() {
        forgive(mark, started, terms);
    }
    mark.at = started;
    let before = std::mem::replace(&mut mark.template, seen.template.clone());
    let failing = mark.failing.take();
    let Some(available) = mark.available.clone() else {
        return; // a new workload: only its first availability counts
    };
    let is_return = is_return(&available, &before, &seen.template);
    let replaced = next.open.take();
    // A paused workload has run none of its edits; they count from when it resumes.
    let was_paused = replaced.is_none() && next.state == Some(RolloutState::Waiting);
    let is_failure_open = open_failure(next, started.0, terms).is_some();
    let change = next
        .mark
        .as_ref()
        .map(|mark| classify(mark, &available, seen, is_failure_open));
    let cause = match change {
        Some(Change::Counted(cause)) => Some(cause),
        Some(Change::Again) | None => None,
    };
    let is_rollback = is_return || cause == Some(RolloutCause::Rollback);
    let left = match &replaced {
        Some(open) if is_rollback => leave(next, open, &before, seen, terms, started),
        Some(_) => None,
        None => failing
            .filter(|number| find(next, *number).is_some_and(|rollout| rollout.cause.is_change())),
    };
    let is_lost = left.is_none()
        && replaced
            .as_ref()
            .is_some_and(|it| it.cause.is_some() && (it.idle || !is_return));
    if seen.after_gap && is_lost {
        // It may have become available in the gap.
        add_untracked(next, 1, UntrackedReason::Replaced, now);
    }
    let standing = next.standing.clone();
    if is_return {
        next.open = left.map(|number| OpenRollout {
            rework_of: Some(number),
            ..open(Some(RolloutCause::Rollback), started, standing, seen)
        });
        return;
    }
    let rework_of = is_rollback.then(|| left.unwrap_or_else(|| fail_left(next, started, terms)));
    let standing = replaced
        .as_ref()
        .map_or(standing, |open| open.standing.clone());
    let known = replaced.map(|open| [open.oldest_commit_time, open.commit_time]);
    next.open = Some(OpenRollout {
        replaces: known.is_some(),
        idle: was_paused,
        oldest_commit_time: known.into_iter().flatten().flatten().min(),
        rework_of,
        ..open(cause, started, standing, seen)
    });
}

/// A failed revision that was available for longer than the failure window is a good one: a return to it
/// is a rollback.
fn forgive(mark: &mut Mark, started: Instant, terms: &Terms) {
    let Some(available) = mark.available.as_ref().filter(|it| **it == mark.template) else {
        return;
    };
    if started.0 > terms.failure_window.after(mark.at.0) {
        for known in mark
            .revisions
            .iter_mut()
            .filter(|it| runs_as(available, it))
        {
            known.failed = false;
        }
    }
}

/// Whether a template is the available one again, or its release and configuration again.
fn is_return(available: &TemplateHashes, before: &TemplateHashes, target: &TemplateHashes) -> bool {
    let content = earlier(available, false);
    available == target || runs_as(target, &content) && !runs_as(before, &content)
}

/// Leaves an open rollout for the template that is still available. A change that was reverted after a
/// while has failed; one that a controller reverts at once, or that ran nowhere, has not.
fn leave(
    next: &mut DeliveryRecordStatus,
    open: &OpenRollout,
    before: &TemplateHashes,
    seen: &Seen,
    terms: &Terms,
    started: Instant,
) -> Option<u32> {
    let is_change = open.cause.is_some_and(RolloutCause::is_change);
    let ran_from = open.runs_from.unwrap_or(open.started_at);
    let is_reverted = started.0 >= terms.reverted_within.after(ran_from.0);
    if !is_change || !is_reverted || open.idle {
        return None;
    }
    closing::undone(next, open, before, seen, started)
}

/// Marks the revision that a rollback leaves as failed, if it is young. Returns its number. A rollout that
/// failed before it was available is the one that is left, not the one before it.
fn fail_left(next: &mut DeliveryRecordStatus, started: Instant, terms: &Terms) -> u32 {
    let open = open_failure(next, started.0, terms);
    let never_available = open
        .filter(|number| find(next, *number).is_some_and(|rollout| rollout.available_at.is_none()));
    if let Some(number) = never_available {
        return number;
    }
    let last = next.mark.as_ref().and_then(|mark| mark.rollout);
    let left = last.and_then(|last| {
        let up_to = next.rollouts.iter().filter(|it| it.number <= last);
        up_to.rev().find(|it| match it.cause {
            RolloutCause::Release | RolloutCause::Config | RolloutCause::Rollback => true,
            RolloutCause::Platform | RolloutCause::Restart => false,
        })
    });
    let Some(left) = left.filter(|it| it.cause.is_change()) else {
        return open.unwrap_or(BEFORE_THE_RECORD);
    };
    let number = left.number;
    let is_young = left
        .available_at
        .is_some_and(|at| started.0 <= terms.failure_window.after(at.0));
    let is_failed = left.failed_at.is_some();
    let was_failing = is_open(next, left, started.0, terms);
    if is_young && !is_failed {
        edit(next, number, closing::fail_at_availability);
    }
    if is_young || was_failing {
        mark_available_failed(next);
    }
    open.filter(|_| find(next, number).is_none())
        .unwrap_or(number)
}

/// Marks the available revision, so that a return to it is not counted again.
fn mark_available_failed(next: &mut DeliveryRecordStatus) {
    let Some(mark) = &mut next.mark else {
        return;
    };
    let Some(available) = &mark.available else {
        return;
    };
    for known in &mut mark.revisions {
        known.failed |= runs_as(available, known);
    }
}
