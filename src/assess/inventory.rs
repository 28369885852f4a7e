//! The inventory: plain, synchronous data. Events go in, verdicts and wanted writes come out.
//! It keeps compact records, never objects. Only a delete event or a completed list removes.
//! It neither reads a clock nor waits: every instant is a parameter.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::cover::Exception;
use super::kind::{WatchedKind, WorkloadId};
use super::namespace::Namespace;
use super::path::{Origin, Path, PathSet};
use super::progress::Progress;
use super::run::Fault;
use super::settings::Settings;
use super::space::{Entry, KubeService, LocalId, Space};
use super::state::Cause;
use super::verdict::{Bench, Moment};
use super::workload::{Lens, Observed, OwnLabels, Workload};
use crate::api::{GoldenPathSpec, GoldenPathStatus, Period};

/// How long a deleted path is still judged by, so that a path that is re-created by a delivery
/// tool does not make every label flicker.
pub const DELETED_PATH_GRACE: Period = Period::seconds(300);

/// Everything known of a cluster, or of a set of manifests.
#[derive(Debug)]
pub struct Inventory {
    /// How workloads are read and counted.
    pub settings: Settings,
    pub(super) paths: Arc<PathSet>,
    pub(super) path_statuses: BTreeMap<Arc<str>, PathRecord>,
    pub(super) spaces: BTreeMap<Arc<str>, Space>,
    pub(super) queue: VecDeque<WorkloadId>,
    pub(super) later: BTreeMap<Timestamp, Vec<WorkloadId>>,
    pub(super) label_values: HashSet<Arc<OwnLabels>>,
    pub(super) faults: BTreeMap<(Arc<str>, u16), SeenFault>,
    pub(super) next_change: NextChange,
    pub(super) conflicts: u64,
    pub(super) version: u64,
    pub(super) last_tick: Option<Timestamp>,
}

/// What is kept of a path's stored object besides its spec.
#[derive(Clone, Debug, Default)]
pub struct PathRecord {
    /// The status as stored.
    pub status: Option<GoldenPathStatus>,
    /// When our last status write went out.
    pub(super) status_written: Option<Timestamp>,
}

/// A sample of what goes wrong with one check while it runs.
#[derive(Clone, Debug)]
pub struct SeenFault {
    /// What went wrong.
    pub fault: Fault,
    /// One workload it went wrong on.
    pub workload: WorkloadId,
}

/// When time alone next changes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextChange {
    /// Something changed since it was last worked out.
    Unsettled,
    /// At this instant, or never.
    At(Option<Timestamp>),
}

/// What has to be read again after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reread {
    /// Nothing: the records answer.
    Nothing,
    /// Every workload.
    Everything,
}

