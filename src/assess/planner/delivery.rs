//! Delivery records: which workloads to read again, and which statuses to store. The operator reads a
//! workload again when an event, its standing or a deadline puts its record behind; at rest, and after a
//! restart where record and workload agree, it reads none. `delivery` recognises rollouts; this room does not.
//! **Invariant:** a status is stored only over the version of the record that it was computed from.

mod incidents;
mod looks;
mod promoters;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod writes;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::{DeliveryRecordStatus, Period};
use crate::assess::delivery::promoter::PromoterKind;
use crate::assess::delivery::seen::Seen;
use crate::assess::delivery::{
    Fingerprint, Terms, carried_over, has_other_standing, is_worth_writing, next_deadline,
    next_refresh,
};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::records::{PackedStatus, Record};
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::planner::pacing::Pacing;
use crate::assess::settings::DeliverySettings;
use crate::assess::state::Status;
use crate::assess::verdict::{AsOf, judge};

use promoters::Promoters;

pub use incidents::Reported;
pub use looks::{Found, Look};
pub use writes::{DeliveryPlan, RecordAct, RecordWrite, Recorded};

/// Workloads compared with their records at once, while the inventory is locked.
const COMPARED: usize = 500;
/// Events of replaced templates that wait for one look.
const MOST_REPLACED: usize = 8;
/// How long the record of a deleted workload is known for the next one of the same name.
const CARRIED_FOR: Period = Period::seconds(600);
/// Figures of all records change at midnight. Each is stored at its own time within this period.
const REFRESHED_WITHIN: u64 = 6 * 3_600;

/// Plans looks at workloads, and writes of delivery records.
#[derive(Debug, Default)]
pub struct DeliveryPlanner {
    terms: Terms,
    /// Whether incidents are received.
    has_incidents: bool,
    tracked: HashMap<WorkloadId, Tracked>,
    /// Workloads to look at.
    due: BTreeSet<WorkloadId>,
    /// Workloads to look at once their promoters are listed.
    parked: BTreeSet<WorkloadId>,
    /// Workloads whose status is not stored yet.
    unwritten: BTreeSet<WorkloadId>,
    /// Workloads after a look that are not at rest yet.
    settling: BTreeSet<WorkloadId>,
    timers: BTreeSet<(Timestamp, WorkloadId)>,
    promoters: Promoters,
    /// Records that went with their workloads.
    carried: HashMap<WorkloadId, Carried>,
    has_records: bool,
    version: u64,
}

/// What is known of one workload beside its record.
#[derive(Debug, Default)]
struct Tracked {
    /// What the watch showed last.
    seen: Option<Fingerprint>,
    /// Whether no event was missed since the record was last compared.
    is_followed: bool,
    timer: Option<Timestamp>,
    /// None at rest.
    busy: Option<Box<Busy>>,
}

/// State of a workload during a look, or until its status is stored.
#[derive(Debug, Default)]
struct Busy {
    /// Whether a rollout is open, so that every event counts.
    is_open: bool,
    /// The latest event since the last look.
    latest: Option<Sighting>,
    /// Events whose template was replaced before a look, oldest first.
    replaced: Vec<Sighting>,
    is_looking: bool,
    not_before: Option<Timestamp>,
    working: Option<Working>,
    pacing: Pacing,
}

/// What an event showed, and when.
#[derive(Debug)]
struct Sighting {
    seen: Seen,
    at: Timestamp,
}

/// A status that is not stored yet.
#[derive(Debug)]
struct Working {
    status: DeliveryRecordStatus,
    /// Version of the record that it was computed from; none without a record.
    based_on: Option<u64>,
}

#[derive(Debug)]
struct Carried {
    status: PackedStatus,
    until: Timestamp,
}

impl DeliveryPlanner {
    /// Counts by these settings.
    pub fn configure(&mut self, settings: &DeliverySettings) {
        self.terms = Terms {
            failure_window: settings.failure_window,
            ..Terms::default()
        };
        self.has_incidents = settings.has_incidents;
        if settings.follows_canaries {
            self.await_promoters(PromoterKind::Canary);
        }
    }

