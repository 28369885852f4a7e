//! Index of one namespace: its workloads, exceptions and Kubernetes Services. An exception covers only
//! its own namespace, so a verdict needs no other index. Nothing is judged here.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU64;
use std::ops::Bound;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use serde_json::Value;

use crate::api::keys;
use crate::assess::exception::record::Exception;
use crate::assess::namespace_index::records::{Record, Records, record_name};
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::object::labels::Selector;
use crate::assess::object::namespace::Namespace;
use crate::assess::object::template_hash::TemplateHash;
use crate::assess::settings::Settings;
use crate::assess::workload::Workload;

mod entries;
pub mod records;

pub use entries::Entries;

/// The team of a workload that names none.
pub(crate) const UNKNOWN_TEAM: &str = "unknown";

/// One namespace.
#[derive(Clone, Debug, Default)]
pub struct NamespaceIndex {
    /// The Namespace object, once seen.
    pub namespace: Option<Namespace>,
    /// Its workloads, by kind and name.
    pub workloads: Entries,
    /// Kubernetes Services by name.
    pub services: BTreeMap<Arc<str>, KubeService>,
    /// Its delivery records.
    pub records: Records,
    /// The workloads that name a service with another name than their own.
    by_service: BTreeSet<(Arc<str>, LocalId)>,
    kinds: BTreeSet<Arc<WatchedKind>>,
    /// Shared and copied as workloads are.
    exceptions: BTreeMap<Arc<str>, Arc<Exception>>,
    /// Names of exceptions by the names of their targets.
    by_target: HashMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// Names of the exceptions with a selector.
    by_selector: BTreeSet<Arc<str>>,
}

/// Kind and name of a workload within its namespace.
pub type LocalId = (Arc<WatchedKind>, Arc<str>);

/// Sorts before every other one.
static FIRST_ID: LazyLock<LocalId> = LazyLock::new(|| {
    let kind = WatchedKind {
        kind: String::new(),
        group: String::new(),
        version: String::new(),
        plural: String::new(),
    };
    (Arc::new(kind), "".into())
});

/// The service that a workload names, with the workload, unless both have the same name.
fn service_key(workload: &Workload) -> Option<(Arc<str>, LocalId)> {
    let id = &workload.id;
    let service = workload.service.clone()?;
    (service != id.name).then(|| (service, (id.kind.clone(), id.name.clone())))
}

/// What the answers about other workloads take from one: they change where this does.
#[derive(Debug)]
pub(in crate::assess) struct Influence {
    pub service: Option<Arc<str>>,
    pub created: Option<Timestamp>,
    /// The exceptions that name it.
    pub naming: Vec<Arc<str>>,
    /// Those of them with a limit of workloads.
    pub limited: Vec<Arc<str>>,
}

/// Position of one object in planner state: an index, which later objects reuse, and a generation, which
/// distinguishes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slot {
    pub index: u32,
    pub generation: u32,
}

/// A workload as it was last seen.
#[derive(Clone, Debug)]
pub struct Entry {
    pub workload: Workload,
    pub slot: Slot,
    /// The version made by our last label write; older events do not show that write.
    pub(in crate::assess) labels_version: Option<NonZeroU64>,
}

/// Record of a Kubernetes Service.
#[derive(Clone, Debug)]
pub struct KubeService {
    /// Uid of the stored object.
    pub uid: Option<Box<str>>,
    /// Pod selector; absent if it selects none.
    pub selector: Option<Selector>,
    /// `goldenpath.dev/status` as stored.
    pub live: Option<String>,
    pub(in crate::assess) slot: Slot,
}

impl KubeService {
    /// Reads a Service object. One without a selector selects nothing.
    pub fn read(object: &Value) -> Self {
        let selector = object["spec"]["selector"]
            .as_object()
            .filter(|pairs| !pairs.is_empty())
            .map(|pairs| {
                let texts = pairs
                    .iter()
                    .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
                Selector::of_pairs(texts)
            });
        Self {
            uid: object["metadata"]["uid"].as_str().map(Into::into),
            selector,
            live: object["metadata"]["labels"][keys::STATUS]
                .as_str()
                .map(str::to_owned),
            slot: Slot::default(),
        }
    }
}

