//! The logs of what changed until a planner or a count takes it: workloads to judge again, with the
//! cause, services to count again, exceptions to assess again, and workloads whose delivery record may be
//! behind. Each names an object once, so it is
//! bounded by their number. Logging changes no fact, and copies none that readers share.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use crate::assess::inventory::sweeps::Pass;
use crate::assess::inventory::{ExceptionKey, Inventory};
use crate::assess::namespace_index::{Entry, Slot};
use crate::assess::object::kind::WorkloadId;
use crate::assess::state::Cause;

/// Capacity of the log at rest.
const QUEUE_AT_REST: usize = 64;

/// A workload whose verdict may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedWorkload {
    pub id: WorkloadId,
    /// The first change since the workload was last taken from the log.
    pub cause: Cause,
}

/// A service that may count differently because a workload left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::assess) struct LeftService {
    /// The slot of that workload.
    pub slot: Slot,
    pub namespace: Arc<str>,
    /// The service it named; none where it was one of its own.
    pub name: Option<Arc<str>>,
}

/// Workloads that changed, oldest first.
#[derive(Debug, Default)]
pub(super) struct ChangeLog {
    queue: VecDeque<WorkloadId>,
    /// The cause of each one that waits, by the index of its slot.
    causes: Vec<Option<Cause>>,
}

impl ChangeLog {
    pub fn push(&mut self, entry: &Entry, cause: Cause) {
        let index = index(entry.slot);
        if self.causes.len() <= index {
            self.causes.resize(index.saturating_add(1), None);
        }
        if self.causes[index].is_none() {
            self.causes[index] = Some(cause);
            self.queue.push_back(entry.workload.id.clone());
        }
    }

    /// Another workload may have this slot next.
    pub fn forget(&mut self, slot: Slot) {
        if let Some(cause) = self.causes.get_mut(index(slot)) {
            *cause = None;
        }
    }

    fn take(&mut self, slot: Slot) -> Option<Cause> {
        self.causes.get_mut(index(slot))?.take()
    }

    fn next(&mut self) -> Option<WorkloadId> {
        let next = self.queue.pop_front();
        if self.queue.is_empty() {
            // Room for every workload is needed rarely.
            self.queue.shrink_to(QUEUE_AT_REST);
        }
        next
    }
}

fn index(slot: Slot) -> usize {
    usize::try_from(slot.index).unwrap_or(usize::MAX)
}

/// The logs of one inventory.
#[derive(Debug, Default)]
pub(super) struct Logs {
    judge: ChangeLog,
    count: ChangeLog,
    left: Vec<LeftService>,
    exceptions: BTreeSet<ExceptionKey>,
    /// None while rollouts are not recorded.
    delivery: Option<ChangeLog>,
}

impl Logs {
    /// Empty logs.
    pub fn new(records_rollouts: bool) -> Self {
        Self {
            delivery: records_rollouts.then(ChangeLog::default),
            ..Self::default()
        }
    }

    /// Has a workload judged, its service counted, and its record compared again.
    pub fn push(&mut self, entry: &Entry, cause: Cause) {
        self.judge.push(entry, cause);
        self.count.push(entry, cause);
        self.compare(entry, cause);
    }

    /// Has its service counted again.
    pub fn recount(&mut self, entry: &Entry) {
        self.count.push(entry, Cause::Path);
    }

    /// Has the delivery record of a workload compared again.
    fn compare(&mut self, entry: &Entry, cause: Cause) {
        if let Some(log) = &mut self.delivery {
            log.push(entry, cause);
        }
    }

    /// Has the service counted again that a workload is or was in.
    pub fn left(&mut self, service: LeftService) {
        self.left.push(service);
    }

    /// Has an exception assessed again.
    pub fn exception(&mut self, namespace: &Arc<str>, name: &Arc<str>) {
        self.exceptions.insert((namespace.clone(), name.clone()));
    }
}

impl Inventory {
    /// Takes the oldest `limit` workloads to judge again from the log.
    pub(crate) fn take_changes(&mut self, limit: usize) -> Vec<ChangedWorkload> {
        self.take_from(|logs| &mut logs.judge, limit)
    }

    pub(crate) fn has_changes(&self) -> bool {
        !self.logs.judge.queue.is_empty() || !self.sweeps.is_empty()
    }

    /// Takes the oldest `limit` workloads whose delivery record may be behind.
    pub(crate) fn take_deliveries(&mut self, limit: usize) -> Vec<WorkloadId> {
        if self.logs.delivery.is_none() {
            return Vec::new();
        }
        let changes = self.take_from(|logs| logs.delivery.get_or_insert_default(), limit);
        changes.into_iter().map(|change| change.id).collect()
    }

