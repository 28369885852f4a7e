//! Events from a watch, a list or a file about one object. Each marks the workloads to judge again, and
//! returns which objects to read again where records do not suffice. Absence from lists is handled in
//! `lists`.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::{GoldenPathSpec, GoldenPathStatus};
use crate::assess::exception::record::Exception;
use crate::assess::inventory::births::counted_day;
use crate::assess::inventory::changes::LeftService;
use crate::assess::inventory::recreation::Recreated;
use crate::assess::inventory::sharing::SharedValues;
use crate::assess::inventory::slots::Slots;
use crate::assess::inventory::sweeps::Pass;
use crate::assess::inventory::{Inventory, Reread, local};
use crate::assess::namespace_index::{Entry, Influence, KubeService, NamespaceIndex};
use crate::assess::object::kind::WorkloadId;
use crate::assess::object::namespace::Namespace;
use crate::assess::path::set::PathSet;
use crate::assess::path::{Origin, Path, enforced};
use crate::assess::state::Cause;
use crate::assess::workload::{Observed, Workload};

impl Inventory {
    /// Adds or replaces a path. An unchanged path only refreshes its stored status.
    pub fn put_path(
        &mut self,
        origin: Origin,
        spec: GoldenPathSpec,
        status: Option<GoldenPathStatus>,
    ) -> Reread {
        let name: Arc<str> = origin.name.as_str().into();
        self.undecodable.paths.remove(&name);
        let recorded = status.as_ref().and_then(|status| status.enforced.as_ref());
        let since = enforced::since(&spec, recorded.map(|recorded| &*recorded.checks));
        self.path_statuses.insert(name.clone(), status);
        self.version += 1;
        let known = self
            .paths
            .resolve_exact(&name)
            .map(|index| self.paths.get(index));
        let unchanged = known.is_some_and(|path| {
            path.deleted.is_none()
                && path.spec == spec
                && path.generation == origin.generation
                && path.is_starter == origin.is_starter
                && path.since() == since
                && path.uid.as_deref() == origin.uid.as_deref()
        });
        if unchanged {
            return Reread::Nothing;
        }
        self.replace_paths(
            self.paths
                .with(Path::compile(origin, spec).with_since(since)),
        )
    }

    /// Records that a path was deleted. It still judges for [`DELETED_PATH_GRACE`].
    pub fn remove_path(&mut self, name: &str, now: Timestamp) -> Reread {
        self.version += u64::from(self.undecodable.paths.remove(name).is_some());
        let Some(index) = self.paths.resolve_exact(name) else {
            return Reread::Nothing;
        };
        self.path_statuses.remove(name);
        let old = self.paths.get(index);
        if old.deleted.is_some() {
            return Reread::Nothing;
        }
        self.replace_paths(self.paths.with(old.deleted_at(now)))
    }

    pub(crate) fn replace_paths(&mut self, set: PathSet) -> Reread {
        self.finish_repathing();
        let before = std::mem::replace(&mut self.paths, Arc::new(set));
        self.unsettle_exceptions();
        self.version += 1;
        self.faults
            .retain(|(name, _), _| self.paths.resolve_exact(name).is_some());
        if !self.paths.judges_like(&before) {
            self.recount_all(); // exceptions live by the new terms at once
            self.mark_every_exception();
            return Reread::Everything;
        }
        self.sweep(Pass::Repath(before));
        self.mark_every_exception();
        Reread::Nothing
    }

    /// Adds or replaces a namespace. True if its workloads have to be read again.
    #[must_use]
    pub fn put_namespace(&mut self, namespace: Namespace) -> bool {
        let name = namespace.name.clone();
        let ns = self.namespace_or_new(&name);
        let stale = ns
            .namespace
            .as_ref()
            .is_none_or(|before| !namespace.judges_like(before));
        let reread = stale && !ns.workloads.is_empty();
        let is_new = ns.namespace.as_ref() != Some(&namespace);
        ns.namespace = Some(namespace);
        self.version += 1;
        if is_new {
            self.mark_facts_of(&name);
        }
        reread
    }

    /// Forgets a namespace; its workloads go with their own delete events.
    pub fn remove_namespace(&mut self, name: &str) {
        if let Some(ns) = self.namespace_mut(name) {
            ns.namespace = None;
            self.version += 1;
        }
        self.mark_facts_of(name);
        self.forget_if_empty(name);
    }

