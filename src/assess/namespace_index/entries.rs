//! The workloads of one namespace in one sorted array: a reference each, found by bisection. Adding one
//! in the middle moves the references behind it, which is less than a tree's nodes cost in memory and
//! when a namespace is copied for a reader.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Entry, LocalId};
use crate::assess::object::kind::{WatchedKind, WorkloadId};

/// Workloads in order of kind and name. Each is shared with the snapshots that readers hold, and copied
/// where it changes meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<Arc<Entry>>);

impl Entries {
    /// One workload.
    pub fn get(&self, kind: &WatchedKind, name: &str) -> Option<&Arc<Entry>> {
        self.0.get(self.position(kind, name).ok()?)
    }

    /// All of them.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.0.iter()
    }

    /// Those behind a kind and a name, or all of them.
    pub fn behind(&self, after: Option<(&WatchedKind, &str)>) -> &[Arc<Entry>] {
        self.0.get(self.start_behind(after)..).unwrap_or_default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::assess) fn behind_mut(
        &mut self,
        after: Option<(&WatchedKind, &str)>,
    ) -> &mut [Arc<Entry>] {
        let start = self.start_behind(after);
        self.0.get_mut(start..).unwrap_or_default()
    }

    pub(super) fn get_mut(&mut self, (kind, name): &LocalId) -> Option<&mut Entry> {
        let position = self.position(kind, name).ok()?;
        self.0.get_mut(position).map(Arc::make_mut)
    }

    /// Adds or replaces a workload.
    pub(super) fn insert(&mut self, entry: Arc<Entry>) {
        let id = &entry.workload.id;
        match self.position(&id.kind, &id.name) {
            Ok(position) => self.0[position] = entry,
            Err(position) => self.0.insert(position, entry),
        }
    }

    pub(super) fn remove(&mut self, (kind, name): &LocalId) -> Option<Arc<Entry>> {
        let position = self.position(kind, name).ok()?;
        let gone = self.0.remove(position);
        self.shrink();
        Some(gone)
    }

    /// Removes all that are gone in one pass.
    pub(super) fn remove_all(&mut self, is_gone: impl Fn(&WorkloadId) -> bool) -> Vec<Arc<Entry>> {
        let gone = self.0.extract_if(.., |entry| is_gone(&entry.workload.id));
        let gone = gone.collect();
        self.shrink();
        gone
    }

    fn shrink(&mut self) {
        if self.0.len() < self.0.capacity() / 4 {
            self.0.shrink_to_fit();
        }
    }

    fn start_behind(&self, after: Option<(&WatchedKind, &str)>) -> usize {
        after.map_or(0, |(kind, name)| match self.position(kind, name) {
            Ok(position) => position + 1,
            Err(position) => position,
        })
    }

    fn position(&self, kind: &WatchedKind, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|entry| {
            let id = &entry.workload.id;
            let kinds = if std::ptr::eq(&raw const *id.kind, kind) {
                Ordering::Equal
            } else {
                (*id.kind).cmp(kind)
            };
            kinds.then_with(|| (*id.name).cmp(name))
        })
    }
}
