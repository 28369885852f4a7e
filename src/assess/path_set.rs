//! The golden paths known at one time, found by name or by a name one had before. A set never
//! changes: whoever judged by it can still read what it judged by.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::path::Path;

/// Every path known at one time. A judged workload is always read with the set it was judged by.
#[derive(Debug, Default)]
pub struct PathSet {
    paths: Vec<Arc<Path>>,
    names: BTreeMap<Arc<str>, usize>,
    former: BTreeMap<String, usize>,
}

impl PathSet {
    /// A set of paths, in order of name.
    pub fn new(mut paths: Vec<Arc<Path>>) -> Self {
        paths.sort_by(|a, b| a.name.cmp(&b.name));
        let names = paths
            .iter()
            .enumerate()
            .map(|(index, path)| (path.name.clone(), index))
            .collect();
        let former = paths.iter().enumerate().flat_map(|(index, path)| {
            path.spec
                .former_names
                .iter()
                .map(move |name| (name.clone(), index))
        });
        let former = former.collect();
        Self {
            paths,
            names,
            former,
        }
    }

    /// The paths, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().map(Arc::as_ref)
    }

    /// The path with this index.
    pub fn get(&self, index: usize) -> &Path {
        &self.paths[index]
    }

    /// The index of the path with this name, or which had it before.
    pub fn resolve(&self, name: &str) -> Option<usize> {
        self.names
            .get(name)
            .or_else(|| self.former.get(name))
            .copied()
    }

    /// The index of the path with exactly this name.
    pub fn resolve_exact(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// The paths, shared with later sets that hold them unchanged.
    pub(super) fn shared(&self) -> impl Iterator<Item = &Arc<Path>> {
        self.paths.iter()
    }

    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether both sets say the same of every workload, so that none has to be read again.
    pub fn judges_like(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other.iter()).all(|(a, b)| a.judges_like(b))
    }
}
