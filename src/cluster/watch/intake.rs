//! Puts objects from watches and lists into the inventory: one type for each row of the table in
//! `followed`. An object is decoded, judged outside the inventory's lock, recorded and dropped. One
//! that cannot be decoded becomes a problem, never a failure.

pub mod promoters;

use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use jiff::Timestamp;
use kube::core::object::HasStatus;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::warn;

use crate::api::{DeliveryRecord, DeviationException, GoldenPath, keys};
use crate::assess::delivery::promoter::PromoterKind;
use crate::assess::delivery::seen::{self, Objects, Seen};
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::GoalResource;
use crate::assess::inventory::lists::Listed;
use crate::assess::namespace_index::KubeService;
use crate::assess::namespace_index::records::Record;
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::object::namespace::Namespace;
use crate::assess::object::undecodable::{self, Undecodable, readable_status};
use crate::assess::path::{Origin, owner};
use crate::assess::settings::Settings;
use crate::assess::warning::Part;
use crate::assess::workload::{ReadContext, observe};
use crate::cluster::client::stored::Key;
use crate::cluster::context::Context;
use crate::cluster::event_queue::EventTrigger;
use crate::cluster::readiness::WatchFailure;

/// What events of one kind mean for the inventory.
pub trait Intake: fmt::Debug + Send + Sync {
    /// Adds or replaces an object.
    fn put(&self, object: Value, context: &Context);

    /// Removes an object.
    fn remove(&self, key: &Key, context: &Context);

    /// Applies a complete list. `outlived` objects went with an earlier definition of their kind.
    fn complete(&self, listed: &HashSet<Key>, outlived: &HashSet<Key>, context: &Context);

    /// Records that the kind cannot be watched.
    fn unavailable(&self, _failure: &WatchFailure, _context: &Context) {}

    /// Records that the definition of the kind was removed, or is back.
    fn definition_removed(&self, _is_removed: bool, _context: &Context) {}
}

/// Golden paths.
#[derive(Debug)]
pub struct Paths;

impl Intake for Paths {
    fn put(&self, object: Value, context: &Context) {
        let path = match decode::<GoldenPath>(&object) {
            Ok(path) => path,
            Err(why) => {
                warn_undecodable("GoldenPath", &object, &why, context);
                let (_, name) = named(&object);
                let undecodable = Undecodable::read(&object, &why);
                let now = Timestamp::now();
                let reread = context
                    .inventory()
                    .put_undecodable_path(name, undecodable, now);
                return context.reread(reread);
            }
        };
        let name = path.metadata.name.unwrap_or_default();
        let annotations = path.metadata.annotations.unwrap_or_default();
        let origin = Origin {
            name,
            uid: path.metadata.uid,
            generation: path.metadata.generation,
            created: path.metadata.creation_timestamp.map(|at| at.0),
            is_starter: keys::marks_starter(&annotations),
        };
        let team_keys = &context.judging().team_keys;
        let spec = owner::with_team_keys(path.spec, Some(&annotations), team_keys);
        let reread = context.inventory().put_path(origin, spec, path.status);
        context.reread(reread);
    }

    fn remove(&self, (_, name): &Key, context: &Context) {
        let reread = context.inventory().remove_path(name, Timestamp::now());
        context.reread(reread);
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        complete(&Listed::Paths(&names(listed)), context);
    }
}

/// Deviation exceptions.
#[derive(Debug)]
pub struct Exceptions;

