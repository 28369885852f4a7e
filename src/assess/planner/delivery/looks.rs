//! Looks at workloads: which ones are due, and what one found. A look reads the workload afresh, and what
//! its controller made of it where the record is behind; the cluster room carries it out.

use jiff::Timestamp;

use super::{Busy, DeliveryPlanner, Sighting};
use crate::api::{DeliveryRecordStatus, Period};
use crate::assess::delivery::promoter::Promoter;
use crate::assess::delivery::seen::Seen;
use crate::assess::delivery::{Fingerprint, observe, refreshed};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::state::Status;
use crate::assess::verdict::{AsOf, judge};
use crate::assess::workload::Workload;

/// Shortest time between two looks at one workload.
const INTERVAL: Period = Period::seconds(1);
/// Time until a look that failed is tried again.
const AGAIN: Period = Period::seconds(5);
/// Time until a timer fires again whose workload has a write under way.
const LATER: Period = Period::seconds(30);

/// A workload to look at.
#[derive(Clone, Debug)]
pub struct Look {
    /// The workload.
    pub id: WorkloadId,
    /// Its status now: the workload that is read is not older.
    pub standing: Option<Status>,
    /// Creation of its namespace, if it is the namespace's first workload.
    pub first_of_namespace: Option<Timestamp>,
    /// Whether events may have been missed since its record was last compared.
    pub after_gap: bool,
    /// What decides when its rollouts are available, if not its own controller.
    pub promoter: Option<Promoter>,
    /// Its record, as it is or will be stored.
    status: Option<DeliveryRecordStatus>,
}

impl Look {
    /// Whether the revisions or jobs of the workload must be read, after `seen` of the workload alone.
    pub fn needs_revisions(&self, seen: &Seen) -> bool {
        self.status
            .as_ref()
            .is_none_or(|status| Fingerprint::of(seen).is_ahead_of(status, self.after_gap))
    }
}

/// What a look found.
#[derive(Clone, Debug)]
pub enum Found {
    /// The workload.
    Workload(Box<Seen>),
    /// No workload whose rollouts are counted.
    Nothing,
    /// The cluster did not answer.
    Failed,
}

impl DeliveryPlanner {
    /// Starts looks that are due, at most this many.
    pub fn looks(&mut self, facts: &Inventory, now: Timestamp, limit: usize) -> Vec<Look> {
        self.fire_timers(facts, now);
        let as_of = AsOf::new(now);
        let ctx = facts.judge_context(&as_of);
        let (mut looks, mut waiting) = (Vec::new(), Vec::new());
        while looks.len() < limit
            && let Some(id) = self.due.pop_first()
        {
            let entry = facts.entry(&id);
            let Some(((ns, entry), tracked)) = entry.zip(self.tracked.get_mut(&id)) else {
                continue;
            };
            if self.promoters.may_be_unknown(&id.kind) {
                self.parked.insert(id);
                continue;
            }
            let busy = tracked.busy.get_or_insert_default();
            if !busy.may_look(now) {
                waiting.push(id);
                continue;
            }
            busy.is_looking = true;
            let record = ns.record(&id.kind, &id.name);
            let working = busy.working.as_ref().map(|working| working.status.clone());
            looks.push(Look {
                standing: Some(judge(&entry.workload, ns, &ctx).status),
                first_of_namespace: first_of_namespace(ns, &entry.workload),
                after_gap: !tracked.is_followed,
                promoter: self.promoters.of(&id).cloned(),
                status: working.or_else(|| Some(record?.status())),
                id,
            });
        }
        self.due.extend(waiting);
        looks
    }

    /// Takes what a look found.
    pub fn looked(&mut self, facts: &Inventory, look: &Look, found: Found, now: Timestamp) {
        let Some(tracked) = self.tracked.get_mut(&look.id) else {
            return;
        };
        let busy = tracked.busy.get_or_insert_default();
        self.settling.insert(look.id.clone());
        busy.is_looking = false;
        match found {
            Found::Workload(seen) => {
                busy.not_before = Some(INTERVAL.after(now));
                self.take(facts, look, *seen, now);
            }
            Found::Nothing => {
                busy.latest = None;
                busy.replaced.clear();
                tracked.rest(now);
            }
            Found::Failed => {
                busy.not_before = Some(AGAIN.after(now));
                self.due.insert(look.id.clone());
            }
        }
    }

