//! Expressions that compile, but fail at run time: one sample for each of them. How many workloads they
//! fail on is counted in `adoption`; statuses and reports list them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::evaluate::{Fault, FaultPlace};
use crate::assess::path::{ExpressionPlace, Invalid, Path};
use crate::assess::workload::Workload;

/// Run-time failures of one expression.
#[derive(Clone, Debug)]
pub struct SeenFault {
    /// The fault on the sample.
    pub fault: Fault,
    /// The sample.
    pub workload: WorkloadId,
}

impl SeenFault {
    /// The failure as a finding on its path; none where the path has no such expression any more.
    fn describe(&self, workloads: usize, path: &Path, place: FaultPlace) -> Option<Invalid> {
        let Self { fault, workload } = self;
        let (place, message) = match place {
            FaultPlace::Check(check) => {
                let check = path.spec.checks.get(usize::from(check))?;
                let place = ExpressionPlace::Check(check.name.clone());
                let failure = format!("fails on {workloads} of its workloads, such as {workload}");
                (place, failure)
            }
            FaultPlace::MatchCondition(condition) => {
                let conditions = &path.spec.scope.match_conditions;
                let condition = conditions.get(usize::from(condition))?;
                let place = ExpressionPlace::MatchCondition(condition.name.clone());
                let several = if workloads == 1 { "" } else { "s" };
                let failure = format!(
                    "fails on {workloads} workload{several} and leaves them out of the scope, such as \
                     {workload}"
                );
                (place, failure)
            }
        };
        Some(Invalid {
            place,
            reason: fault.reason,
            message: format!("{message}: {}", fault.message),
        })
    }
}

/// An expression, by name of its path and place.
pub type FaultKey = (Arc<str>, FaultPlace);

/// How many workloads each expression failed on; those that fail on none are absent.
pub type FaultCounts = BTreeMap<FaultKey, usize>;

/// Faults by expression.
pub(super) type SeenFaults = BTreeMap<FaultKey, SeenFault>;

impl Inventory {
    /// Run-time failures of a path's expressions, with the number of workloads and one example.
    pub(crate) fn failures_while_running(&self, path: &Path, counts: &FaultCounts) -> Vec<Invalid> {
        self.faults
            .iter()
            .filter(|((name, _), _)| *name == path.name)
            .filter_map(|(key, seen)| seen.describe(*counts.get(key)?, path, key.1))
            .collect()
    }

    /// Forgets the samples of expressions that fail on no workload any more.
    pub(crate) fn forget_faults(&mut self, counts: &FaultCounts) {
        self.faults.retain(|key, _| counts.contains_key(key));
    }

    pub(super) fn note_faults(&mut self, workload: &Workload, faults: Vec<Fault>) {
        for fault in faults {
            let path = workload.paths.get(fault.path.into()).name.clone();
            let key = (path, fault.place);
            let is_sample = |seen: &SeenFault| seen.workload == workload.id;
            if self.faults.get(&key).is_none_or(is_sample) {
                let workload = workload.id.clone();
                self.faults.insert(key, SeenFault { fault, workload });
            }
        }
    }
}