impl Intake for Exceptions {
    fn put(&self, object: Value, context: &Context) {
        let exception = match decode::<DeviationException>(&object) {
            Ok(exception) => exception,
            Err(why) => {
                warn_undecodable("DeviationException", &object, &why, context);
                let (namespace, name) = named(&object);
                let undecodable = Undecodable::read(&object, &why);
                let (mut inventory, now) = (context.inventory(), Timestamp::now());
                return inventory.put_undecodable_exception(namespace, name, undecodable, now);
            }
        };
        let namespace = exception.metadata.namespace.clone().unwrap_or_default();
        let exception = Exception::read(exception, Timestamp::MIN);
        let (name, uid) = (exception.name.clone(), exception.uid.clone());
        let recreated = context.inventory().put_exception(&namespace, exception);
        let Some(recreated) = recreated else { return };
        if let Some(replaced) = recreated.replaced {
            record_deletion(&namespace, replaced, context);
        }
        context.record_event(EventTrigger::ExceptionRecreated {
            namespace,
            name,
            uid,
            previous: recreated.previous,
        });
    }

    fn remove(&self, (namespace, name): &Key, context: &Context) {
        let now = Timestamp::now();
        let gone = context.inventory().forget_exception(namespace, name, now);
        if let Some(gone) = gone {
            record_deletion(namespace, gone, context);
        }
    }

    fn complete(&self, listed: &HashSet<Key>, outlived: &HashSet<Key>, context: &Context) {
        for (namespace, name) in outlived.difference(listed) {
            // It went with its definition, without a deletion by a user.
            context.inventory().remove_exception(namespace, name);
        }
        complete(&Listed::Exceptions(listed), context);
    }

    fn definition_removed(&self, is_removed: bool, context: &Context) {
        context.inventory().set_exceptions_kept(is_removed);
    }
}

/// Namespaces.
#[derive(Debug)]
pub struct Namespaces;

impl Intake for Namespaces {
    fn put(&self, object: Value, context: &Context) {
        let Some(namespace) = Namespace::read(&object, &context.judging().team_keys) else {
            return;
        };
        let name = namespace.name.clone();
        let is_stale = context.inventory().put_namespace(namespace);
        if is_stale {
            context.rereads.namespace(&name);
        }
    }

    fn remove(&self, (_, name): &Key, context: &Context) {
        context.inventory().remove_namespace(name);
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        complete(&Listed::Namespaces(&names(listed)), context);
    }
}

/// Kubernetes Services.
#[derive(Debug)]
pub struct Services;

impl Intake for Services {
    fn put(&self, object: Value, context: &Context) {
        if is_own(&object, context) {
            return;
        }
        let (namespace, name) = named(&object);
        let service = KubeService::read(&object);
        context.inventory().put_service(namespace, name, service);
    }

    fn remove(&self, (namespace, name): &Key, context: &Context) {
        context.inventory().remove_service(namespace, name);
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        complete(&Listed::Services(listed), context);
    }
}

/// Delivery records.
#[derive(Debug)]
pub struct DeliveryRecords;

impl Intake for DeliveryRecords {
    fn put(&self, object: Value, context: &Context) {
        let resource = match decode::<DeliveryRecord>(&object) {
            Ok(resource) => resource,
            Err(why) => return warn_undecodable("DeliveryRecord", &object, &why, context),
        };
        let (namespace, name) = named(&object);
        let status = resource.status.unwrap_or_default();
        let record = Record::of(resource.metadata, resource.spec.workload, &status);
        let settings = context.judging();
        let of = &record.workload;
        let id = settings
            .kind(Some(&of.group), &of.kind)
            .map(|kind| WorkloadId {
                namespace: namespace.into(),
                kind: kind.clone(),
                name: of.name.as_str().into(),
            });
        let (mut inventory, mut planners) = (context.inventory(), context.planners());
        if let Some(id) = id {
            let planner = &mut planners.delivery;
            planner.stored(&id, &status, Timestamp::now());
        }
        inventory.put_record(namespace, name, record);
    }

    fn remove(&self, (namespace, name): &Key, context: &Context) {
        let mut inventory = context.inventory();
        if let Some(removed) = inventory.remove_record(namespace, name) {
            let planner = &mut context.planners().delivery;
            planner.record_removed(removed.of, &removed.record, Timestamp::now());
        }
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        complete(&Listed::Records(listed), context);
        context.planners().delivery.records_are_listed();
    }
}

