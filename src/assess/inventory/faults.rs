//! Expressions that compile, but fail at run time: one sample for each check. How many workloads they
//! fail on is counted in `adoption`; how a status reports them is decided in `planner`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::evaluate::Fault;
use crate::assess::workload::Workload;

/// Run-time failures of one check.
#[derive(Clone, Debug)]
pub struct SeenFault {
    /// The fault on the sample.
    pub fault: Fault,
    /// The sample.
    pub workload: WorkloadId,
}

/// A check of a path, by name of the path and index of the check.
pub type CheckKey = (Arc<str>, u16);

/// How many workloads each check could not be evaluated on; those that fail on none are absent.
pub type FaultCounts = BTreeMap<CheckKey, usize>;

/// Faults by path and check.
pub(super) type SeenFaults = BTreeMap<CheckKey, SeenFault>;

impl Inventory {
    /// Run-time failures of a path's checks, by index of the check.
    pub(in crate::assess) fn faults_of(
        &self,
        path: &str,
    ) -> impl Iterator<Item = (&CheckKey, &SeenFault)> {
        self.faults
            .iter()
            .filter(move |((name, _), _)| **name == *path)
    }

    /// Forgets the samples of checks that fail on no workload any more.
    pub(crate) fn forget_faults(&mut self, counts: &FaultCounts) {
        self.faults.retain(|key, _| counts.contains_key(key));
    }

    pub(super) fn note_faults(&mut self, workload: &Workload, faults: Vec<Fault>) {
        for fault in faults {
            let path = workload.paths.get(fault.path.into()).name.clone();
            let key = (path, fault.check);
            self.faults.entry(key).or_insert_with(|| SeenFault {
                fault,
                workload: workload.id.clone(),
            });
        }
    }
}
