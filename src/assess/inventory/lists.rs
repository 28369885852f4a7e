//! Absence from a completed list. **Invariant:** only such a list, or a delete event, removes anything:
//! a failed watch, or a kind that cannot be read, never empties the inventory.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::assess::exception::record::Exception;
use crate::assess::inventory::{Inventory, Reread};
use crate::assess::object::kind::{WatchedKind, WorkloadId};

/// A completed list.
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
    /// Delivery records, by namespace and name.
    Records(&'a HashSet<(String, String)>),
    /// Workloads of one kind, by namespace and name; in one namespace, if given.
    Workloads {
        /// The kind.
        kind: &'a WatchedKind,
        /// The listed namespace; `None` for all.
        namespace: Option<&'a str>,
        /// Namespaces and names in the list.
        seen: &'a HashSet<(String, String)>,
    },
}

impl Inventory {
    /// Removes what is absent from a completed list. Returns removed exceptions with their namespaces.
    pub fn complete_list(
        &mut self,
        listed: &Listed<'_>,
        now: Timestamp,
    ) -> (Reread, Vec<(String, Exception)>) {
        match listed {
            Listed::Paths(seen) => (self.retain_paths(seen, now), Vec::new()),
            Listed::Exceptions(seen) => (Reread::Nothing, self.retain_exceptions(seen, now)),
            Listed::Namespaces(seen) => {
                let gone: Vec<_> = self
                    .namespaces
                    .keys()
                    .filter(|name| !seen.contains(&***name))
                    .cloned()
                    .collect();
                for name in &gone {
                    self.remove_namespace(name);
                }
                (Reread::Nothing, Vec::new())
            }
            Listed::Services(seen) => {
                self.retain_services(seen);
                (Reread::Nothing, Vec::new())
            }
            Listed::Records(seen) => {
                self.retain_records(seen);
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

    fn retain_paths(&mut self, seen: &HashSet<String>, now: Timestamp) -> Reread {
        let gone: Vec<_> = self
            .paths
            .iter()
            .map(|path| path.name.clone())
            .chain(self.undecodable.paths.keys().cloned())
            .filter(|name| !seen.contains(&**name))
            .collect();
        let rereads: Vec<_> = gone
            .iter()
            .map(|name| self.remove_path(name, now))
            .collect();
        if rereads.contains(&Reread::Everything) {
            Reread::Everything
        } else {
            Reread::Nothing
        }
    }

    fn retain_exceptions(
        &mut self,
        seen: &HashSet<(String, String)>,
        now: Timestamp,
    ) -> Vec<(String, Exception)> {
        let known = self.namespaces.iter().flat_map(|(namespace, ns)| {
            ns.exceptions()
                .map(|exception| (namespace.to_string(), exception.name.to_string()))
        });
        let undecodable = self
            .undecodable
            .exceptions
            .keys()
            .map(|(namespace, name)| (namespace.to_string(), name.to_string()));
        let gone: Vec<_> = known
            .chain(undecodable)
            .filter(|key| !seen.contains(key))
            .collect();
        gone.into_iter()
            .filter_map(|(namespace, name)| {
                let exception = self.forget_exception(&namespace, &name, now)?;
                Some((namespace, exception))
            })
            .collect()
    }

    fn retain_services(&mut self, seen: &HashSet<(String, String)>) {
        for (namespace, ns) in &mut self.namespaces {
            let is_gone =
                |name: &&Arc<str>| !seen.contains(&(namespace.to_string(), name.to_string()));
            let gone: Vec<_> = ns.services.keys().filter(is_gone).cloned().collect();
            for name in gone {
                let service = Arc::make_mut(ns).services.remove(&name);
                let slot = service.map(|service| service.slot);
                self.service_slots.give_back(slot);
            }
        }
    }

    fn retain_workloads(
        &mut self,
        kind: &WatchedKind,
        namespace: Option<&str>,
        seen: &HashSet<(String, String)>,
    ) {
        let mut removed = Vec::new();
        for (name, ns) in &mut self.namespaces {
            if namespace.is_some_and(|only| *only != **name) {
                continue;
            }
            let is_gone = |id: &WorkloadId| {
                *id.kind == *kind && !seen.contains(&(name.to_string(), id.name.to_string()))
            };
            let has_gone = {
                let mut entries = ns.workloads.values();
                entries.any(|entry| is_gone(&entry.workload.id))
            };
            if has_gone {
                removed.extend(Arc::make_mut(ns).remove_workloads(is_gone));
            }
        }
        self.settle_removed(removed);
        self.version += 1;
    }
}
