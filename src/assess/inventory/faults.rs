//! Expressions that compile, but fail at run time: one sample for each check, and the number of
//! workloads. How a status reports them is decided elsewhere.

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
    /// Number of workloads on which the check could not be evaluated, at the last count.
    pub workloads: usize,
}

/// Faults by path and check.
pub(super) type SeenFaults = BTreeMap<(Arc<str>, u16), SeenFault>;

impl Inventory {
    /// Run-time failures of a path's checks, by index of the check.
    pub(in crate::assess) fn faults_of(
        &self,
        path: &str,
    ) -> impl Iterator<Item = (usize, &SeenFault)> {
        self.faults
            .iter()
            .filter(move |((name, _), _)| **name == *path)
            .map(|((_, check), seen)| (usize::from(*check), seen))
    }

    /// Takes in how many workloads each check cannot be evaluated on, and forgets the others.
    pub(crate) fn count_faults(&mut self, counts: &BTreeMap<(Arc<str>, u16), usize>) {
        self.faults.retain(|key, seen| {
            seen.workloads = counts.get(key).copied().unwrap_or(0);
            seen.workloads > 0
        });
    }

    pub(super) fn note_faults(&mut self, workload: &Workload, faults: Vec<Fault>) {
        for fault in faults {
            let path = workload.paths.get(fault.path.into()).name.clone();
            let key = (path, fault.check);
            self.faults.entry(key).or_insert_with(|| SeenFault {
                fault,
                workload: workload.id.clone(),
                workloads: 1,
            });
        }
    }
}