    fn take(&mut self, facts: &Inventory, look: &Look, mut seen: Seen, now: Timestamp) {
        let id = &look.id;
        let ns = facts.namespace(&id.namespace);
        let record = ns.and_then(|ns| ns.record(&id.kind, &id.name)).cloned();
        let known = ns.filter(|_| self.has_incidents);
        let incidents_since = known.and_then(|ns| ns.records.incidents_since());
        let carried = self.carried.get(id).filter(|carried| carried.until > now);
        let carried = carried.map(|carried| carried.status.status());
        let carried = carried.filter(|status| {
            status
                .mark
                .as_ref()
                .is_some_and(|mark| mark.uid != seen.uid)
        });
        let Some(tracked) = self.tracked.get_mut(id) else {
            return;
        };
        let busy = tracked.busy.get_or_insert_default();
        busy.follow(record.as_ref());
        let working = busy.working.take().map(|working| working.status);
        let stored = || record.as_ref().and_then(|record| record.written());
        let mut next = working.or_else(stored).or(carried).unwrap_or_default();
        seen.after_gap = !tracked.is_followed;
        seen.incidents_since = incidents_since;
        for mut earlier in busy.take_earlier(&seen) {
            if look.promoter.is_some() {
                earlier.seen = earlier.seen.undecided(&seen);
            }
            earlier.seen.after_gap = std::mem::take(&mut seen.after_gap);
            earlier.seen.incidents_since = incidents_since;
            next = observe(&next, &earlier.seen, &self.terms, earlier.at);
        }
        next = observe(&next, &seen, &self.terms, now);
        tracked.is_followed = true;
        self.offer(id, record.as_deref(), next, now);
    }

    fn fire_timers(&mut self, facts: &Inventory, now: Timestamp) {
        while let Some((at, id)) = self.timers.first().cloned()
            && at <= now
        {
            self.timers.pop_first();
            let Some(tracked) = self.tracked.get_mut(&id) else {
                continue;
            };
            tracked.timer = None;
            let ns = facts.namespace(&id.namespace);
            let record = ns.and_then(|ns| ns.record(&id.kind, &id.name)).cloned();
            let busy = tracked.busy.as_ref();
            if busy.is_some_and(|busy| busy.pacing.is_in_flight()) {
                self.set_timer(&id, Some(LATER.after(now)));
                continue;
            }
            let working = busy.and_then(|busy| busy.working.as_ref());
            let next = match (working, &record) {
                (Some(working), _) => refreshed(&working.status, now),
                (None, Some(record)) => refreshed(&record.status(), now),
                (None, None) => continue,
            };
            if next.open.is_some() {
                self.due.insert(id.clone());
            }
            self.offer(&id, record.as_deref(), next, now);
        }
    }
}

impl Busy {
    fn may_look(&self, now: Timestamp) -> bool {
        !self.is_looking
            && !self.pacing.is_in_flight()
            && self.not_before.is_none_or(|until| until <= now)
    }

    /// The events that are older than what is seen, oldest first.
    fn take_earlier(&mut self, seen: &Seen) -> Vec<Sighting> {
        let mut earlier = std::mem::take(&mut self.replaced);
        let is_newer = |latest: &Sighting| latest.seen.generation > seen.generation;
        if !self.latest.as_ref().is_some_and(is_newer) {
            earlier.extend(self.latest.take());
        }
        earlier.retain(|event| event.seen.generation < seen.generation);
        earlier
    }
}

/// Creation of the namespace, if none of its workloads is older than this one.
fn first_of_namespace(ns: &NamespaceIndex, workload: &Workload) -> Option<Timestamp> {
    let created = workload.created()?;
    let mut others = ns.workloads.values().map(|other| &other.workload);
    let is_first = others.all(|other| other.created().is_none_or(|at| at >= created));
    ns.namespace.as_ref()?.created.filter(|_| is_first)
}
