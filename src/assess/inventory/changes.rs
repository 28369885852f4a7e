//! The log of workloads that changed, each once and with its cause, until a planner takes it. It is
//! bounded by the number of workloads, also where nobody takes anything from it.

use crate::assess::inventory::{Inventory, local};
use crate::assess::object::kind::WorkloadId;
use crate::assess::state::Cause;

/// Workloads that may wait without memory being asked for.
const QUEUE_AT_REST: usize = 64;

/// A workload whose verdict may be another one now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedWorkload {
    pub id: WorkloadId,
    /// What changed first since it was last taken from the log.
    pub cause: Cause,
}

impl Inventory {
    /// Takes the oldest `limit` changes from the log.
    pub fn take_changes(&mut self, limit: usize) -> Vec<ChangedWorkload> {
        let mut changes = Vec::new();
        while changes.len() < limit {
            let Some(id) = self.changed.pop_front() else {
                // Room for every workload is needed rarely.
                self.changed.shrink_to(QUEUE_AT_REST);
                break;
            };
            let entry = self
                .namespaces
                .get_mut(&id.namespace)
                .and_then(|ns| ns.workloads.get_mut(&local(&id)));
            let cause = entry.and_then(|entry| entry.changed.take());
            changes.extend(cause.map(|cause| ChangedWorkload { id, cause }));
        }
        changes
    }

    pub fn has_changes(&self) -> bool {
        !self.changed.is_empty()
    }

    pub(super) fn mark(&mut self, id: &WorkloadId, cause: Cause) {
        let Some(ns) = self.namespaces.get_mut(&id.namespace) else {
            return;
        };
        let Some(entry) = ns.workloads.get_mut(&local(id)) else {
            return;
        };
        if entry.changed.is_none() {
            entry.changed = Some(cause);
            self.changed.push_back(id.clone());
        }
    }

    pub(super) fn mark_all(&mut self, cause: Cause) {
        for entry in self
            .namespaces
            .values_mut()
            .flat_map(|ns| ns.workloads.values_mut())
        {
            if entry.changed.is_none() {
                entry.changed = Some(cause);
                self.changed.push_back(entry.workload.id.clone());
            }
        }
        self.version += 1;
    }
}
