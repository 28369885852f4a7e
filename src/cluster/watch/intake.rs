//! What the watches see, taken into the inventory: decoded, judged outside its lock, recorded,
//! dropped. A stored object nobody can understand is a problem that is said, never a failure.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use kube::core::object::HasStatus;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::warn;

use super::followed::Followed;
use crate::api::{DeviationException, GoldenPath};
use crate::assess::exception::record::Exception;
use crate::assess::inventory::lists::Listed;
use crate::assess::inventory::namespace_index::KubeService;
use crate::assess::inventory::undecodable::{self, Undecodable, readable_status};
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::object::namespace::Namespace;
use crate::assess::path::Origin;
use crate::assess::workload::{ReadContext, observe};
use crate::cluster::client::stored::{Key, Stored};
use crate::cluster::context::Context;
use crate::cluster::readiness::Trouble;
use crate::cluster::write::events::News;

/// How an object came to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// By the watch, which alone says what exists.
    Watched,
    /// By a list made to judge again what is known.
    Reread,
}

impl Context {
    /// Takes in an object that exists.
    pub fn take(&self, followed: &Followed, stored: Stored) {
        let object = stored.into_value(&followed.resource());
        match followed {
            Followed::Paths => self.take_path(&object),
            Followed::Exceptions => self.take_exception(&object),
            Followed::Namespaces => self.take_namespace(&object),
            Followed::Services => self.take_service(&object),
            Followed::Warnings(part) => self.inventory().put_policy(*part, object),
            Followed::Workloads(kind) => self.take_workload(object, kind, Seen::Watched),
        }
        self.changed.notify_one();
    }

    /// Takes in that an object is gone.
    pub fn forget(&self, followed: &Followed, stored: &Stored) {
        let (namespace, name) = stored.key();
        let now = Timestamp::now();
        match followed {
            Followed::Paths => {
                let reread = self.inventory().remove_path(&name, now);
                self.ask(reread);
            }
            Followed::Exceptions => {
                let gone = self.inventory().forget_exception(&namespace, &name, now);
                if let Some(gone) = gone {
                    self.say_goodbye(&namespace, gone);
                }
            }
            Followed::Namespaces => self.inventory().remove_namespace(&name),
            Followed::Services => self.inventory().remove_service(&namespace, &name),
            Followed::Warnings(part) => self.inventory().remove_policy(*part, &name),
            Followed::Workloads(kind) => {
                let id = workload_id(kind, &namespace, &name);
                self.inventory().remove_workload(&id);
            }
        }
        self.changed.notify_one();
    }

    /// Takes in that a list is complete: what it did not hold is gone. What is in `kept` went with
    /// its definition, which is no news of an exception.
    pub fn complete(&self, followed: &Followed, seen: &HashSet<Key>, kept: &HashSet<Key>) {
        let names = || seen.iter().map(|(_, name)| name.clone()).collect();
        let plain: HashSet<String>;
        let listed = match followed {
            Followed::Paths => {
                plain = names();
                Listed::Paths(&plain)
            }
            Followed::Exceptions => Listed::Exceptions(seen),
            Followed::Namespaces => {
                plain = names();
                Listed::Namespaces(&plain)
            }
            Followed::Services => Listed::Services(seen),
            Followed::Warnings(part) => {
                let is_there = |name: &str| seen.contains(&(String::new(), name.to_owned()));
                self.inventory().complete_policies(*part, is_there);
                return self.changed.notify_one();
            }
            Followed::Workloads(kind) => Listed::Workloads {
                kind,
                namespace: None,
                seen,
            },
        };
        let went = kept
            .difference(seen)
            .filter(|_| *followed == Followed::Exceptions);
        for (namespace, name) in went {
            // It went with its definition: a new one of its name starts anew.
            self.inventory().remove_exception(namespace, name);
        }
        let (reread, gone) = self.inventory().complete_list(&listed, Timestamp::now());
        if let Followed::Workloads(kind) = followed {
            self.reports.ledger().kind_is_complete(kind);
        }
        self.ask(reread);
        for (namespace, exception) in gone {
            self.say_goodbye(&namespace, exception);
        }
        self.changed.notify_one();
    }

    /// Takes in that the definition of a kind was removed, or is back.
    pub fn definition_removed(&self, followed: &Followed, is_removed: bool) {
        if *followed == Followed::Exceptions {
            self.inventory().set_exceptions_kept(is_removed);
        }
        self.changed.notify_one();
    }

    /// Takes in that a kind cannot be followed.
    pub fn out_of_reach(&self, followed: &Followed, trouble: &Trouble) {
        if let Followed::Warnings(part) = followed {
            let mut inventory = self.inventory();
            inventory.policies_out_of_reach(*part, trouble.reason, &trouble.message);
            drop(inventory);
            self.changed.notify_one();
        }
    }

    /// Takes in a golden path.
    pub fn take_path(&self, object: &Value) {
        let path = match decode::<GoldenPath>(object) {
            Ok(path) => path,
            Err(why) => {
                self.warn_undecodable("GoldenPath", object, &why);
                let (_, name) = named(object);
                let undecodable = Undecodable::read(object, &why);
                let now = Timestamp::now();
                let reread = self
                    .inventory()
                    .put_undecodable_path(name, undecodable, now);
                return self.ask(reread);
            }
        };
        let name = path.metadata.name.unwrap_or_default();
        let origin = Origin {
            name,
            uid: path.metadata.uid,
            generation: path.metadata.generation,
            created: path.metadata.creation_timestamp.map(|at| at.0),
        };
        let reread = self.inventory().put_path(origin, path.spec, path.status);
        self.ask(reread);
    }