impl NamespaceIndex {
    /// Its exceptions, in order of name.
    pub fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        self.exceptions.values().map(|exception| &**exception)
    }

    /// Its exceptions behind this name, in order of name.
    pub fn exceptions_after(
        &self,
        name: Option<&str>,
    ) -> impl Iterator<Item = &Exception> + use<'_> {
        let behind = name.map_or(Bound::Unbounded, Bound::Excluded);
        self.exceptions
            .range::<str, _>((behind, Bound::Unbounded))
            .map(|(_, exception)| &**exception)
    }

    /// One exception by name.
    pub fn exception(&self, name: &str) -> Option<&Exception> {
        self.exceptions.get(name).map(|exception| &**exception)
    }

    /// The delivery record of a workload.
    pub fn record(&self, kind: &WatchedKind, name: &str) -> Option<&Arc<Record>> {
        if self.records.is_empty() {
            return None;
        }
        let record = self.records.get(&record_name(kind, name));
        record.filter(|record| record.is_of(kind, name))
    }

    /// Adds or replaces an exception. Returns the replaced one.
    pub(crate) fn put_exception(&mut self, exception: Exception) -> Option<Exception> {
        let before = self.remove_exception(&exception.name);
        let name = exception.name.clone();
        if exception.spec.selector.is_some() {
            self.by_selector.insert(name.clone());
        } else {
            for target in &exception.spec.targets {
                let target = target.name.as_str().into();
                let names = self.by_target.entry(target).or_default();
                names.insert(name.clone());
            }
        }
        self.exceptions.insert(name, Arc::new(exception));
        before
    }

    /// Removes an exception.
    pub(crate) fn remove_exception(&mut self, name: &str) -> Option<Exception> {
        let gone = self.exceptions.remove(name).map(Arc::unwrap_or_clone)?;
        self.by_selector.remove(name);
        for target in &gone.spec.targets {
            if let Some(names) = self.by_target.get_mut(&*target.name) {
                names.remove(name);
                if names.is_empty() {
                    self.by_target.remove(&*target.name);
                }
            }
        }
        Some(gone)
    }

    pub(crate) fn exception_mut(&mut self, name: &str) -> Option<&mut Exception> {
        self.exceptions.get_mut(name).map(Arc::make_mut)
    }

    /// The exceptions that name this workload, whatever their path and phase.
    pub(crate) fn exceptions_naming<'a>(
        &'a self,
        workload: &'a Workload,
    ) -> impl Iterator<Item = &'a Exception> {
        self.by_target
            .get(&*workload.id.name)
            .into_iter()
            .flatten()
            .chain(&self.by_selector)
            .filter_map(|name| self.exception(name))
            .filter(|exception| exception.names_workload(workload))
    }

    /// The workloads that an exception names, in order of kind and name. Targets are looked up; a
    /// selector scans every workload.
    pub(crate) fn named_by<'a>(
        &'a self,
        exception: &'a Exception,
    ) -> impl Iterator<Item = &'a Workload> {
        let has_selector = exception.spec.selector.is_some();
        let targets = (!has_selector).then(|| self.targets_of(exception));
        let selected = has_selector.then(|| {
            self.workloads
                .values()
                .map(|entry| &entry.workload)
                .filter(|workload| exception.names_workload(workload))
        });
        targets
            .into_iter()
            .flatten()
            .chain(selected.into_iter().flatten())
    }

    fn targets_of(&self, exception: &Exception) -> Vec<&Workload> {
        let ids: BTreeSet<(&Arc<WatchedKind>, &str)> = exception
            .spec
            .targets
            .iter()
            .flat_map(|target| {
                let of_kind = |kind: &&Arc<WatchedKind>| {
                    let group = target.group.as_ref();
                    kind.kind == target.kind && group.is_none_or(|group| *group == kind.group)
                };
                let kinds = self.kinds.iter().filter(of_kind);
                kinds.map(|kind| (kind, target.name.as_str()))
            })
            .collect();
        ids.into_iter()
            .filter_map(|(kind, name)| self.workloads.get(kind, name))
            .map(|entry| &entry.workload)
            .collect()
    }

    /// Adds a new workload.
    pub(in crate::assess) fn add_workload(&mut self, workload: Workload, slot: Slot) {
        self.kinds.insert(workload.id.kind.clone());
        let entry = Arc::new(Entry {
            workload,
            slot,
            labels_version: None,
        });
        self.by_service.extend(service_key(&entry.workload));
        self.workloads.insert(entry);
    }

    /// The entry of a workload.
    pub(in crate::assess) fn entry(&self, workload: &Workload) -> Option<&Arc<Entry>> {
        self.workloads.get(&workload.id.kind, &workload.id.name)
    }

    pub(in crate::assess) fn entry_mut(&mut self, id: &LocalId) -> Option<&mut Entry> {
        self.workloads.get_mut(id)
    }

    /// Removes a workload.
    pub(in crate::assess) fn remove_workload(&mut self, id: &LocalId) -> Option<Arc<Entry>> {
        let gone = self.workloads.remove(id)?;
        self.leave_service(&gone.workload);
        Some(gone)
    }

    /// Removes all workloads that are gone.
    pub(in crate::assess) fn remove_workloads(
        &mut self,
        is_gone: impl Fn(&WorkloadId) -> bool,
    ) -> Vec<Arc<Entry>> {
        let gone = self.workloads.remove_all(is_gone);
        for entry in &gone {
            self.leave_service(&entry.workload);
        }
        gone
    }

    fn leave_service(&mut self, workload: &Workload) {
        if let Some(key) = service_key(workload) {
            self.by_service.remove(&key);
        }
    }

    /// What the answers about other workloads take from this one.
    pub(in crate::assess) fn influence_of(&self, workload: &Workload) -> Influence {
        let (mut naming, mut limited) = (Vec::new(), Vec::new());
        for exception in self.exceptions_naming(workload) {
            if exception.spec.max_workloads.is_some() {
                limited.push(exception.name.clone());
            }
            naming.push(exception.name.clone());
        }
        Influence {
            service: workload.service.clone(),
            created: workload.created(),
            naming,
            limited,
        }
    }

    /// Follows a workload that names another service than before.
    pub(in crate::assess) fn move_service(&mut self, id: &LocalId, before: Option<&Arc<str>>) {
        if let Some(before) = before {
            self.by_service.remove(&(before.clone(), id.clone()));
        }
        let (kind, name) = id;
        let entry = self.workloads.get(kind, name);
        let key = entry.and_then(|entry| service_key(&entry.workload));
        self.by_service.extend(key);
    }

    /// The workloads that name this service, in order of kind and name.
    pub(in crate::assess) fn of_service(&self, name: &Arc<str>) -> Vec<&Entry> {
        let same_name = self
            .kinds
            .iter()
            .filter_map(|kind| self.workloads.get(kind, name))
            .filter(|entry| entry.workload.service.as_ref() == Some(name));
        let others = self
            .by_service
            .range((name.clone(), FIRST_ID.clone())..)
            .take_while(|(service, _)| service == name)
            .filter_map(|(_, (kind, name))| self.workloads.get(kind, name));
        let mut entries: Vec<_> = same_name.chain(others).map(|entry| &**entry).collect();
        entries.sort_by(|a, b| a.workload.id.cmp(&b.workload.id));
        entries
    }

    /// Whether the workload is among the oldest `maxWorkloads` that the exception names.
    pub(crate) fn covers_within_limit(&self, exception: &Exception, workload: &Workload) -> bool {
        let Some(limit) = exception.spec.max_workloads else {
            return true;
        };
        let age = |workload: &Workload| (workload.created(), workload.id.clone());
        let own = age(workload);
        let older = self
            .named_by(exception)
            .filter(|other| age(other) < own)
            .count();
        u32::try_from(older).is_ok_and(|older| older < limit)
    }

    /// The current pod template hash of the target that `boundTo` binds an exception to. None without
    /// `boundTo`, or without the target.
    pub(crate) fn bound_template(&self, exception: &Exception) -> Option<TemplateHash> {
        exception.spec.bound_to.as_ref()?;
        self.named_by(exception).next()?.template
    }

    /// Whether its workloads may opt out.
    pub fn may_ignore(&self, settings: &Settings) -> bool {
        let namespace = self.namespace.as_ref();
        settings.ignore_namespaces.as_ref().is_some_and(|selector| {
            namespace.is_some_and(|namespace| selector.matches(&namespace.labels))
        })
    }

    /// Whether its services count in ratios.
    pub fn is_counted(&self, settings: &Settings) -> bool {
        let no_labels = crate::assess::object::labels::LabelSet::default();
        let labels = self
            .namespace
            .as_ref()
            .map_or(&no_labels, |namespace| &namespace.labels);
        settings
            .counted_namespaces
            .as_ref()
            .is_none_or(|selector| selector.matches(labels))
    }

    /// The team of a workload: its own, else its namespace's, else `unknown`.
    pub fn team_of<'a>(&'a self, workload: &'a Workload) -> &'a str {
        let on_namespace = self
            .namespace
            .as_ref()
            .and_then(|namespace| namespace.team.as_deref());
        workload
            .attributes
            .team
            .as_deref()
            .or(on_namespace)
            .unwrap_or(UNKNOWN_TEAM)
    }

    /// Whether the index has no record.
    pub fn is_empty(&self) -> bool {
        self.namespace.is_none()
            && self.workloads.is_empty()
            && self.services.is_empty()
            && self.exceptions.is_empty()
            && self.records.is_empty()
    }
}
