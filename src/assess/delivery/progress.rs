//! How far the current rollout is: whether it became available or failed, and when. Times come from the
//! objects where they state them, else from `now`. Nothing is recorded here.

use jiff::Timestamp;

use super::seen::{
    Deadline, Job, Jobs, Pods, Progressing, Readiness, Reported, ReportedState, Seen,
};
use super::template::{earlier, runs_as};
use super::terms::Terms;
use crate::api::Instant;
use crate::api::condition::stored;
use crate::api::delivery_record::Progress;

/// The rollout to follow.
#[derive(Clone, Copy)]
pub(super) struct Followed<'a> {
    pub started: Timestamp,
    /// Whether it waited at zero replicas: the times in its status are older than its availability.
    pub waited: bool,
    /// Whether the operator saw it in progress.
    pub seen_in_progress: bool,
    /// Whether events may have been missed since.
    pub after_gap: bool,
    /// Latest gain of replicas.
    pub progress: Option<&'a Progress>,
    /// Since when it has not waited.
    pub since: Timestamp,
}

/// A time as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Noticed {
    pub at: Instant,
    /// Whether `at` is only when the operator noticed it, after it had not watched.
    pub is_late: bool,
}

/// Whether a template runs, as far as its status tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Run {
    #[default]
    Unknown,
    /// It waits, and runs nowhere.
    NotYet,
    /// It runs or ran, since a time if one is stated.
    Begun(Option<Instant>),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    pub failed: Option<Noticed>,
    pub available: Option<Noticed>,
    pub run: Run,
    /// It waits for people, and no deadline runs.
    pub is_waiting: bool,
    /// It waits at zero replicas.
    pub is_idle: bool,
    /// More replicas are updated or available than before.
    pub gain: Option<u32>,
}

/// How far the rollout is at `now`.
pub(super) fn reached(seen: &Seen, rollout: Followed, terms: &Terms, now: Timestamp) -> Reached {
    match &seen.readiness {
        Readiness::Jobs(jobs) => by_jobs(jobs, seen, rollout),
        Readiness::Pods(pods) if seen.is_observed => by_pods(pods, seen, rollout, terms, now),
        Readiness::Reported(reported) if seen.is_observed => {
            by_words(reported, rollout, terms, now)
        }
        Readiness::Pods(_) | Readiness::Reported(_) => Reached::default(),
    }
}

/// The time a status states, unless it is older than the rollout or than the first replica.
fn stated(at: Option<Timestamp>, rollout: Followed) -> Option<Timestamp> {
    at.filter(|at| *at >= rollout.started && !rollout.waited)
}

/// The time that a status states, else now.
fn noticed(stated: Option<Timestamp>, rollout: Followed, terms: &Terms, now: Timestamp) -> Noticed {
    match stated {
        Some(at) => Noticed::exact(at),
        None => Noticed {
            is_late: !is_noticed_in_time(rollout, terms, now),
            ..Noticed::exact(now)
        },
    }
}

/// Whether the operator was there to notice what no status dates.
fn is_noticed_in_time(rollout: Followed, terms: &Terms, now: Timestamp) -> bool {
    let is_soon = now <= terms.deadline.after(rollout.started);
    if rollout.after_gap {
        // A start that no object states is the end of the gap.
        return is_soon && rollout.started < now;
    }
    rollout.seen_in_progress || is_soon
}

impl Noticed {
    fn exact(at: Timestamp) -> Self {
        Self {
            at: stored(at),
            is_late: false,
        }
    }
}

impl Pods {
    fn is_complete(&self) -> bool {
        self.desired > 0 && [self.updated, self.total, self.available] == [self.desired; 3]
    }

    /// Whether a partition or `OnDelete` holds the rest back.
    fn is_at_limit(&self) -> bool {
        self.limit.is_some_and(|limit| {
            self.updated >= limit && self.updated < self.desired && self.available >= self.desired
        })
    }
}

impl Progressing {
    fn is(&self, reason: &str) -> bool {
        self.reason == reason
    }
}

fn by_pods(pods: &Pods, seen: &Seen, rollout: Followed, terms: &Terms, now: Timestamp) -> Reached {
    let is_idle = pods.desired == 0;
    let exceeded = pods
        .progressing
        .as_ref()
        .filter(|condition| condition.is_false && condition.is("ProgressDeadlineExceeded"))
        .and_then(|condition| condition.transitioned)
        .filter(|at| *at >= rollout.started);
    let condition = pods.progressing.as_ref();
    let at = condition
        .filter(|it| it.is("NewReplicaSetAvailable"))
        .and_then(|it| it.updated);
    let stated = stated(at, rollout);
    // Pods may be lost before anything looks. A re-used `ReplicaSet` keeps the condition of the one before it.
    let was_complete = stated.is_some() && seen.is_revision_current && !seen.is_reused && !is_idle;
    if pods.is_complete() || was_complete {
        return Reached {
            failed: exceeded.map(Noticed::exact),
            available: Some(noticed(stated, rollout, terms, now)),
            run: Run::Begun(None),
            ..Reached::default()
        };
    }
    let has_begun = pods.updated > 0;
    if is_idle || seen.is_paused || pods.is_at_limit() {
        return Reached {
            run: if has_begun {
                Run::Begun(None)
            } else {
                Run::NotYet
            },
            is_waiting: true,
            is_idle,
            ..Reached::default()
        };
    }
    let (late, gain) = if has_own_deadline(pods) {
        let longest = terms.longest_rollout.after(rollout.since);
        ((now >= longest).then_some(longest), None)
    } else {
        by_timer(
            pods.updated.saturating_add(pods.available),
            rollout.progress,
            terms,
            now,
        )
    };
    Reached {
        failed: exceeded.or(late).map(Noticed::exact),
        run: if has_begun {
            Run::Begun(None)
        } else {
            Run::Unknown
        },
        gain,
        ..Reached::default()
    }
}

