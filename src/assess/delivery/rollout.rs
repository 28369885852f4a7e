//! The state machine of rollouts: one observation in, the next status out. The same observation again,
//! or an older one, changes nothing, so that a restart and a change of leader count nothing twice.
//! **Invariant:** without a newer generation of the same object there is no rollout, whatever a stored
//! hash states: an upgrade of the API server adds and drops defaults.

mod changes;
mod closing;

use jiff::Timestamp;

use super::entries::find;
use super::figures;
use super::incident;
use super::progress::{Followed, Noticed, Reached, Run, reached};
use super::seen::Seen;
use super::terms::Terms;
use crate::api::Instant;
use crate::api::condition::stored;
use crate::api::delivery_record::{
    DeliveryRecordStatus, OpenRollout, Progress, RolloutResult, RolloutState,
};

/// The status after one observation at `now`. A status without a mark starts from what is seen: what ran
/// before is not counted.
///
/// Pass the status of a record that was deleted with its workload (see [`carried_over`]) when the
/// workload is created again soon after.
pub fn observe(
    status: &DeliveryRecordStatus,
    seen: &Seen,
    terms: &Terms,
    now: Timestamp,
) -> DeliveryRecordStatus {
    let now = stored(now);
    let mut next = status.clone();
    if is_stale(&next, seen) {
        return next;
    }
    next.workload = Some(seen.workload.clone());
    closing::count_first_deploy_under(status.standing.as_deref(), &mut next);
    if next.mark.is_none() {
        changes::begin(&mut next, seen, terms, now);
    } else {
        changes::take(&mut next, seen, terms, now);
    }
    let is_current = next
        .mark
        .as_ref()
        .is_some_and(|mark| mark.template == seen.template);
    if is_current {
        follow(&mut next, seen, terms, now);
    } else {
        next.state = Some(RolloutState::Waiting);
    }
    incident::link(&mut next, terms, is_current.then_some(now));
    if is_current && next.open.is_none() {
        let standing = seen.standing.map(|standing| standing.as_str().to_owned());
        next.standing = standing.or(next.standing);
        let standing = next.standing.clone();
        closing::count_first_deploy_under(standing.as_deref(), &mut next);
    }
    figures::refresh(&mut next, now.0);
    next
}

/// The status at a later instant, without an observation: days leave the windows of its figures.
pub fn refreshed(status: &DeliveryRecordStatus, now: Timestamp) -> DeliveryRecordStatus {
    let mut next = status.clone();
    figures::refresh(&mut next, now);
    next
}

/// What a record passes on to the record of the same workload created again. The caller holds it for a
/// few minutes and gives it to [`observe`] as the status.
pub fn carried_over(deleted: &DeliveryRecordStatus) -> DeliveryRecordStatus {
    DeliveryRecordStatus {
        observed_generation: None,
        conditions: Vec::new(),
        ..deleted.clone()
    }
}

/// Whether a status differs from the stored one in more than the generation it has seen. Scaling raises
/// the generation and is not worth a write.
pub fn is_worth_writing(stored: &DeliveryRecordStatus, next: &DeliveryRecordStatus) -> bool {
    let mut stored = stored.clone();
    if let (Some(mark), Some(seen)) = (&mut stored.mark, &next.mark) {
        mark.generation = seen.generation;
    }
    stored != *next
}

/// The next instant at which time alone changes the status: a deadline, or a day that leaves a window.
pub fn wake_at(status: &DeliveryRecordStatus, terms: &Terms, now: Timestamp) -> Option<Timestamp> {
    let times = [
        next_deadline(status, terms, now),
        figures::next_change(status, now),
    ];
    times.into_iter().flatten().min()
}

/// The next instant at which the open rollout may fail because of the time alone.
pub fn next_deadline(
    status: &DeliveryRecordStatus,
    terms: &Terms,
    now: Timestamp,
) -> Option<Timestamp> {
    let open = status.open.as_ref();
    let timer = open.and_then(|open| open.progress.as_ref());
    [
        timer.map(|latest| terms.deadline.after(latest.at.0)),
        open.map(|open| terms.longest_rollout.after(not_waiting_since(open))),
    ]
    .into_iter()
    .flatten()
    .filter(|at| *at > now)
    .min()
}

/// Whether an observation is older than the status: of an earlier generation, or of an object that was
/// replaced.
fn is_stale(status: &DeliveryRecordStatus, seen: &Seen) -> bool {
    status.mark.as_ref().is_some_and(|mark| {
        if mark.uid == seen.uid {
            seen.generation < mark.generation
        } else {
            let known = mark.created_at.map(|at| at.0);
            seen.created
                .is_some_and(|created| known.is_some_and(|known| created < known))
        }
    })
}

fn follow(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms, now: Instant) {
    if next.open.is_some() {
        follow_open(next, seen, terms, now);
    } else {
        follow_closed(next, seen, terms, now);
    }
}

