//! The inventory: everything seen of a cluster or of manifests, by namespace. Events and lists go in;
//! facts and a log of changes come out. It holds compact records, never objects. Only a delete event or
//! a completed list removes a record. It plans no writes and knows none in flight: planners do. It
//! neither reads a clock nor waits: every instant is a parameter.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;

use super::settings::Settings;
use super::verdict::{AsOf, JudgeContext};
use super::workload::{ReadContext, Workload};
use crate::api::{GoldenPathStatus, Period};
use crate::assess::exception::assurance::Vouching;
use crate::assess::goal_objects::Goals;
use crate::assess::goal_objects::terms::ServiceTerms;
use crate::assess::inventory::births::CreationDays;
use crate::assess::inventory::changes::Logs;
use crate::assess::inventory::faults::SeenFaults;
use crate::assess::inventory::recreation::Deleted;
use crate::assess::inventory::sharing::SharedValues;
use crate::assess::inventory::slots::Slots;
use crate::assess::inventory::sweeps::Sweeps;
use crate::assess::inventory::time::ExceptionTimers;
use crate::assess::inventory::undecodable::UndecodableObjects;
use crate::assess::namespace_index::{Entry, LocalId, NamespaceIndex};
use crate::assess::object::kind::WorkloadId;
use crate::assess::object::namespace::Namespace;
use crate::assess::path::set::PathSet;

pub(crate) mod births;
pub mod changes;
pub mod events;
pub mod faults;
pub mod lists;
mod recorded;
pub mod records;
pub mod recreation;
mod sharing;
mod slots;
mod sweeps;
mod time;
pub mod undecodable;

/// How long a deleted path still judges, so that labels do not flicker when a delivery tool re-creates
/// it.
pub const DELETED_PATH_GRACE: Period = Period::seconds(300);

/// An exception, by namespace and name.
pub type ExceptionKey = (Arc<str>, Arc<str>);

/// Facts about a cluster, or about a set of manifests.
#[derive(Debug)]
pub struct Inventory {
    /// Settings for reading and counting workloads.
    pub settings: Settings,
    vouching: Vouching,
    paths: Arc<PathSet>,
    path_statuses: BTreeMap<Arc<str>, Option<GoldenPathStatus>>,
    /// Each is shared with the snapshots that readers hold, and copied where it changes meanwhile.
    namespaces: BTreeMap<Arc<str>, Arc<NamespaceIndex>>,
    logs: Logs,
    sweeps: Sweeps,
    shared: SharedValues,
    workload_slots: Slots,
    service_slots: Slots,
    faults: SeenFaults,
    timers: ExceptionTimers,
    version: u64,
    last_tick: Option<Timestamp>,
    deleted: Deleted,
    creation_days: CreationDays,
    undecodable: UndecodableObjects,
    exceptions_kept: bool,
    /// Shared with the snapshots that readers hold.
    goals: Arc<Goals>,
    /// Compiled from the goals.
    terms: Arc<ServiceTerms>,
}

/// Objects to read again after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Reread {
    /// None: the records suffice.
    Nothing,
    /// Every workload.
    Everything,
}

impl Inventory {
    /// An empty inventory.
    pub fn new(settings: Settings) -> Self {
        Self {
            logs: Logs::new(settings.delivery.is_some()),
            settings,
            vouching: Vouching::default(),
            paths: Arc::default(),
            path_statuses: BTreeMap::new(),
            namespaces: BTreeMap::new(),
            sweeps: Sweeps::default(),
            shared: SharedValues::default(),
            workload_slots: Slots::default(),
            service_slots: Slots::default(),
            faults: SeenFaults::default(),
            timers: ExceptionTimers::default(),
            version: 0,
            last_tick: None,
            deleted: Deleted::default(),
            creation_days: CreationDays::default(),
            undecodable: UndecodableObjects::default(),
            exceptions_kept: false,
            goals: Arc::default(),
            terms: Arc::default(),
        }
    }

    /// Sets since when the API server verifies approvals. True if that changed.
    pub fn set_vouching(&mut self, vouching: Vouching) -> bool {
        let has_changed = self.vouching != vouching;
        self.vouching = vouching;
        if has_changed {
            self.mark_every_exception();
            self.version += 1;
        }
        has_changed
    }

    /// Sets whether the definition of exceptions was removed, so that the last known ones stay in force.
    pub fn set_exceptions_kept(&mut self, kept: bool) {
        self.exceptions_kept = kept;
        self.version += 1;
    }

    /// The paths in force.
    pub fn paths(&self) -> &Arc<PathSet> {
        &self.paths
    }

    /// The namespaces with any record, in order of name.
    pub fn namespaces(&self) -> impl Iterator<Item = (&str, &NamespaceIndex)> {
        self.namespaces.iter().map(|(name, ns)| (&**name, &**ns))
    }

    /// One namespace.
    pub fn namespace(&self, namespace: &str) -> Option<&NamespaceIndex> {
        self.namespaces.get(namespace).map(|ns| &**ns)
    }