    fn take_exception(&self, object: &Value) {
        let exception = match decode::<DeviationException>(object) {
            Ok(exception) => exception,
            Err(why) => {
                self.warn_undecodable("DeviationException", object, &why);
                let (namespace, name) = named(object);
                let undecodable = Undecodable::read(object, &why);
                let (mut inventory, now) = (self.inventory(), Timestamp::now());
                return inventory.put_undecodable_exception(namespace, name, undecodable, now);
            }
        };
        let namespace = exception.metadata.namespace.clone().unwrap_or_default();
        let exception = Exception::read(exception, Timestamp::MIN);
        let (name, uid) = (exception.name.clone(), exception.uid.clone());
        let recreated = self.inventory().put_exception(&namespace, exception);
        let Some(recreated) = recreated else { return };
        if let Some(replaced) = recreated.replaced {
            self.say_goodbye(&namespace, replaced);
        }
        self.tell(News::ExceptionRecreated {
            namespace,
            name,
            uid,
            previous: recreated.previous,
        });
    }

    fn take_namespace(&self, object: &Value) {
        let Some(namespace) = Namespace::read(object, &self.judging()) else {
            return;
        };
        let name = namespace.name.clone();
        let stale = self.inventory().put_namespace(namespace);
        if stale {
            self.rereads.ask_namespace(&name);
        }
    }

    fn take_service(&self, object: &Value) {
        let (namespace, name) = named(object);
        if self.is_own(object) {
            return;
        }
        let service = KubeService::read(object);
        self.inventory().put_service(namespace, name, service);
    }

    /// Judges a workload outside the lock and records it. Where paths or its namespace changed
    /// meanwhile, it will be read again.
    pub fn take_workload(&self, object: Value, kind: &Arc<WatchedKind>, how: Seen) {
        if self.is_own(&object) {
            return;
        }
        let (namespace, name) = named(&object);
        let id = workload_id(kind, namespace, name);
        let (paths, known) = self.inventory().read_inputs(namespace);
        let settings = self.judging();
        let read = ReadContext {
            settings: &settings,
            paths: &paths,
            namespace: known.as_ref(),
            messages: self.messages,
        };
        let observed = observe(object, kind, &read);
        let mut inventory = self.inventory();
        let Some(observed) = observed else {
            inventory.remove_workload(&id);
            return;
        };
        let recorded = inventory.workload(&id);
        if how == Seen::Reread
            && recorded.is_none_or(|recorded| recorded.uid != observed.workload.uid)
        {
            return; // deleted or replaced since it was listed
        }
        let (paths_now, known_now) = inventory.read_inputs(&id.namespace);
        inventory.put_workload(observed);
        drop(inventory);
        if !Arc::ptr_eq(&paths, &paths_now) {
            self.rereads.ask_everything();
        } else if known != known_now {
            self.rereads.ask_namespace(&id.namespace);
        }
    }

    fn warn_undecodable(&self, kind: &str, object: &Value, why: &str) {
        let (namespace, name) = named(object);
        warn!(
            kind,
            namespace, name, why, "failed to decode stored object; it judges and excuses nothing"
        );
        self.counters.failed(undecodable::REASON);
    }

    /// Objects of the operator's own release: it would fight whoever installed it.
    fn is_own(&self, object: &Value) -> bool {
        let Some(own) = &self.own_namespace else {
            return false;
        };
        let metadata = &object["metadata"];
        metadata["namespace"] == own.as_str()
            && metadata["labels"]["app.kubernetes.io/name"] == "goldenpath"
    }

    fn say_goodbye(&self, namespace: &str, exception: Exception) {
        let news = News::ExceptionDeleted {
            namespace: namespace.to_owned(),
            exception: Box::new(exception),
        };
        self.tell(news);
    }
}

fn named(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (
        metadata["namespace"].as_str().unwrap_or_default(),
        metadata["name"].as_str().unwrap_or_default(),
    )
}

fn workload_id(kind: &Arc<WatchedKind>, namespace: &str, name: &str) -> WorkloadId {
    WorkloadId {
        namespace: namespace.into(),
        kind: kind.clone(),
        name: name.into(),
    }
}

/// Decodes an object of ours, or says which field cannot be decoded. A status that cannot be is
/// the operator's to write anew, and keeps no spec from being read.
fn decode<K: DeserializeOwned + HasStatus<Status: DeserializeOwned + Serialize>>(
    object: &Value,
) -> Result<K, String> {
    let error = match K::deserialize(object) {
        Ok(decoded) => return Ok(decoded),
        Err(error) => error,
    };
    let mut object = object.clone();
    let status: Option<K::Status> = readable_status(&object["status"]);
    object["status"] = serde_json::to_value(status).unwrap_or_default();
    K::deserialize(&object).map_err(|_| match culprit::<K>(&object) {
        Some(field) => format!("spec.{field}: {error}"),
        None => error.to_string(),
    })
}

/// The field of the spec without which the object could be decoded.
fn culprit<K: DeserializeOwned>(object: &Value) -> Option<String> {
    let spec = object["spec"].as_object()?;
    let is_culprit = |field: &&String| {
        let mut without = object.clone();
        without["spec"]
            .as_object_mut()
            .is_some_and(|spec| spec.remove(*field).is_some())
            && K::deserialize(&without).is_ok()
    };
    spec.keys().find(is_culprit).cloned()
}