/// Objectives, surveys, roadmap items or personas.
pub struct Goals<R>(pub PhantomData<fn() -> R>);

impl<R> fmt::Debug for Goals<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Goals")
    }
}

impl<R: GoalResource> Intake for Goals<R> {
    fn put(&self, object: Value, context: &Context) {
        match decode::<R>(&object) {
            Ok(resource) => context
                .inventory()
                .change_goals(|goals| goals.put(resource)),
            Err(why) => {
                warn_undecodable(R::KIND.as_str(), &object, &why, context);
                let (_, name) = named(&object);
                let undecodable = Undecodable::read(&object, &why);
                let mut inventory = context.inventory();
                inventory.change_goals(|goals| goals.put_undecodable::<R>(name, undecodable));
            }
        }
    }

    fn remove(&self, (_, name): &Key, context: &Context) {
        let mut inventory = context.inventory();
        inventory.change_goals(|goals| goals.remove::<R>(name));
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        let names = names(listed);
        let mut inventory = context.inventory();
        inventory.change_goals(|goals| goals.retain::<R>(&names));
    }
}

/// The operator's policies, or bindings, that warn on apply.
#[derive(Debug)]
pub struct WarningPolicies(pub Part);

impl Intake for WarningPolicies {
    fn put(&self, object: Value, context: &Context) {
        context.planners().warning_policies.put(self.0, object);
    }

    fn remove(&self, (_, name): &Key, context: &Context) {
        context.planners().warning_policies.remove(self.0, name);
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        let is_there = |name: &str| listed.contains(&(String::new(), name.to_owned()));
        let policies = &mut context.planners().warning_policies;
        policies.listed(self.0, is_there);
    }

    fn unavailable(&self, failure: &WatchFailure, context: &Context) {
        context
            .planners()
            .warning_policies
            .out_of_reach(self.0, failure.reason, &failure.message);
        context.changed.notify_one();
    }
}

/// Workloads of one kind.
#[derive(Debug)]
pub struct Workloads(pub Arc<WatchedKind>);

impl Intake for Workloads {
    fn put(&self, object: Value, context: &Context) {
        self.judge(object, ReadBy::Watch, context);
    }

    fn remove(&self, key: &Key, context: &Context) {
        let (namespace, name) = key;
        let id = self.id(namespace, name);
        context.inventory().remove_workload(&id);
        forget_rollouts(&id, context);
        if let Some(kind) = self.promoters(context) {
            promoters::remove(kind, key, context);
        }
    }

    fn unavailable(&self, failure: &WatchFailure, context: &Context) {
        context.planners().delivery.lost_events(&self.0);
        if let Some(kind) = self.promoters(context) {
            promoters::unavailable(kind, failure, context);
        }
    }

    fn complete(&self, listed: &HashSet<Key>, _outlived: &HashSet<Key>, context: &Context) {
        let workloads = Listed::Workloads {
            kind: &self.0,
            namespace: None,
            seen: listed,
        };
        complete(&workloads, context);
        context.reports.ledger().kind_is_complete(&self.0);
        if let Some(kind) = self.promoters(context) {
            promoters::complete(kind, listed, context);
        }
    }
}

/// The list or watch that read a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadBy {
    /// The watch, which alone adds and removes workloads.
    Watch,
    /// A list made to judge known workloads again.
    Reread,
}

/// What an event shows of the rollout of a workload.
struct ShownRollout {
    /// None if its rollouts are not counted.
    seen: Option<Seen>,
}

impl ShownRollout {
    /// None while rollouts are not recorded.
    fn of(object: &Value, read_by: ReadBy, settings: &Settings) -> Option<Self> {
        let delivery = settings.delivery.as_ref()?;
        (read_by == ReadBy::Watch).then(|| Self {
            seen: seen::read(&Objects {
                commit_time_keys: &delivery.commit_time_keys,
                scaffolded_keys: &settings.scaffolded_keys,
                ..Objects::of(object)
            }),
        })
    }
}