    /// A counter of changes that only this planner sees.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Takes what an event shows of a workload. None if its rollouts are not counted.
    pub fn saw(&mut self, id: &WorkloadId, seen: Option<Seen>, now: Timestamp) {
        let Some(seen) = seen else {
            return self.forget(id);
        };
        let tracked = self.tracked.entry(id.clone()).or_default();
        let shown = Fingerprint::of(&seen);
        let known = tracked.seen.replace(shown);
        let has_changed = known.is_some_and(|known| !known.runs_like(&shown));
        let is_open = tracked
            .busy
            .as_ref()
            .is_some_and(|busy| busy.is_open || busy.latest.is_some());
        if !has_changed && !is_open {
            return;
        }
        let busy = tracked.busy.get_or_insert_default();
        let replaced = busy.latest.replace(Sighting { seen, at: now });
        if has_changed && busy.replaced.len() < MOST_REPLACED {
            busy.replaced.extend(replaced);
        }
    }

    /// Forgets a workload that is gone.
    pub fn forget(&mut self, id: &WorkloadId) {
        self.due.remove(id);
        self.parked.remove(id);
        self.unwritten.remove(id);
        let timer = self.tracked.remove(id).and_then(|tracked| tracked.timer);
        if let Some(at) = timer {
            self.timers.remove(&(at, id.clone()));
        }
    }

    /// Events of this kind may be missed from now on, until it is listed again.
    pub fn lost_events(&mut self, kind: &WatchedKind) {
        let of_kind = |(id, _): &(&WorkloadId, &mut Tracked)| *id.kind == *kind;
        for (_, tracked) in self.tracked.iter_mut().filter(of_kind) {
            tracked.is_followed = false;
        }
    }

    /// Every record is known from now on.
    pub fn records_are_listed(&mut self) {
        self.has_records = true;
    }

    /// A record was removed. The workload may be created again.
    pub fn record_removed(&mut self, id: WorkloadId, record: &Record, now: Timestamp) {
        self.carried.retain(|_, carried| carried.until > now);
        if let Some(status) = record.written() {
            let carried = Carried {
                status: PackedStatus::of(&carried_over(&status)),
                until: CARRIED_FOR.after(now),
            };
            self.carried.insert(id, carried);
        }
    }