    /// Marks whatever depends on the facts of a namespace.
    fn mark_facts_of(&mut self, namespace: &str) {
        self.mark_namespace(namespace, Cause::Workload);
        if let Some((namespace, ns)) = self.namespaces.get_key_value(namespace) {
            for exception in ns.exceptions() {
                self.logs.exception(namespace, &exception.name);
            }
        }
    }

    /// Adds or replaces an exception. Returns the record if it takes the name of a deleted one.
    pub fn put_exception(
        &mut self,
        namespace: &str,
        mut exception: Exception,
    ) -> Option<Recreated> {
        self.version += 1;
        let recreated = self.continue_past(namespace, &mut exception);
        let name = exception.name.clone();
        let key = (namespace.into(), name.clone());
        self.undecodable.exceptions.remove(&key);
        // Even if only its stored status changed: another client may have written it.
        self.mark_exception(&key.0, &name);
        let ns = self.namespace_or_new(namespace);
        let known = ns.exception(&name);
        let same = known.is_some_and(|known| {
            known.spec == exception.spec
                && known.created == exception.created
                && known.past == exception.past
        });
        let before = ns.put_exception(exception);
        if same {
            return recreated;
        }
        let after = ns.exception(&name);
        let ids = named_ids(ns, before.iter().chain(after));
        for id in ids {
            self.mark(&id, Cause::Exception);
        }
        recreated
    }

    /// Removes an exception and returns it, so that the caller can record its end.
    pub fn remove_exception(&mut self, namespace: &str, name: &str) -> Option<Exception> {
        let key = (namespace.into(), name.into());
        let was_undecodable = self.undecodable.exceptions.remove(&key).is_some();
        self.version += u64::from(was_undecodable);
        let ns = self.namespace_mut(namespace)?;
        let gone = ns.remove_exception(name)?;
        let ids = named_ids(ns, std::iter::once(&gone));
        self.mark_exception(&key.0, &key.1);
        self.version += 1;
        for id in ids {
            self.mark(&id, Cause::Exception);
        }
        self.forget_if_empty(namespace);
        Some(gone)
    }

    /// Adds or replaces a workload. A record that says what is known already, as after a list, changes
    /// nothing.
    pub fn put_workload(&mut self, observed: Observed) {
        let Observed {
            mut workload,
            faults,
        } = observed;
        self.shared.share(&mut workload);
        self.note_faults(&workload, faults);
        // One copy of a namespace's name for all its workloads.
        if let Some((namespace, _)) = self.namespaces.get_key_value(&workload.id.namespace) {
            workload.id.namespace = namespace.clone();
        }
        let known = self.workload(&workload.id);
        if known.is_some_and(|known| known.is_same_as(&workload)) {
            return;
        }
        let id = workload.id.clone();
        let cause = if self.entry(&id).is_some() {
            self.replace_workload(workload)
        } else {
            let slot = self.workload_slots.take();
            self.creation_days.follow(None, counted_day(&workload));
            self.namespace_or_new(&id.namespace)
                .add_workload(workload, slot);
            if let Some(influence) = self.influence_of(&id) {
                self.mark_named_by(&id.namespace, &influence.limited);
                self.mark_exceptions(&id.namespace, &influence.naming);
            }
            Cause::Workload
        };
        self.mark(&id, cause);
        self.version += 1;
    }

    /// Takes a newer record of a known workload, and marks the others that it makes a difference to.
    fn replace_workload(&mut self, workload: Workload) -> Cause {
        let id = workload.id.clone();
        let before = self.influence_of(&id);
        let ns = self.namespaces.get_mut(&id.namespace).map(Arc::make_mut);
        let Some(entry) = ns.and_then(|ns| ns.entry_mut(&local(&id))) else {
            return Cause::Workload;
        };
        if self.sweeps.replaces(&entry.workload.paths) {
            entry.workload.paths = self.paths.clone();
        }
        let slot = entry.slot;
        let slots = &mut self.workload_slots;
        let day = counted_day(&entry.workload);
        let cause = entry.replace(workload, &self.paths, slots, &mut self.shared);
        self.creation_days.follow(day, counted_day(&entry.workload));
        let (Some(before), Some(after)) = (before, self.influence_of(&id)) else {
            return cause;
        };
        self.mark_exceptions(&id.namespace, &before.naming);
        self.mark_exceptions(&id.namespace, &after.naming);
        if before.service != after.service {
            if let Some(ns) = self.namespace_mut(&id.namespace) {
                ns.move_service(&local(&id), before.service.as_ref());
            }
            self.logs.left(LeftService {
                slot,
                namespace: id.namespace.clone(),
                name: before.service.clone(),
            });
        }
        if (before.created, &before.limited) != (after.created, &after.limited) {
            self.mark_named_by(&id.namespace, &before.limited);
            self.mark_named_by(&id.namespace, &after.limited);
        }
        cause
    }

