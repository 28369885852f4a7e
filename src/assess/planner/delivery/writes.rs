//! Writes of delivery records: one creation per workload, and one write a change of its status, at most one
//! every 10 s. A record of an earlier workload of the same name is left to the garbage collector.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Busy, DeliveryPlanner};
use crate::api::condition::{READY, Statement, settle};
use crate::api::delivery_record::RecordedWorkload;
use crate::api::{DeliveryRecordStatus, Period};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::records::{Record, record_name};
use crate::assess::object::kind::WorkloadId;
use crate::assess::planner::pacing::{WriteResult, earliest};
use crate::assess::planner::statuses::INTERVAL;

/// Time until the watch shows a record that was created, and its status can be stored.
const CREATED: Period = Period::seconds(1);

/// A write of one record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordWrite {
    /// The workload.
    pub of: WorkloadId,
    /// Name of the record.
    pub name: Box<str>,
    /// What to do.
    pub act: RecordAct,
}

/// The action of a write.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordAct {
    /// Create the record, owned by the workload with this uid.
    Create {
        /// Uid of the workload.
        owner: String,
        /// Its spec.
        workload: RecordedWorkload,
    },
    /// Store its status over this version of it.
    Store {
        /// The record before the write. The watch may show the record after it before the answer arrives.
        before: Arc<Record>,
        /// Version of the record that the status was computed from.
        version: Option<u64>,
        /// The status after the write.
        status: Box<DeliveryRecordStatus>,
    },
}

/// The writes that are due.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeliveryPlan {
    /// At most as many as requested.
    pub writes: Vec<RecordWrite>,
    /// More writes are due than requested.
    pub has_more: bool,
    /// When a write that has to wait is due.
    pub again_at: Option<Timestamp>,
}

/// A status that was stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// The workload.
    pub of: WorkloadId,
    /// Uid of the record.
    pub uid: Option<Box<str>>,
    /// The status that was stored, or the one that was carried over to a new record; none without a past.
    pub before: Option<DeliveryRecordStatus>,
    /// The status after it.
    pub after: DeliveryRecordStatus,
}

impl DeliveryPlanner {
    /// At most `limit` writes that are due.
    pub fn plan(&mut self, facts: &Inventory, now: Timestamp, limit: usize) -> DeliveryPlan {
        self.settle(now);
        let mut plan = DeliveryPlan::default();
        let mut kept = Vec::new();
        while plan.writes.len() < limit
            && let Some(id) = self.unwritten.pop_first()
        {
            let is_there = facts.workload(&id).is_some();
            let tracked = self.tracked.get_mut(&id).filter(|_| is_there);
            let busy = tracked.and_then(|tracked| tracked.busy.as_deref_mut());
            let ns = facts.namespace(&id.namespace);
            let Some((ns, busy)) = ns.zip(busy) else {
                continue;
            };
            if !busy.pacing.is_free(now) {
                plan.again_at = earliest(plan.again_at, busy.pacing.held_until(now));
                kept.push(id);
                continue;
            }
            let record = ns.record(&id.kind, &id.name);
            if let Some(write) = busy.write(&id, record, now) {
                busy.pacing.started();
                plan.writes.push(write);
                kept.push(id);
            }
        }
        plan.has_more = !self.unwritten.is_empty();
        self.unwritten.extend(kept);
        plan
    }

    /// Every status that is not stored yet, without the pause between two writes of one record: the
    /// operator stops. A workload without a record is left to the next leader.
    pub fn flush(&mut self, facts: &Inventory, now: Timestamp) -> Vec<RecordWrite> {
        let mut writes = Vec::new();
        for id in &self.unwritten {
            let ns = facts.namespace(&id.namespace);
            let record = ns.and_then(|ns| ns.record(&id.kind, &id.name));
            let record = record.filter(|record| record.owner.is_some());
            let tracked = self.tracked.get_mut(id);
            let busy = tracked.and_then(|tracked| tracked.busy.as_deref_mut());
            let Some((busy, record)) = busy.zip(record) else {
                continue;
            };
            if busy.pacing.is_in_flight() {
                continue;
            }
            if let Some(write) = busy.write(id, Some(record), now) {
                busy.pacing.started();
                writes.push(write);
            }
        }
        writes
    }

