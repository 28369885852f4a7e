//! The inventory: plain, synchronous data. Events go in, verdicts and wanted writes come out.
//! It keeps compact records, never objects. Only a delete event or a completed list removes.
//! It neither reads a clock nor waits: every instant is a parameter.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::settings::Settings;
use super::state::Cause;
use super::verdict::{AsOf, JudgeContext};
use super::warning::Upkeep;
use super::workload::{OwnLabels, ReadContext, Workload};
use crate::api::{GoldenPathStatus, Period};
use crate::assess::exception::assurance::Vouching;
use crate::assess::inventory::namespace_index::{LocalId, NamespaceIndex};
use crate::assess::inventory::recreation::Deleted;
use crate::assess::inventory::undecodable::UndecodableObjects;
use crate::assess::object::kind::WorkloadId;
use crate::assess::object::namespace::Namespace;
use crate::assess::path::evaluate::Fault;
use crate::assess::path::set::PathSet;
use crate::assess::planner::statuses::Paces;

pub mod events;
pub mod lists;
pub mod namespace_index;
pub mod recreation;
pub mod undecodable;

/// How long a deleted path is still judged by, so that a path that is re-created by a delivery
/// tool does not make every label flicker.
pub const DELETED_PATH_GRACE: Period = Period::seconds(300);

/// Everything known of a cluster, or of a set of manifests.
#[derive(Debug)]
pub struct Inventory {
    /// How workloads are read and counted.
    pub settings: Settings,
    pub(super) vouching: Vouching,
    pub(super) paths: Arc<PathSet>,
    pub(super) path_statuses: BTreeMap<Arc<str>, Option<GoldenPathStatus>>,
    pub(super) paces: Paces,
    pub(super) namespaces: BTreeMap<Arc<str>, NamespaceIndex>,
    pub(super) queue: VecDeque<WorkloadId>,
    pub(super) later: BTreeMap<Timestamp, Vec<WorkloadId>>,
    pub(super) label_values: HashSet<Arc<OwnLabels>>,
    pub(super) faults: BTreeMap<(Arc<str>, u16), SeenFault>,
    pub(super) next_change: NextChange,
    pub(super) conflicts: u64,
    pub(super) version: u64,
    pub(super) last_tick: Option<Timestamp>,
    pub(super) upkeep: Upkeep,
    pub(super) deleted: Deleted,
    pub(super) undecodable: UndecodableObjects,
    pub(super) exceptions_kept: bool,
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

impl Inventory {
    /// An empty inventory.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            vouching: Vouching::default(),
            paths: Arc::default(),
            path_statuses: BTreeMap::new(),
            paces: Paces::new(),
            namespaces: BTreeMap::new(),
            queue: VecDeque::new(),
            later: BTreeMap::new(),
            label_values: HashSet::new(),
            faults: BTreeMap::new(),
            next_change: NextChange::Unsettled,
            conflicts: 0,
            version: 0,
            last_tick: None,
            upkeep: Upkeep::default(),
            deleted: Deleted::default(),
            undecodable: UndecodableObjects::default(),
            exceptions_kept: false,
        }
    }

    /// Since when the API server vouches for approvals. True where that is news.
    pub fn set_vouching(&mut self, vouching: Vouching) -> bool {
        let is_news = self.vouching != vouching;
        self.vouching = vouching;
        self.version += u64::from(is_news);
        is_news
    }

    /// Whether the exceptions are those of a definition that was removed.
    pub fn set_exceptions_kept(&mut self, kept: bool) {
        self.exceptions_kept = kept;
        self.version += 1;
    }

    /// The paths in force.
    pub fn paths(&self) -> &Arc<PathSet> {
        &self.paths
    }

    /// The namespaces something is known of, in order of name.
    pub fn namespaces(&self) -> impl Iterator<Item = (&str, &NamespaceIndex)> {
        self.namespaces.iter().map(|(name, ns)| (&**name, ns))
    }

    /// One namespace.
    pub fn namespace(&self, namespace: &str) -> Option<&NamespaceIndex> {
        self.namespaces.get(namespace)
    }

    /// One workload.
    pub fn workload(&self, id: &WorkloadId) -> Option<&Workload> {
        let entry = self
            .namespaces
            .get(&id.namespace)?
            .workloads
            .get(&local(id))?;
        Some(&entry.workload)
    }

    /// A number that grows with every change, so that readers know whether to look again.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What to look at a workload of this namespace with. Clones are cheap; the inventory need
    /// not be held while an object is judged.
    pub fn read_inputs(&self, namespace: &str) -> (Arc<PathSet>, Option<Namespace>) {
        let known = self
            .namespaces
            .get(namespace)
            .and_then(|ns| ns.namespace.clone());
        (self.paths.clone(), known)
    }

    /// A lens on the inventory's own data, for callers that hold it anyway.
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

    /// What verdicts are given under at a moment.
    pub fn judge_context<'a>(&'a self, as_of: &'a AsOf) -> JudgeContext<'a> {
        JudgeContext {
            settings: &self.settings,
            paths: &self.paths,
            as_of,
        }
    }

    pub(super) fn mark(&mut self, id: &WorkloadId, cause: Cause) {
        let Some(ns) = self.namespaces.get_mut(&id.namespace) else {
            return;
        };
        let Some(entry) = ns.workloads.get_mut(&local(id)) else {
            return;
        };
        if entry.progress.dirty.is_none() {
            entry.progress.dirty = Some(cause);
            self.queue.push_back(id.clone());
        }
    }

    pub(super) fn mark_all(&mut self, cause: Cause) {
        for entry in self
            .namespaces
            .values_mut()
            .flat_map(|ns| ns.workloads.values_mut())
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

    pub(super) fn forget_if_empty(&mut self, namespace: &str) {
        if self
            .namespaces
            .get(namespace)
            .is_some_and(NamespaceIndex::is_empty)
        {
            self.namespaces.remove(namespace);
        }
    }
}

/// Kind and name of a workload.
pub(super) fn local(id: &WorkloadId) -> LocalId {
    (id.kind.clone(), id.name.clone())
}