    /// Has the delivery record of a workload compared again.
    pub(crate) fn mark_delivery(&mut self, id: &WorkloadId) {
        let ns = self.namespaces.get(&id.namespace);
        if let Some(entry) = ns.and_then(|ns| ns.workloads.get(&id.kind, &id.name)) {
            self.logs.compare(entry, Cause::Workload);
        }
    }

    /// Has every delivery record compared again.
    pub(crate) fn mark_every_delivery(&mut self) {
        let entries = self.namespaces.values().map(|ns| ns.workloads.values());
        for entry in entries.flatten() {
            self.logs.compare(entry, Cause::Workload);
        }
    }

    /// Takes the oldest `limit` workloads whose services are to be counted again.
    pub(in crate::assess) fn take_recounts(&mut self, limit: usize) -> Vec<ChangedWorkload> {
        self.take_from(|logs| &mut logs.count, limit)
    }

    /// Takes the services that workloads left. They come before those of [`Self::take_recounts`]: a
    /// slot among them may belong to another workload by now.
    pub(in crate::assess) fn take_left_services(&mut self) -> Vec<LeftService> {
        std::mem::take(&mut self.logs.left)
    }

    pub(in crate::assess) fn has_recounts(&self) -> bool {
        !self.logs.count.queue.is_empty() || !self.logs.left.is_empty() || !self.sweeps.is_empty()
    }

    /// Takes an exception that is to be assessed again, or is gone.
    pub(in crate::assess) fn take_exception(&mut self) -> Option<ExceptionKey> {
        self.logs.exceptions.pop_first()
    }

    pub(in crate::assess) fn has_exceptions_to_assess(&self) -> bool {
        !self.logs.exceptions.is_empty()
    }

    fn take_from(
        &mut self,
        log: fn(&mut Logs) -> &mut ChangeLog,
        limit: usize,
    ) -> Vec<ChangedWorkload> {
        if log(&mut self.logs).queue.len() < limit {
            self.sweep_on();
        }
        let mut taken = Vec::new();
        while taken.len() < limit {
            let Some(id) = log(&mut self.logs).next() else {
                break;
            };
            let slot = self.entry(&id).map(|(_, entry)| entry.slot);
            let cause = slot.and_then(|slot| log(&mut self.logs).take(slot));
            taken.extend(cause.map(|cause| ChangedWorkload { id, cause }));
        }
        taken
    }

    pub(super) fn mark(&mut self, id: &WorkloadId, cause: Cause) {
        let ns = self.namespaces.get(&id.namespace);
        if let Some(entry) = ns.and_then(|ns| ns.workloads.get(&id.kind, &id.name)) {
            self.logs.push(entry, cause);
        }
    }

    /// Marks an exception that changed, or whose time has come.
    pub(super) fn mark_exception(&mut self, namespace: &Arc<str>, name: &Arc<str>) {
        self.timers.unsettle(namespace, name);
        self.logs.exception(namespace, name);
    }

    /// Marks these exceptions of a namespace: the workloads they name changed.
    pub(super) fn mark_exceptions(&mut self, namespace: &Arc<str>, names: &[Arc<str>]) {
        for name in names {
            self.logs.exception(namespace, name);
        }
    }

    pub(super) fn mark_every_exception(&mut self) {
        for (namespace, ns) in &self.namespaces {
            for exception in ns.exceptions() {
                self.logs.exception(namespace, &exception.name);
            }
        }
    }

    /// Marks the workloads of a namespace.
    pub(super) fn mark_namespace(&mut self, name: &str, cause: Cause) {
        let entries = self.namespaces.get(name).map(|ns| ns.workloads.values());
        for entry in entries.into_iter().flatten() {
            self.logs.push(entry, cause);
        }
    }

    /// Marks every workload and every exception.
    pub(super) fn mark_all(&mut self, cause: Cause) {
        self.sweep(Pass::Judge(cause));
        self.mark_every_exception();
        self.version += 1;
    }

    /// Has all services of a namespace counted again.
    pub(in crate::assess) fn recount_namespace(&mut self, name: &str) {
        let entries = self.namespaces.get(name).map(|ns| ns.workloads.values());
        for entry in entries.into_iter().flatten() {
            self.logs.count.push(entry, Cause::Time);
        }
    }

    /// Has every service counted again.
    pub(in crate::assess) fn recount_all(&mut self) {
        self.sweep(Pass::Recount);
    }

    /// Forgets a workload that is gone, and has its service counted again.
    pub(super) fn leave_logs(&mut self, entry: &Entry) {
        self.logs.judge.forget(entry.slot);
        self.logs.count.forget(entry.slot);
        if let Some(log) = &mut self.logs.delivery {
            log.forget(entry.slot);
        }
        let workload = &entry.workload;
        self.logs.left(LeftService {
            slot: entry.slot,
            namespace: workload.id.namespace.clone(),
            name: workload.service.clone(),
        });
    }
}
