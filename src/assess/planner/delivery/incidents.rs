//! Incidents of workloads: each report is applied to the record, or to its status that is not stored yet,
//! and stored as any other change. Matching an event with a workload is not done here.

use jiff::Timestamp;

use super::{DeliveryPlanner, Tracked};
use crate::api::DeliveryRecordStatus;
use crate::assess::delivery::{IncidentReport, incident};
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;

/// Where a report of an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// The stored record has it.
    Stored,
    /// It will be stored.
    Pending,
    /// The record is behind what the workload shows, or there is none yet: the next look changes that.
    Behind,
}

impl DeliveryPlanner {
    /// Whether the rollouts of this workload are counted. Those of a workload that another controller
    /// generates are not.
    pub fn counts(&self, id: &WorkloadId) -> bool {
        self.tracked.contains_key(id)
    }

    /// Takes a report of an incident of this workload. The same report again changes nothing. It waits for a
    /// look at a template that the record does not have: the incident would be linked to an earlier one.
    pub fn report(
        &mut self,
        facts: &Inventory,
        id: &WorkloadId,
        report: &IncidentReport,
        now: Timestamp,
    ) -> Reported {
        let ns = facts.namespace(&id.namespace);
        let record = ns.and_then(|ns| ns.record(&id.kind, &id.name)).cloned();
        let stored = record.as_ref().and_then(|record| record.written());
        let after = |status: &DeliveryRecordStatus| incident(status, report, &self.terms, now);
        if let Some(status) = &stored
            && has_same_incidents(status, &after(status))
        {
            return Reported::Stored;
        }
        let is_due = self.due.contains(id) || self.parked.contains(id);
        let busy = self.tracked.get(id).and_then(|it| it.busy.as_ref());
        let working = busy.and_then(|busy| busy.working.as_ref());
        let known = working.map(|working| &working.status).or(stored.as_ref());
        let tracked = self.tracked.get(id);
        let is_behind = |status: &DeliveryRecordStatus| {
            tracked.is_none_or(|tracked| tracked.is_ahead_of(status, is_due))
        };
        let Some(known) = known.filter(|status| !is_behind(status)) else {
            if self.has_records {
                self.due.insert(id.clone());
            }
            return Reported::Behind;
        };
        let next = after(known);
        if !has_same_incidents(known, &next) {
            self.offer(id, record.as_deref(), next, now);
        }
        Reported::Pending
    }
}

impl Tracked {
    /// Whether the next look may find a template that the status does not have. A paused workload keeps a
    /// template that the status does not take, and nothing is due.
    fn is_ahead_of(&self, status: &DeliveryRecordStatus, is_due: bool) -> bool {
        let is_same = self.seen.is_some_and(|shown| shown.is_of(status));
        let busy = self.busy.as_deref();
        let is_unread = busy.is_some_and(|busy| busy.latest.is_some() || busy.is_looking);
        let has_replaced = busy.is_some_and(|busy| !busy.replaced.is_empty());
        !self.is_followed || has_replaced || !is_same && (is_unread || is_due)
    }
}

/// Whether both have the same incidents and failures.
fn has_same_incidents(one: &DeliveryRecordStatus, other: &DeliveryRecordStatus) -> bool {
    one.incidents == other.incidents && one.rollouts == other.rollouts
}