/// Whose list was completed.
#[derive(Clone, Debug)]
pub enum Listed<'a> {
    /// Golden paths, by name.
    Paths(&'a HashSet<String>),
    /// Exceptions, by namespace and name.
    Exceptions(&'a HashSet<(String, String)>),
    /// Namespaces, by name.
    Namespaces(&'a HashSet<String>),
    /// Kubernetes Services, by namespace and name.
    Services(&'a HashSet<(String, String)>),
    /// Workloads of one kind, by namespace and name; of one namespace where it is given.
    Workloads {
        /// The kind.
        kind: &'a WatchedKind,
        /// The namespace that was listed; all where absent.
        namespace: Option<&'a str>,
        /// What the list held.
        seen: &'a HashSet<(String, String)>,
    },
}

impl Inventory {
    /// An empty inventory.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            paths: Arc::default(),
            path_statuses: BTreeMap::new(),
            spaces: BTreeMap::new(),
            queue: VecDeque::new(),
            later: BTreeMap::new(),
            label_values: HashSet::new(),
            faults: BTreeMap::new(),
            next_change: NextChange::Unsettled,
            conflicts: 0,
            version: 0,
            last_tick: None,
        }
    }

    /// The paths in force.
    pub fn paths(&self) -> &Arc<PathSet> {
        &self.paths
    }

    /// The namespaces something is known of, in order of name.
    pub fn spaces(&self) -> impl Iterator<Item = (&str, &Space)> {
        self.spaces.iter().map(|(name, space)| (&**name, space))
    }

    /// One namespace.
    pub fn space(&self, namespace: &str) -> Option<&Space> {
        self.spaces.get(namespace)
    }

    /// One workload.
    pub fn workload(&self, id: &WorkloadId) -> Option<&Workload> {
        let entry = self.spaces.get(&id.namespace)?.workloads.get(&local(id))?;
        Some(&entry.workload)
    }

    /// A number that grows with every change, so that readers know whether to look again.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What to look at a workload of this namespace with. Clones are cheap; the inventory need
    /// not be held while an object is judged.
    pub fn glass(&self, namespace: &str) -> (Arc<PathSet>, Option<Namespace>) {
        let known = self
            .spaces
            .get(namespace)
            .and_then(|space| space.namespace.clone());
        (self.paths.clone(), known)
    }

    /// A lens on the inventory's own data, for callers that hold it anyway.
    pub fn lens(&self, namespace: &str) -> Lens<'_> {
        let known = self
            .spaces
            .get(namespace)
            .and_then(|space| space.namespace.as_ref());
        Lens {
            settings: &self.settings,
            paths: &self.paths,
            namespace: known,
            messages: false,
        }
    }

    /// What verdicts are given under at a moment.
    pub fn bench<'a>(&'a self, moment: &'a Moment) -> Bench<'a> {
        Bench {
            settings: &self.settings,
            paths: &self.paths,
            moment,
        }
    }

    /// Adds or replaces a path. An unchanged generation only refreshes its stored status.
    pub fn put_path(
        &mut self,
        origin: Origin,
        spec: GoldenPathSpec,
        status: Option<GoldenPathStatus>,
    ) -> Reread {
        let name: Arc<str> = origin.name.as_str().into();
        self.path_statuses.entry(name.clone()).or_default().status = status;
        self.version += 1;
        let known = self
            .paths
            .resolve_exact(&name)
            .map(|index| self.paths.get(index));
        let unchanged = known.is_some_and(|path| {
            path.deleted.is_none()
                && path.spec == spec
                && path.generation == origin.generation
                && path.uid.as_deref() == origin.uid.as_deref()
        });
        if unchanged {
            return Reread::Nothing;
        }
        let others = self
            .paths
            .shared()
            .filter(|path| path.name != name)
            .cloned();
        let set = others
            .chain([Arc::new(Path::compile(origin, spec))])
            .collect();
        self.replace_paths(PathSet::new(set))
    }

    /// Notes that a path was deleted. It is still judged by for [`DELETED_PATH_GRACE`].
    pub fn remove_path(&mut self, name: &str, now: Timestamp) -> Reread {
        let Some(index) = self.paths.resolve_exact(name) else {
            return Reread::Nothing;
        };
        self.path_statuses.remove(name);
        let old = self.paths.get(index);
        if old.deleted.is_some() {
            return Reread::Nothing;
        }
        let gone = Arc::new(old.deleted_at(now));
        let others = self
            .paths
            .shared()
            .filter(|path| *path.name != *name)
            .cloned();
        let set = others.chain([gone]).collect();
        self.replace_paths(PathSet::new(set))
    }

    pub(super) fn replace_paths(&mut self, set: PathSet) -> Reread {
        let before = std::mem::replace(&mut self.paths, Arc::new(set));
        self.next_change = NextChange::Unsettled;
        self.version += 1;
        self.faults
            .retain(|(name, _), _| self.paths.resolve_exact(name).is_some());
        if !self.paths.judges_like(&before) {
            return Reread::Everything;
        }
        for entry in self
            .spaces
            .values_mut()
            .flat_map(|space| space.workloads.values_mut())
        {
            if Arc::ptr_eq(&entry.workload.paths, &before) {
                entry.workload.paths = self.paths.clone();
            }
        }
        self.mark_all(Cause::Path);
        Reread::Nothing
    }

    /// Adds or replaces a namespace. True where its workloads have to be read again.
    #[must_use]
    pub fn put_namespace(&mut self, namespace: Namespace) -> bool {
        let name = namespace.name.clone();
        let space = self.spaces.entry(name.clone()).or_default();
        let stale = space
            .namespace
            .as_ref()
            .is_none_or(|before| !namespace.judges_like(before));
        let reread = stale && !space.workloads.is_empty();
        space.namespace = Some(namespace);
        self.version += 1;
        reread
    }

    /// Forgets a namespace; its workloads go with their own delete events.
    pub fn remove_namespace(&mut self, name: &str) {
        if let Some(space) = self.spaces.get_mut(name) {
            space.namespace = None;
        }
        self.forget_if_empty(name);
    }

    /// Adds or replaces an exception.
    pub fn put_exception(&mut self, namespace: &str, exception: Exception) {
        self.version += 1;
        let name = exception.name.clone();
        let space = self.spaces.entry(namespace.into()).or_default();
        let known = space.exception(&name);
        let same = known.is_some_and(|known| {
            known.spec == exception.spec && known.created == exception.created
        });
        let before = space.put_exception(exception);
        if same {
            return;
        }
        let after = space.exception(&name);
        let ids = named_ids(space, before.iter().chain(after));
        self.next_change = NextChange::Unsettled;
        ids.into_iter()
            .for_each(|id| self.mark(&id, Cause::Exception));
    }

    /// Removes an exception, which is returned whole so that its end can be put on record.
    pub fn remove_exception(&mut self, namespace: &str, name: &str) -> Option<Exception> {
        let space = self.spaces.get_mut(namespace)?;
        let gone = space.remove_exception(name)?;
        let ids = named_ids(space, std::iter::once(&gone));
        self.next_change = NextChange::Unsettled;
        self.version += 1;
        ids.into_iter()
            .for_each(|id| self.mark(&id, Cause::Exception));
        self.forget_if_empty(namespace);
        Some(gone)
    }

    /// Adds or replaces a workload.
    pub fn put_workload(&mut self, observed: Observed) {
        let Observed {
            mut workload,
            faults,
        } = observed;
        workload.live = self.shared_labels(&workload.live);
        self.note_faults(&workload, faults);
        let id = workload.id.clone();
        let space = self.spaces.entry(id.namespace.clone()).or_default();
        let cause = match space.workloads.get_mut(&local(&id)) {
            Some(entry) => entry.replace(workload),
            None => {
                space.workloads.insert(
                    local(&id),
                    Entry {
                        workload,
                        progress: Progress::default(),
                    },
                );
                Cause::Workload
            }
        };
        self.mark(&id, cause);
        self.version += 1;
    }

    /// Removes a workload.
    pub fn remove_workload(&mut self, id: &WorkloadId) {
        if let Some(space) = self.spaces.get_mut(&id.namespace) {
            space.workloads.remove(&local(id));
            self.version += 1;
        }
        self.forget_if_empty(&id.namespace);
    }

    /// Adds or replaces a Kubernetes Service.
    pub fn put_service(&mut self, namespace: &str, name: &str, service: KubeService) {
        let space = self.spaces.entry(namespace.into()).or_default();
        match space.services.get_mut(name) {
            Some(known) => known.refresh(service),
            None => {
                space.services.insert(name.into(), service);
            }
        }
    }

    /// Removes a Kubernetes Service.
    pub fn remove_service(&mut self, namespace: &str, name: &str) {
        if let Some(space) = self.spaces.get_mut(namespace) {
            space.services.remove(name);
        }
        self.forget_if_empty(namespace);
    }

    /// Removes what a completed list did not hold. Deleted exceptions are returned.
    pub fn complete_list(
        &mut self,
        listed: &Listed<'_>,
        now: Timestamp,
    ) -> (Reread, Vec<(String, Exception)>) {
        match listed {
            Listed::Paths(seen) => {
                let gone: Vec<_> = self
                    .paths
                    .iter()
                    .filter(|path| !seen.contains(&*path.name))
                    .map(|path| path.name.clone())
                    .collect();
                let rereads: Vec<_> = gone
                    .iter()
                    .map(|name| self.remove_path(name, now))
                    .collect();
                let reread = rereads
                    .into_iter()
                    .find(|reread| *reread == Reread::Everything);
                (reread.unwrap_or(Reread::Nothing), Vec::new())
            }
            Listed::Exceptions(seen) => {
                let all = self.spaces.iter().flat_map(|(namespace, space)| {
                    space
                        .exceptions()
                        .map(|exception| (namespace.to_string(), exception.name.to_string()))
                });
                let gone: Vec<_> = all.filter(|key| !seen.contains(key)).collect();
                let removed = gone.into_iter().filter_map(|(namespace, name)| {
                    let exception = self.remove_exception(&namespace, &name)?;
                    Some((namespace, exception))
                });
                (Reread::Nothing, removed.collect())
            }
            Listed::Namespaces(seen) => {
                let gone: Vec<_> = self
                    .spaces
                    .keys()
                    .filter(|name| !seen.contains(&***name))
                    .cloned()
                    .collect();
                gone.iter().for_each(|name| self.remove_namespace(name));
                (Reread::Nothing, Vec::new())
            }
            Listed::Services(seen) => {
                for (namespace, space) in &mut self.spaces {
                    space.services.retain(|name, _| {
                        seen.contains(&(namespace.to_string(), name.to_string()))
                    });
                }
                (Reread::Nothing, Vec::new())
            }
            Listed::Workloads {
                kind,
                namespace,
                seen,
            } => {
                self.retain_workloads(kind, *namespace, seen);
                (Reread::Nothing, Vec::new())
            }
        }
    }

    fn retain_workloads(
        &mut self,
        kind: &WatchedKind,
        namespace: Option<&str>,
        seen: &HashSet<(String, String)>,
    ) {
        for (name, space) in &mut self.spaces {
            if namespace.is_none_or(|only| *only == **name) {
                space.workloads.retain(|(known, workload), _| {
                    **known != *kind || seen.contains(&(name.to_string(), workload.to_string()))
                });
            }
        }
        self.version += 1;
    }

    pub(super) fn mark(&mut self, id: &WorkloadId, cause: Cause) {
        let Some(space) = self.spaces.get_mut(&id.namespace) else {
            return;
        };
        let Some(entry) = space.workloads.get_mut(&local(id)) else {
            return;
        };
        if entry.progress.dirty.is_none() {
            entry.progress.dirty = Some(cause);
            self.queue.push_back(id.clone());
        }
    }

    pub(super) fn mark_all(&mut self, cause: Cause) {
        for entry in self
            .spaces
            .values_mut()
            .flat_map(|space| space.workloads.values_mut())
        {
            if entry.progress.dirty.is_none() {
                entry.progress.dirty = Some(cause);
                self.queue.push_back(entry.workload.id.clone());
            }
        }
        self.version += 1;
    }

    pub(super) fn shared_labels(&mut self, labels: &Arc<OwnLabels>) -> Arc<OwnLabels> {
        if let Some(known) = self.label_values.get(labels) {
            return known.clone();
        }
        self.label_values.insert(labels.clone());
        labels.clone()
    }

    fn note_faults(&mut self, workload: &Workload, faults: Vec<Fault>) {
        for fault in faults {
            let path = workload.paths.get(fault.path.into()).name.clone();
            let key = (path, fault.check);
            self.faults.entry(key).or_insert_with(|| SeenFault {
                fault,
                workload: workload.id.clone(),
            });
        }
    }

    fn forget_if_empty(&mut self, namespace: &str) {
        if self.spaces.get(namespace).is_some_and(Space::is_empty) {
            self.spaces.remove(namespace);
        }
    }
}