    /// The workloads from this namespace on and behind `after`, in order of namespace, kind and name.
    pub fn workloads_from<'a>(
        &'a self,
        namespace: &str,
        after: Option<&WorkloadId>,
    ) -> impl Iterator<Item = (&'a NamespaceIndex, &'a Workload)> {
        let start = after.map_or(namespace, |id| namespace.max(&id.namespace));
        self.namespaces_from(start).flat_map(move |(name, ns)| {
            let after = after.filter(|id| *id.namespace == *name);
            let behind = after.map(|id| (&*id.kind, &*id.name));
            let entries = ns.workloads.behind(behind).iter();
            entries.map(move |entry| (ns, &entry.workload))
        })
    }

    /// The namespaces with any record from this one on, in order of name.
    pub fn namespaces_from(
        &self,
        name: &str,
    ) -> impl Iterator<Item = (&str, &NamespaceIndex)> + use<'_> {
        self.namespaces
            .range::<str, _>((Bound::Included(name), Bound::Unbounded))
            .map(|(name, ns)| (&**name, &**ns))
    }

    /// A workload and its namespace.
    pub fn entry(&self, id: &WorkloadId) -> Option<(&NamespaceIndex, &Entry)> {
        let ns = self.namespaces.get(&id.namespace)?;
        Some((ns, ns.workloads.get(&id.kind, &id.name)?))
    }

    pub fn workload(&self, id: &WorkloadId) -> Option<&Workload> {
        let (_, entry) = self.entry(id)?;
        Some(&entry.workload)
    }

    /// Whether a path of this name is stored.
    pub(super) fn is_path_stored(&self, name: &str) -> bool {
        self.path_statuses.contains_key(name)
    }

    /// The stored status of a path.
    pub fn path_status(&self, name: &str) -> Option<&GoldenPathStatus> {
        self.path_statuses.get(name)?.as_ref()
    }

    pub(super) fn undecodable(&self) -> &UndecodableObjects {
        &self.undecodable
    }

    pub fn vouching(&self) -> Vouching {
        self.vouching
    }

    /// Whether the definition of exceptions was removed; the last known ones stay in force.
    pub(crate) fn exceptions_kept(&self) -> bool {
        self.exceptions_kept
    }

    /// Objectives, surveys, roadmap items and personas.
    pub fn goals(&self) -> &Arc<Goals> {
        &self.goals
    }

    /// What personas and roadmap items compare services with.
    pub(crate) fn terms(&self) -> &ServiceTerms {
        &self.terms
    }

    /// Changes objectives, surveys, roadmap items or personas. Services are counted again, and exceptions
    /// assessed again, only where a persona or roadmap item compares them with something else, or an item
    /// ships.
    pub fn change_goals<T>(&mut self, change: impl FnOnce(&mut Goals) -> T) -> T {
        self.version += 1;
        let shipped = shipped_dates(&self.goals);
        let answer = change(Arc::make_mut(&mut self.goals));
        if shipped != shipped_dates(&self.goals) {
            self.mark_every_exception();
            self.unsettle_exceptions();
        }
        let terms = ServiceTerms::of(&self.goals);
        if *self.terms != terms {
            self.terms = Arc::new(terms);
            self.recount_all();
            self.mark_every_exception();
        }
        answer
    }

    /// A counter that grows with every change, so that readers can cache.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Inputs for reading a workload of this namespace, cloned cheaply, so that the caller need not hold
    /// the inventory meanwhile.
    pub fn read_inputs(&self, namespace: &str) -> (Arc<PathSet>, Option<Namespace>) {
        let known = self
            .namespaces
            .get(namespace)
            .and_then(|ns| ns.namespace.clone());
        (self.paths.clone(), known)
    }

    /// Inputs for reading a workload of this namespace, borrowed from the inventory.
    pub fn read_context(&self, namespace: &str) -> ReadContext<'_> {
        let known = self
            .namespaces
            .get(namespace)
            .and_then(|ns| ns.namespace.as_ref());
        ReadContext {
            settings: &self.settings,
            paths: &self.paths,
            namespace: known,
            messages: false,
        }
    }

    /// Inputs shared by all verdicts at one instant.
    pub fn judge_context<'a>(&'a self, as_of: &'a AsOf) -> JudgeContext<'a> {
        JudgeContext {
            settings: &self.settings,
            paths: &self.paths,
            as_of,
            births: self.birth_rule(),
            terms: &self.terms,
        }
    }

    /// The same facts for readers that must not hold up the writer: a copy of references, whose logs of
    /// changes are empty.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self {
            vouching: self.vouching,
            paths: self.paths.clone(),
            path_statuses: self.path_statuses.clone(),
            namespaces: self.namespaces.clone(),
            faults: self.faults.clone(),
            version: self.version,
            last_tick: self.last_tick,
            undecodable: self.undecodable.clone(),
            exceptions_kept: self.exceptions_kept,
            goals: self.goals.clone(),
            terms: self.terms.clone(),
            creation_days: self.creation_days.snapshot(),
            ..Self::new(self.settings.clone())
        }
    }

    fn namespace_mut(&mut self, name: &str) -> Option<&mut NamespaceIndex> {
        self.namespaces.get_mut(name).map(Arc::make_mut)
    }

    /// A namespace, added where it is not known.
    fn namespace_or_new(&mut self, name: &str) -> &mut NamespaceIndex {
        if !self.namespaces.contains_key(name) {
            self.namespaces.insert(name.into(), Arc::default());
        }
        Arc::make_mut(self.namespaces.entry(name.into()).or_default())
    }

    fn forget_if_empty(&mut self, namespace: &str) {
        if self
            .namespaces
            .get(namespace)
            .is_some_and(|ns| ns.is_empty())
        {
            self.namespaces.remove(namespace);
        }
    }
}

/// The shipped roadmap items with their dates.
fn shipped_dates(goals: &Goals) -> Vec<(Arc<str>, Timestamp)> {
    let items = goals.roadmap.iter();
    items
        .filter_map(|item| Some((item.name.clone(), item.shipped_at()?)))
        .collect()
}

/// Kind and name of a workload.
fn local(id: &WorkloadId) -> LocalId {
    (id.kind.clone(), id.name.clone())
}