    fn influence_of(&self, id: &WorkloadId) -> Option<Influence> {
        let ns = self.namespaces.get(&id.namespace)?;
        let entry = ns.workloads.get(&id.kind, &id.name)?;
        Some(ns.influence_of(&entry.workload))
    }

    /// Completes the removal of workloads that their namespace no longer holds.
    pub(super) fn settle_removed(&mut self, gone: impl IntoIterator<Item = Arc<Entry>>) {
        for entry in gone {
            let namespace = entry.workload.id.namespace.clone();
            let ns = self.namespaces.get(&namespace);
            if let Some(influence) = ns.map(|ns| ns.influence_of(&entry.workload)) {
                self.mark_named_by(&namespace, &influence.limited);
                self.mark_exceptions(&namespace, &influence.naming);
            }
            self.leave_logs(&entry);
            self.creation_days
                .follow(counted_day(&entry.workload), None);
            self.workload_slots.give_back([entry.slot]);
        }
    }

    /// Marks the workloads that these exceptions name.
    fn mark_named_by(&mut self, namespace: &str, exceptions: &[Arc<str>]) {
        let Some(ns) = self.namespaces.get(namespace) else {
            return;
        };
        let exceptions = exceptions.iter().filter_map(|name| ns.exception(name));
        for id in named_ids(ns, exceptions) {
            self.mark(&id, Cause::Exception);
        }
    }

    /// Removes a workload.
    pub fn remove_workload(&mut self, id: &WorkloadId) {
        if let Some(ns) = self.namespace_mut(&id.namespace) {
            let gone = ns.remove_workload(&local(id));
            self.settle_removed(gone);
            self.version += 1;
        }
        self.forget_if_empty(&id.namespace);
    }

    /// Adds or replaces a Kubernetes Service.
    pub fn put_service(&mut self, namespace: &str, name: &str, mut service: KubeService) {
        let slots = &mut self.service_slots;
        let ns = Arc::make_mut(self.namespaces.entry(namespace.into()).or_default());
        service.slot = match ns.services.get(name) {
            Some(known) if known.uid == service.uid => known.slot,
            Some(known) => slots.renew(known.slot),
            None => slots.take(),
        };
        ns.services.insert(name.into(), service);
    }

    /// Removes a Kubernetes Service.
    pub fn remove_service(&mut self, namespace: &str, name: &str) {
        if let Some(ns) = self.namespaces.get_mut(namespace).map(Arc::make_mut) {
            let gone = ns.services.remove(name);
            self.service_slots
                .give_back(gone.map(|service| service.slot));
        }
        self.forget_if_empty(namespace);
    }
}

fn named_ids<'a>(
    ns: &'a NamespaceIndex,
    exceptions: impl Iterator<Item = &'a Exception>,
) -> HashSet<WorkloadId> {
    exceptions
        .flat_map(|exception| ns.named_by(exception))
        .map(|workload| workload.id.clone())
        .collect()
}

impl Entry {
    /// Replaces the record. Returns the cause of the change: the paths, or the workload.
    fn replace(
        &mut self,
        mut workload: Workload,
        in_force: &Arc<PathSet>,
        slots: &mut Slots,
        shared: &mut SharedValues,
    ) -> Cause {
        let same_object = self.workload.uid == workload.uid;
        let versions = self.workload.version.zip(workload.version);
        let is_older = versions.is_some_and(|(known, seen)| seen < known);
        if same_object && is_older && Arc::ptr_eq(&self.workload.paths, in_force) {
            return Cause::Workload; // an event overtook this list
        }
        let judged_anew = !Arc::ptr_eq(&self.workload.paths, &workload.paths);
        let ours = self.labels_version.zip(workload.version);
        if same_object && ours.is_some_and(|(ours, seen)| seen < ours) {
            workload.attributes =
                shared.relabelled(&workload.attributes, &self.workload.attributes.live);
        }
        if !same_object {
            self.slot = slots.renew(self.slot);
            self.labels_version = None;
        }
        self.workload = workload;
        if judged_anew {
            Cause::Path
        } else {
            Cause::Workload
        }
    }
}
