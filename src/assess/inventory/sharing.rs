//! One copy of what many records hold alike: labels, results of checks, names of teams and paths. Saves
//! memory and changes no fact.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use crate::assess::object::labels::LabelKeys;
use crate::assess::workload::{Attributes, OwnLabels, PathResult, Workload};

/// One copy of each value that many records hold.
#[derive(Debug, Default)]
pub(super) struct SharedValues {
    attributes: HashSet<Arc<Attributes>>,
    labels: HashSet<Arc<OwnLabels>>,
    label_keys: HashSet<Arc<LabelKeys>>,
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
        workload.attributes = self.attributes(&workload.attributes);
        // Most services are called as their one workload is.
        if workload.service.as_ref() == Some(&workload.id.name) {
            workload.service = Some(workload.id.name.clone());
        }
        self.sweep();
    }

    /// The copy of these attributes with these labels.
    pub fn relabelled(&mut self, before: &Attributes, live: &Arc<OwnLabels>) -> Arc<Attributes> {
        self.attributes(&Arc::new(Attributes {
            live: live.clone(),
            ..before.clone()
        }))
    }

    fn attributes(&mut self, attributes: &Arc<Attributes>) -> Arc<Attributes> {
        if let Some(known) = self.attributes.get(attributes) {
            return known.clone();
        }
        let mut attributes = Attributes::clone(attributes);
        attributes.live = one_of(&mut self.labels, &attributes.live);
        attributes.label_keys = one_of(&mut self.label_keys, &attributes.label_keys);
        attributes.results = one_of(&mut self.results, &attributes.results);
        for name in [&mut attributes.team, &mut attributes.declared_path]
            .into_iter()
            .flatten()
        {
            *name = one_of(&mut self.names, name);
        }
        let attributes = Arc::new(attributes);
        self.attributes.insert(attributes.clone());
        attributes
    }

    /// Lets go of what only this holds, each time there is twice as much.
    fn sweep(&mut self) {
        if self.len() < self.sweep_at {
            return;
        }
        retain_used(&mut self.attributes);
        retain_used(&mut self.labels);
        retain_used(&mut self.label_keys);
        retain_used(&mut self.results);
        retain_used(&mut self.names);
        self.sweep_at = LEAST_SWEPT.max(2 * self.len());
    }

    fn len(&self) -> usize {
        self.attributes.len() + self.label_keys.len() + self.results.len() + self.names.len()
    }
}

fn retain_used<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>) {
    known.retain(|value| Arc::strong_count(value) > 1);
}

fn one_of<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>, value: &Arc<T>) -> Arc<T> {
    if let Some(known) = known.get(value) {
        return known.clone();
    }
    known.insert(value.clone());
    value.clone()
}
