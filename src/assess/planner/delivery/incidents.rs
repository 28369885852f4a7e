//! Incidents of workloads: each report is applied to the record, or to its status that is not stored yet,
//! and stored as any other change. Matching an event with a workload is not done here.

use jiff::Timestamp;

use super::DeliveryPlanner;
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
    /// The workload has no record yet.
    NoRecord,
}

impl DeliveryPlanner {
    /// Takes a report of an incident of this workload. The same report again changes nothing.
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
        let busy = self.tracked.get(id).and_then(|it| it.busy.as_ref());
        let working = busy.and_then(|busy| busy.working.as_ref());
        let known = working.map(|working| &working.status).or(stored.as_ref());
        let is_tracked = self.tracked.contains_key(id);
        let Some(known) = known.filter(|_| is_tracked) else {
            return Reported::NoRecord;
        };
        let next = after(known);
        if !has_same_incidents(known, &next) {
            self.offer(id, record.as_deref(), next, now);
        }
        Reported::Pending
    }
}

/// Whether both have the same incidents and failures.
fn has_same_incidents(one: &DeliveryRecordStatus, other: &DeliveryRecordStatus) -> bool {
    one.incidents == other.incidents && one.rollouts == other.rollouts
}