fn follow_open(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms, now: Instant) {
    let known = next.mark.as_ref().and_then(|mark| mark.commit_time);
    let has_waited = next.state == Some(RolloutState::Waiting);
    let Some(open) = &mut next.open else {
        return;
    };
    if has_waited {
        // No clock runs while it waits. A later gain of replicas moves this time on.
        open.progress = None;
    }
    let reached = reached(
        seen,
        Followed {
            started: open.started_at.0,
            waited: open.waited,
            seen_in_progress: open.seen_in_progress,
            after_gap: seen.after_gap,
            progress: open.progress.as_ref(),
            since: if has_waited {
                now.0
            } else {
                not_waiting_since(open)
            },
        },
        terms,
        now.0,
    );
    let stamp = seen.commit_time.at().map(stored);
    open.commit_time = stamp.filter(|stamp| Some(*stamp) != known);
    run_from(open, reached.run, seen.after_gap, now);
    open.waited |= reached.is_idle;
    open.seen_in_progress |= reached.available.is_none();
    let gain = reached.gain.or(has_waited.then_some(0));
    if let Some(replicas) = gain.filter(|_| !reached.is_waiting) {
        open.progress = Some(Progress { replicas, at: now });
    }
    open.progress.take_if(|_| reached.is_waiting);
    next.state = Some(if reached.is_waiting {
        RolloutState::Waiting
    } else {
        RolloutState::Progressing
    });
    close(next, seen, terms, &reached, now);
}

/// Records from when the template runs. After a wait without replicas, that is the first look that shows a pod; one
/// that comes after a gap does not tell it.
fn run_from(open: &mut OpenRollout, run: Run, after_gap: bool, now: Instant) {
    match run {
        Run::NotYet if open.runs_from.is_none() => open.idle = true,
        Run::Begun(at) if open.runs_from.is_none() => {
            let noticed = Some(now).filter(|_| open.idle && !after_gap);
            let from = at.or(noticed).unwrap_or(open.started_at);
            open.runs_from = Some(from.max(open.started_at));
            open.idle = false;
        }
        Run::Unknown | Run::NotYet | Run::Begun(_) => (),
    }
}

/// Since when a rollout has not waited, as far as its record tells: at the latest since its last gain.
fn not_waiting_since(open: &OpenRollout) -> Timestamp {
    let gained = open.progress.as_ref().map(|latest| latest.at);
    gained
        .map_or(open.started_at, |at| at.max(open.started_at))
        .0
}

/// Closes the open rollout if it failed, became available, or both.
fn close(
    next: &mut DeliveryRecordStatus,
    seen: &Seen,
    terms: &Terms,
    reached: &Reached,
    now: Instant,
) {
    let available = reached.available;
    let mark = next.mark.as_ref();
    if mark.is_some_and(|mark| mark.available.is_none()) {
        if let Some(available) = available {
            closing::first_available(next, seen, &available);
            next.state = Some(RolloutState::Available);
        }
        return;
    }
    if let Some(failed) = &reached.failed {
        closing::failed(next, seen, terms, failed, now);
        next.state = Some(RolloutState::Failed);
        if let Some(available) = available {
            closing::recovered(next, seen, terms, &available);
            next.state = Some(RolloutState::Available);
        }
    } else if let Some(available) = available {
        closing::available(next, seen, terms, &available, now);
        next.state = Some(RolloutState::Available);
    }
}

/// Follows a template whose rollout is recorded: a failed one may still become available, and a
/// failure may be noticed late.
fn follow_closed(next: &mut DeliveryRecordStatus, seen: &Seen, terms: &Terms, now: Instant) {
    let Some(mark) = &next.mark else {
        return;
    };
    let is_available = mark.failing.is_none() && mark.available.as_ref() == Some(&mark.template);
    let number = mark.failing.or(mark.rollout.filter(|_| is_available));
    let rollout = number.and_then(|number| find(next, number)).cloned();
    let started = rollout
        .as_ref()
        .map_or(mark.at, |rollout| rollout.started_at)
        .0;
    let followed = Followed {
        started,
        waited: false,
        seen_in_progress: true,
        after_gap: seen.after_gap,
        progress: None,
        since: started,
    };
    let reached = reached(seen, followed, terms, now.0);
    let recovered = reached.available.filter(|_| !is_available);
    next.state = Some(if is_available || recovered.is_some() {
        RolloutState::Available
    } else {
        RolloutState::Failed
    });
    if let Some(available) = recovered {
        let failed = rollout.as_ref().and_then(|rollout| rollout.failed_at);
        let available = Noticed {
            at: available.at.max(failed.unwrap_or(available.at)),
            ..available
        };
        closing::recovered(next, seen, terms, &available);
    } else if let (Some(failed), Some(rollout)) = (&reached.failed, rollout)
        && let Some(available) = rollout
            .available_at
            .filter(|available| failed.at < *available)
        && rollout.result == RolloutResult::Available
    {
        closing::failed_before(next, rollout.number, failed, available);
    }
}