    /// Records the result of a write. Returns the status that was stored, if it was.
    pub fn ended(
        &mut self,
        facts: &mut Inventory,
        write: RecordWrite,
        result: WriteResult,
        now: Timestamp,
    ) -> Option<Recorded> {
        let RecordWrite { of, name, act } = write;
        let rest = match &act {
            RecordAct::Create { .. } => CREATED,
            RecordAct::Store { .. } => INTERVAL,
        };
        let tracked = self.tracked.get_mut(&of);
        if let Some(busy) = tracked.and_then(|tracked| tracked.busy.as_deref_mut()) {
            match result {
                WriteResult::Landed(_) => {
                    busy.pacing.landed();
                    busy.pacing.rests(rest, now);
                }
                WriteResult::NotTaken => busy.pacing.stopped(),
                WriteResult::Gone | WriteResult::Failed => {
                    busy.pacing.failed(now);
                }
            }
        }
        let RecordAct::Store { before, status, .. } = act else {
            facts.mark_delivery(&of);
            return None;
        };
        let WriteResult::Landed(version) = result else {
            facts.mark_delivery(&of);
            return None;
        };
        self.landed(&of, &status, version);
        let uid = before.uid.clone();
        let carried = || self.carried_over(&of, &status);
        let before = before.written().or_else(carried);
        facts.record_delivery(&of.namespace, &name, uid.as_deref(), &status, version);
        Some(Recorded {
            of,
            uid,
            before,
            after: *status,
        })
    }

    /// What the record of an earlier workload of this name passed on to this status.
    fn carried_over(
        &self,
        of: &WorkloadId,
        status: &DeliveryRecordStatus,
    ) -> Option<DeliveryRecordStatus> {
        let uid = |status: &DeliveryRecordStatus| Some(status.mark.as_ref()?.uid.clone());
        let carried = self.carried.get(of)?.status.status();
        (uid(&carried) != uid(status)).then_some(carried)
    }

    /// Drops the state of workloads that are at rest by now.
    fn settle(&mut self, now: Timestamp) {
        let tracked = &mut self.tracked;
        self.settling.retain(|id| {
            let tracked = tracked.get_mut(id);
            tracked.is_some_and(|tracked| {
                tracked.rest(now);
                tracked.busy.is_some()
            })
        });
    }

    fn landed(&mut self, of: &WorkloadId, status: &DeliveryRecordStatus, version: Option<u64>) {
        let tracked = self.tracked.get_mut(of);
        let Some(busy) = tracked.and_then(|tracked| tracked.busy.as_deref_mut()) else {
            return;
        };
        match &mut busy.working {
            Some(working) if working.status != *status => working.based_on = version,
            Some(_) | None => {
                busy.working = None;
                self.unwritten.remove(of);
            }
        }
    }
}

impl Busy {
    /// The next write. None while the record of an earlier workload is still there.
    fn write(
        &mut self,
        id: &WorkloadId,
        record: Option<&Arc<Record>>,
        now: Timestamp,
    ) -> Option<RecordWrite> {
        let working = self.working.as_mut()?;
        let owner = &working.status.mark.as_ref()?.uid;
        let known = record.and_then(|record| record.owner.as_deref());
        if known.is_some_and(|known| known != owner) {
            return None;
        }
        let act = match record.filter(|record| record.owner.is_some()) {
            None => RecordAct::Create {
                owner: owner.clone(),
                workload: RecordedWorkload {
                    group: id.kind.group.clone(),
                    kind: id.kind.kind.clone(),
                    name: id.name.to_string(),
                },
            },
            Some(record) => {
                let status = &mut working.status;
                let before = record.status().conditions;
                let ready = Statement::new(READY, true, "Read", "Accepted. Nothing to do.");
                status.conditions = settle(&before, vec![ready], record.generation, now);
                status.observed_generation = record.generation;
                RecordAct::Store {
                    before: record.clone(),
                    version: working.based_on,
                    status: Box::new(status.clone()),
                }
            }
        };
        Some(RecordWrite {
            of: id.clone(),
            name: record_name(&id.kind, &id.name).into(),
            act,
        })
    }
}