/// Whether the `Deployment` controller watches this rollout. It does not after it failed to create a
/// `ReplicaSet`, nor for a re-used one without pods.
fn has_own_deadline(pods: &Pods) -> bool {
    match pods.deadline {
        Deadline::Absent => false,
        Deadline::Disabled => true,
        Deadline::Watched => pods.progressing.as_ref().is_some_and(|condition| {
            !condition.is("NewReplicaSetAvailable") && !condition.is("ReplicaSetCreateError")
        }),
    }
}

fn by_timer(
    replicas: u32,
    progress: Option<&Progress>,
    terms: &Terms,
    now: Timestamp,
) -> (Option<Timestamp>, Option<u32>) {
    match progress {
        Some(latest) if replicas <= latest.replicas => {
            let deadline = terms.deadline.after(latest.at.0);
            ((now >= deadline).then_some(deadline), None)
        }
        Some(_) | None => (None, Some(replicas)),
    }
}

/// The first scheduled job of the current template decides. A job that people start does not count. After a
/// gap, the first one may have been deleted.
fn by_jobs(jobs: &Jobs, seen: &Seen, rollout: Followed) -> Reached {
    let content = earlier(&seen.template, false);
    let is_due = |at: &Timestamp| *at >= rollout.started;
    let own: Vec<&Job> = jobs
        .scheduled
        .iter()
        .filter(|job| {
            runs_as(&job.template, &content) && job.scheduled.as_ref().is_some_and(is_due)
        })
        .collect();
    let ends = |is_complete: bool, kept: u32| {
        let ended = own.iter().filter(|job| job.is_complete == is_complete);
        let ends: Vec<Timestamp> = ended.filter_map(|job| job.ended).collect();
        let is_full = u32::try_from(ends.len()).is_ok_and(|it| it >= kept);
        (ends.into_iter().min(), rollout.after_gap && is_full)
    };
    let last_successful = jobs.last_successful.filter(|at| {
        let scheduled = jobs.last_scheduled.filter(is_due);
        jobs.successful_kept == 0 && scheduled.is_some_and(|due| due <= *at)
    });
    let dated = |first: Option<Timestamp>, is_late: bool| {
        first.map(|at| Noticed {
            is_late,
            ..Noticed::exact(at)
        })
    };
    let (success, may_lack_success) = ends(true, jobs.successful_kept);
    let (failure, may_lack_failure) = ends(false, jobs.failed_kept);
    let available = dated(success.or(last_successful), may_lack_success);
    let failed = dated(failure, may_lack_failure);
    // Which of both came first is unknown where the first success is.
    let failed =
        failed.filter(|failed| available.is_none_or(|it| !it.is_late && failed.at < it.at));
    let first_due = own.iter().filter_map(|job| job.scheduled).min();
    let first_due = first_due.or(jobs.last_scheduled.filter(is_due));
    let stated = first_due.filter(|_| !may_lack_success && !may_lack_failure);
    Reached {
        failed,
        available,
        run: first_due.map_or(Run::NotYet, |_| Run::Begun(stated.map(stored))),
        is_waiting: jobs.is_suspended && available.is_none() && failed.is_none(),
        ..Reached::default()
    }
}

fn by_words(reported: &Reported, rollout: Followed, terms: &Terms, now: Timestamp) -> Reached {
    // Times have whole seconds: a statement of the same second may be about the template before.
    let is_stale =
        reported.may_be_stale && reported.since.is_none_or(|since| since <= rollout.started);
    if is_stale {
        return Reached::default();
    }
    let times = [reported.earlier_since, reported.since];
    let since = times.into_iter().filter_map(|at| stated(at, rollout)).min();
    let at = Some(noticed(since, rollout, terms, now));
    let reached = Reached {
        run: match reported.updated {
            Some(0) => Run::NotYet,
            Some(_) => Run::Begun(None),
            None => Run::Unknown,
        },
        ..Reached::default()
    };
    match reported.state {
        ReportedState::Progressing => reached,
        ReportedState::Waiting => Reached {
            is_waiting: true,
            ..reached
        },
        ReportedState::Failed => Reached {
            failed: at,
            run: Run::Begun(None),
            ..reached
        },
        ReportedState::Available => Reached {
            available: at,
            run: Run::Begun(None),
            ..reached
        },
    }
}
