//! Immutable sets of golden paths, by index and by name. A change makes a new set. Results of an older
//! set are read with that set until the workload is judged again. No path is compiled here.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::assess::path::Path;

/// Every path at one time. **Invariant:** results of a workload are read with the set that judged it.
#[derive(Debug, Default)]
pub struct PathSet {
    paths: Vec<Arc<Path>>,
    names: BTreeMap<Arc<str>, usize>,
    former: BTreeMap<String, usize>,
    departed: Vec<Arc<Path>>,
}

impl PathSet {
    /// A set of paths, in order of name. Departed paths judge nothing. A deleted path whose name another
    /// path has taken over needs no grace period.
    fn new(mut paths: Vec<Arc<Path>>, departed: Vec<Arc<Path>>) -> Self {
        let taken_over: Vec<String> = paths
            .iter()
            .filter(|path| path.deleted.is_none())
            .flat_map(|path| path.spec.former_names.iter().cloned())
            .collect();
        paths
            .retain(|path| path.deleted.is_none() || !taken_over.iter().any(|n| **n == *path.name));
        paths.sort_by(|a, b| a.name.cmp(&b.name));
        let numbered = || paths.iter().enumerate();
        let names = numbered()
            .map(|(index, path)| (path.name.clone(), index))
            .collect();
        let former = numbered()
            .flat_map(|(index, path)| {
                let former = path.spec.former_names.iter();
                former.map(move |name| (name.clone(), index))
            })
            .collect();
        Self {
            paths,
            names,
            former,
            departed,
        }
    }

    /// This set with one path added or replaced.
    #[must_use]
    pub fn with(&self, path: Path) -> Self {
        let others = |paths: &[Arc<Path>]| -> Vec<Arc<Path>> {
            paths
                .iter()
                .filter(|known| known.name != path.name)
                .cloned()
                .collect()
        };
        let (mut paths, departed) = (others(&self.paths), others(&self.departed));
        paths.push(Arc::new(path));
        Self::new(paths, departed)
    }

    /// This set with some paths departed: they judge nothing, but their terms still apply to their
    /// exceptions.
    #[must_use]
    pub fn without(&self, departs: impl Fn(&Path) -> bool) -> Self {
        let (gone, staying) = self
            .paths
            .iter()
            .cloned()
            .partition::<Vec<_>, _>(|path| departs(path));
        Self::new(staying, self.departed.iter().cloned().chain(gone).collect())
    }

    /// The path whose terms apply to exceptions for `name`, including a departed one.
    pub fn terms(&self, name: &str) -> Option<&Path> {
        let departed = || {
            self.departed
                .iter()
                .find(|path| *path.name == *name)
                .map(Arc::as_ref)
        };
        self.resolve(name)
            .map(|index| self.get(index))
            .or_else(departed)
    }

    /// The paths, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().map(Arc::as_ref)
    }

    /// The path with this index.
    pub fn get(&self, index: usize) -> &Path {
        &self.paths[index]
    }

    /// The index of the path with this current or former name.
    pub fn resolve(&self, name: &str) -> Option<usize> {
        self.names
            .get(name)
            .or_else(|| self.former.get(name))
            .copied()
    }

    /// The index of the path with this current name.
    pub(crate) fn resolve_exact(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    /// Whether an exception for `named`, a path of this set, applies to `judging`, which may come from an
    /// older set: the same path, or one whose name `named` has taken over.
    pub(crate) fn is_about(&self, named: &Path, judging: &Path) -> bool {
        let takes_over = || {
            let mut former = named.spec.former_names.iter();
            self.resolve_exact(&judging.name).is_none()
                && former.any(|name| **name == *judging.name)
        };
        named.name == judging.name || takes_over()
    }

    /// Number of paths, without departed ones.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether the set has no path.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether both sets give every workload the same results, so that none has to be read again.
    pub fn judges_like(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other.iter()).all(|(a, b)| a.judges_like(b))
    }
}