    /// A record is stored. It covers the events that it records, whichever replica wrote it: they need no look.
    pub fn stored(&mut self, id: &WorkloadId, status: &DeliveryRecordStatus, now: Timestamp) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        if let Some(busy) = &mut tracked.busy {
            // The answer to the write may never come.
            busy.working.take_if(|working| working.status == *status);
        }
        let is_recorded = tracked
            .seen
            .is_some_and(|shown| !shown.is_ahead_of(status, false));
        if let Some(busy) = tracked.busy.as_mut().filter(|_| is_recorded) {
            busy.latest = None;
            busy.replaced.clear();
            tracked.rest(now);
        }
    }

    /// Starts anew: another replica has written records meanwhile. What events showed since the last record
    /// stays, so that nothing is lost between two leaders. A workload is followed on, unless what was seen of it
    /// went into a status that was never stored.
    pub fn reset(&mut self) {
        self.due.clear();
        self.parked.clear();
        self.unwritten.clear();
        self.timers.clear();
        for tracked in self.tracked.values_mut() {
            let busy = tracked.busy.take();
            let is_lost = busy.as_ref().is_some_and(|busy| busy.working.is_some());
            let busy = busy.filter(|busy| busy.latest.is_some());
            *tracked = Tracked {
                seen: tracked.seen,
                is_followed: tracked.is_followed && !is_lost,
                busy: busy.map(|busy| {
                    Box::new(Busy {
                        latest: busy.latest,
                        replaced: busy.replaced,
                        ..Busy::default()
                    })
                }),
                ..Tracked::default()
            };
        }
    }

    /// Compares some workloads that changed with their records. Returns whether more wait.
    pub fn compare(&mut self, facts: &mut Inventory, now: Timestamp) -> bool {
        if !self.has_records {
            return false;
        }
        let changed = facts.take_deliveries(COMPARED);
        let has_more = changed.len() == COMPARED;
        let as_of = AsOf::new(now);
        let ctx = facts.judge_context(&as_of);
        for id in changed {
            let Some((ns, entry)) = facts.entry(&id) else {
                continue;
            };
            let standing = judge(&entry.workload, ns, &ctx).status;
            self.compare_one(&id, ns.record(&id.kind, &id.name), standing, now);
        }
        has_more
    }

    fn compare_one(
        &mut self,
        id: &WorkloadId,
        record: Option<&Arc<Record>>,
        standing: Status,
        now: Timestamp,
    ) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        let Some(shown) = tracked.seen else { return };
        if let Some(busy) = &mut tracked.busy {
            busy.follow(record);
        }
        let busy = tracked.busy.as_deref();
        let working = busy.and_then(|busy| busy.working.as_ref());
        let stored = match working {
            Some(_) => None,
            None => record.map(|record| record.status()),
        };
        let status = working.map(|working| &working.status).or(stored.as_ref());
        let after_gap = !tracked.is_followed;
        let has_event = busy.is_some_and(|busy| busy.latest.is_some());
        let is_behind = status.is_none_or(|status| {
            shown.is_ahead_of(status, after_gap) || has_other_standing(status, Some(standing))
        });
        if working.is_some() {
            self.unwritten.insert(id.clone());
        }
        let wake_at = status.and_then(|status| wake_at(id, status, &self.terms, now));
        if is_behind || has_event {
            self.due.insert(id.clone());
        } else {
            tracked.is_followed = true;
            tracked.rest(now);
        }
        self.set_timer(id, wake_at);
    }

    /// Stores a status, if it differs from the stored one in more than what scaling changes.
    fn offer(
        &mut self,
        id: &WorkloadId,
        record: Option<&Record>,
        status: DeliveryRecordStatus,
        now: Timestamp,
    ) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        let wake_at = wake_at(id, &status, &self.terms, now);
        let busy = tracked.busy.get_or_insert_default();
        self.settling.insert(id.clone());
        busy.is_open = status.open.is_some();
        if record.is_none_or(|record| is_worth_writing(&record.status(), &status)) {
            let based_on = record.and_then(|record| record.version);
            busy.working = Some(Working { status, based_on });
            self.unwritten.insert(id.clone());
            self.version += 1;
        } else {
            busy.working = None;
            self.unwritten.remove(id);
        }
        tracked.rest(now);
        self.set_timer(id, wake_at);
    }

    fn set_timer(&mut self, id: &WorkloadId, at: Option<Timestamp>) {
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        let before = std::mem::replace(&mut tracked.timer, at);
        if before != at {
            if let Some(before) = before {
                self.timers.remove(&(before, id.clone()));
            }
            if let Some(at) = at {
                self.timers.insert((at, id.clone()));
            }
        }
    }
}

impl Tracked {
    /// Drops the state of a workload at rest.
    fn rest(&mut self, now: Timestamp) {
        if self.busy.as_ref().is_some_and(|busy| busy.is_at_rest(now)) {
            self.busy = None;
        }
    }
}

impl Busy {
    /// Drops a status that another writer made obsolete. A record that was just created is ours.
    fn follow(&mut self, record: Option<&Arc<Record>>) {
        let version = record.and_then(|record| record.version);
        let Some(working) = &mut self.working else {
            return;
        };
        let is_new = || record.is_some_and(|record| record.written().is_none());
        if working.based_on.is_none() && is_new() {
            working.based_on = version;
        } else if working.based_on != version && !self.pacing.is_in_flight() {
            self.working = None;
        }
    }

    fn is_at_rest(&self, now: Timestamp) -> bool {
        !self.is_open
            && self.latest.is_none()
            && self.replaced.is_empty()
            && !self.is_looking
            && self.working.is_none()
            && self.not_before.is_none_or(|until| until <= now)
            && !self.pacing.is_in_flight()
            && self.pacing.held_until(now).is_none()
    }
}

/// When time alone changes a status: at a deadline, or when its figures are stored again.
fn wake_at(
    id: &WorkloadId,
    status: &DeliveryRecordStatus,
    terms: &Terms,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let own = Period::seconds(hasher.finish() % REFRESHED_WITHIN);
    let refresh = next_refresh(status, own.before(now)).map(|at| own.after(at));
    let deadline = next_deadline(status, terms, now);
    [refresh, deadline].into_iter().flatten().min()
}