/// Kind and name of a workload.
pub(super) fn local(id: &WorkloadId) -> LocalId {
    (id.kind.clone(), id.name.clone())
}

fn named_ids<'a>(
    space: &'a Space,
    exceptions: impl Iterator<Item = &'a Exception>,
) -> HashSet<WorkloadId> {
    exceptions
        .flat_map(|exception| space.named_by(exception))
        .map(|workload| workload.id.clone())
        .collect()
}

impl Entry {
    /// Takes a newer record. Says what changed: the paths it is judged by, or the workload.
    fn replace(&mut self, mut workload: Workload) -> Cause {
        let judged_anew = !Arc::ptr_eq(&self.workload.paths, &workload.paths);
        let older_than_our_write = self
            .progress
            .written_version
            .zip(workload.version)
            .is_some_and(|(ours, seen)| seen < ours);
        let same_object = self.workload.uid == workload.uid;
        if same_object && older_than_our_write {
            workload.live = self.workload.live.clone();
        }
        if !same_object {
            self.progress.restart();
        }
        self.workload = workload;
        if judged_anew {
            Cause::Path
        } else {
            Cause::Workload
        }
    }
}

impl KubeService {
    fn refresh(&mut self, mut newer: Self) {
        let same_object = self.uid == newer.uid;
        if same_object {
            newer.progress = self.progress.clone();
        }
        *self = newer;
    }
}
