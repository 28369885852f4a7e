//! One copy of what many records hold alike: labels, results of checks, names of teams and paths. Saves
//! memory and changes no fact.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::assess::workload::{OwnLabels, PathResult, Workload};

/// One copy of each value that many records hold.
#[derive(Debug, Default)]
pub(super) struct SharedValues {
    labels: HashSet<Arc<OwnLabels>>,
    results: HashSet<Arc<[PathResult]>>,
    names: HashSet<Arc<str>>,
    /// With how many of them the next sweep comes.
    sweep_at: usize,
}

/// Fewer values are not swept.
const LEAST_SWEPT: usize = 1_024;

impl SharedValues {
    /// The copy of these labels that is kept.
    pub fn labels(&mut self, labels: &Arc<OwnLabels>) -> Arc<OwnLabels> {
        one_of(&mut self.labels, labels)
    }

    /// Replaces what others have as well by the copy that is kept.
    pub fn share(&mut self, workload: &mut Workload) {
        workload.live = self.labels(&workload.live);
        workload.results = one_of(&mut self.results, &workload.results);
        for name in [&mut workload.team, &mut workload.declared_path]
            .into_iter()
            .flatten()
        {
            *name = one_of(&mut self.names, name);
        }
        // Most services are called as their one workload is.
        if workload.service.as_ref() == Some(&workload.id.name) {
            workload.service = Some(workload.id.name.clone());
        }
        self.sweep();
    }

    /// Lets go of what only this holds, each time there is twice as much.
    fn sweep(&mut self) {
        if self.results.len() + self.names.len() < self.sweep_at {
            return;
        }
        self.results
            .retain(|results| Arc::strong_count(results) > 1);
        self.names.retain(|name| Arc::strong_count(name) > 1);
        self.sweep_at = LEAST_SWEPT.max(2 * (self.results.len() + self.names.len()));
    }
}

fn one_of<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>, value: &Arc<T>) -> Arc<T> {
    if let Some(known) = known.get(value) {
        return known.clone();
    }
    known.insert(value.clone());
    value.clone()
}