impl Workloads {
    /// Judges a workload outside the lock and records it. Where paths or its namespace changed
    /// meanwhile, it is queued to be read again.
    pub fn judge(&self, object: Value, read_by: ReadBy, context: &Context) {
        if is_own(&object, context) {
            return;
        }
        if let Some(kind) = self.promoters(context) {
            promoters::put(kind, &object, context);
        }
        let (namespace, name) = named(&object);
        let id = self.id(namespace, name);
        let (paths, known) = context.inventory().read_inputs(namespace);
        let settings = context.judging();
        let read = ReadContext {
            settings: &settings,
            paths: &paths,
            namespace: known.as_ref(),
            messages: context.messages,
        };
        let rollout = ShownRollout::of(&object, read_by, &settings);
        let Some(observed) = observe(object, &self.0, &read) else {
            context.inventory().remove_workload(&id);
            return forget_rollouts(&id, context);
        };
        if let Some(rollout) = rollout {
            let planner = &mut context.planners().delivery;
            planner.saw(&id, rollout.seen, Timestamp::now());
        }
        let mut inventory = context.inventory();
        let recorded = inventory.workload(&id);
        if read_by == ReadBy::Reread
            && recorded.is_none_or(|recorded| recorded.uid != observed.workload.uid)
        {
            return; // deleted or replaced since it was listed
        }
        let (paths_now, known_now) = inventory.read_inputs(&id.namespace);
        inventory.put_workload(observed);
        drop(inventory);
        if !Arc::ptr_eq(&paths, &paths_now) {
            context.rereads.everything();
        } else if known != known_now {
            context.rereads.namespace(&id.namespace);
        }
    }

    /// What these workloads may be to others, while rollouts are recorded.
    fn promoters(&self, context: &Context) -> Option<PromoterKind> {
        PromoterKind::of(&self.0).filter(|_| context.judging().delivery.is_some())
    }

    fn id(&self, namespace: &str, name: &str) -> WorkloadId {
        WorkloadId {
            namespace: namespace.into(),
            kind: self.0.clone(),
            name: name.into(),
        }
    }
}

/// Forgets the rollouts of a workload that is gone, without a wait for the planners where none are recorded.
fn forget_rollouts(id: &WorkloadId, context: &Context) {
    if context.judging().delivery.is_some() {
        context.planners().delivery.forget(id);
    }
}

fn complete(listed: &Listed<'_>, context: &Context) {
    let (reread, gone) = context.inventory().complete_list(listed, Timestamp::now());
    context.reread(reread);
    for (namespace, exception) in gone {
        record_deletion(&namespace, exception, context);
    }
}

fn names(keys: &HashSet<Key>) -> HashSet<String> {
    keys.iter().map(|(_, name)| name.clone()).collect()
}

fn record_deletion(namespace: &str, exception: Exception, context: &Context) {
    context.record_event(EventTrigger::ExceptionDeleted {
        namespace: namespace.to_owned(),
        exception: Box::new(exception),
    });
}

fn warn_undecodable(kind: &str, object: &Value, why: &str, context: &Context) {
    let (namespace, name) = named(object);
    warn!(
        kind,
        namespace, name, why, "failed to decode stored object; it judges and excuses nothing"
    );
    context.counters.failed(undecodable::REASON);
}

/// Whether an object belongs to the operator's own release, whose labels belong to its installer.
fn is_own(object: &Value, context: &Context) -> bool {
    let Some(own) = &context.own_namespace else {
        return false;
    };
    let metadata = &object["metadata"];
    metadata["namespace"] == own.as_str()
        && metadata["labels"]["app.kubernetes.io/name"] == "goldenpath"
}

fn named(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (
        metadata["namespace"].as_str().unwrap_or_default(),
        metadata["name"].as_str().unwrap_or_default(),
    )
}

/// Decodes an object of ours, or names the field that cannot be decoded. A status that cannot be
/// decoded is ignored, since the operator writes it again.
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
