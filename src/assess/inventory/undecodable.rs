//! Stored paths and exceptions that cannot be decoded: an older or looser definition let them in.
//! **Invariant:** such an exception excuses nothing and such a path judges nothing, whatever they
//! held before. Only their metadata is read, and their status says why they are not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::condition::{READY, STALLED, Statement, settle};
use crate::api::golden_path::NewServices;
use crate::api::{DeviationExceptionStatus, GoldenPathStatus};
use crate::assess::inventory::{Inventory, Reread};
use crate::assess::planner::statuses::{Owned, StatusWrite};

/// The reason of the conditions.
pub const REASON: &str = "Undecodable";
/// The longest error that is quoted.
const QUOTED: usize = 300;

/// What is known of an object that cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Undecodable<S> {
    /// The stored object's uid.
    pub uid: Option<Box<str>>,
    /// The generation of its spec.
    pub generation: Option<i64>,
    /// Which field cannot be decoded, and why.
    pub message: String,
    status: Option<S>,
}

/// A status that can say that its object is undecodable.
pub trait Status: DeserializeOwned + Clone + PartialEq {
    /// What is left to say of the object.
    #[must_use]
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self;
}

impl<S: Status> Undecodable<S> {
    /// Reads the metadata of an object that failed to decode with this error.
    pub fn read(object: &Value, message: &str) -> Self {
        let metadata = &object["metadata"];
        let printable = message
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c });
        Self {
            uid: metadata["uid"].as_str().map(Into::into),
            generation: metadata["generation"].as_i64(),
            message: printable.take(QUOTED).collect(),
            status: readable_status(&object["status"]),
        }
    }

    fn changed_status(&self, effect: &str, now: Timestamp) -> Option<S> {
        let message = format!(
            "The operator cannot decode this object, so it {effect}: {}. Next: correct the field \
             and apply the object again.",
            self.message
        );
        let statements = vec![
            Statement::new(READY, false, REASON, message.clone()),
            Statement::new(STALLED, true, REASON, message),
        ];
        let before = self.status.as_ref();
        let wanted = S::of_undecodable(before, statements, self.generation, now);
        (before != Some(&wanted)).then_some(wanted)
    }
}

impl Status for DeviationExceptionStatus {
    /// Its past stays: nothing else holds it, and a repair must not erase a rejection.
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let conditions = before.map_or(&[][..], |status| &status.conditions);
        Self {
            observed_generation: generation,
            conditions: settle(conditions, statements, generation, now),
            rejected_at: before.and_then(|status| status.rejected_at),
            rejected_by: before.and_then(|status| status.rejected_by.clone()),
            previous: before.and_then(|status| status.previous.clone()),
            notified: before.map_or_else(Vec::new, |status| status.notified.clone()),
            notifying: before.map_or_else(Vec::new, |status| status.notifying.clone()),
            ..Self::default()
        }
    }
}

impl Status for GoldenPathStatus {
    /// What was measured once and the history stay: nothing else holds them.
    fn of_undecodable(
        before: Option<&Self>,
        statements: Vec<Statement>,
        generation: Option<i64>,
        now: Timestamp,
    ) -> Self {
        let conditions = before.map_or(&[][..], |status| &status.conditions);
        let new_services = before.and_then(|status| status.new_services.as_ref());
        let is_measured = |new: &&NewServices| new.at_deadline.is_some();
        Self {
            observed_generation: generation,
            conditions: settle(conditions, statements, generation, now),
            new_services: new_services.filter(is_measured).cloned(),
            history: before.map_or_else(Vec::new, |status| status.history.clone()),
            ..Self::default()
        }
    }
}

/// The fields of a stored status that can be decoded; none without a status.
pub fn readable_status<S: DeserializeOwned>(status: &Value) -> Option<S> {
    let mut kept = Map::new();
    for (field, value) in status.as_object()? {
        kept.insert(field.clone(), value.clone());
        if S::deserialize(&Value::Object(kept.clone())).is_err() {
            kept.remove(field);
        }
    }
    S::deserialize(&Value::Object(kept)).ok()
}

/// Undecodable objects, by what they are.
#[derive(Debug, Default)]
pub(crate) struct UndecodableObjects {
    pub(crate) paths: BTreeMap<Arc<str>, Undecodable<GoldenPathStatus>>,
    pub(crate) exceptions: BTreeMap<(Arc<str>, Arc<str>), Undecodable<DeviationExceptionStatus>>,
}

impl Inventory {
    /// Adds or replaces an exception that cannot be decoded. What it excused is excused no longer;
    /// what counts for it, or for the next of its name, is remembered as for a deleted one.
    pub fn put_undecodable_exception(
        &mut self,
        namespace: &str,
        name: &str,
        object: Undecodable<DeviationExceptionStatus>,
        now: Timestamp,
    ) {
        let ns = self.namespace(namespace);
        if ns.is_some_and(|ns| ns.exception(name).is_some()) {
            self.forget_exception(namespace, name, now);
        }
        let key = (namespace.into(), name.into());
        self.undecodable.exceptions.insert(key, object);
        self.version += 1;
    }

    /// Adds or replaces a path that cannot be decoded. It judges nothing: as a deleted path, it is
    /// still judged by during the grace, and its exceptions keep their phases.
    pub fn put_undecodable_path(
        &mut self,
        name: &str,
        object: Undecodable<GoldenPathStatus>,
        now: Timestamp,
    ) -> Reread {
        let reread = self.remove_path(name, now);
        self.undecodable.paths.insert(name.into(), object);
        self.version += 1;
        reread
    }

    /// Golden paths that cannot be decoded, by name, and why.
    pub fn undecodable_paths(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let paths = self.undecodable.paths.iter();
        paths.map(|(name, object)| (&**name, &*object.message))
    }

    /// Exceptions that cannot be decoded, by namespace and name, and why.
    pub fn undecodable_exceptions(&self) -> impl ExactSizeIterator<Item = ((&str, &str), &str)> {
        let exceptions = self.undecodable.exceptions.iter();
        exceptions.map(|((namespace, name), object)| ((&**namespace, &**name), &*object.message))
    }

    pub(crate) fn undecodable_exception_statuses(
        &self,
        now: Timestamp,
    ) -> Vec<StatusWrite<DeviationExceptionStatus>> {
        let changed = self
            .undecodable
            .exceptions
            .iter()
            .filter_map(|(key, object)| {
                let status = object.changed_status("excuses nothing", now)?;
                Some(StatusWrite {
                    of: Owned::Exception(key.0.clone(), key.1.clone()),
                    uid: object.uid.clone(),
                    // Reminders are recorded by a write of their own.
                    status: DeviationExceptionStatus {
                        notified: Vec::new(),
                        notifying: Vec::new(),
                        ..status
                    },
                })
            });
        changed.collect()
    }

    pub(crate) fn undecodable_path_statuses(
        &self,
        now: Timestamp,
    ) -> Vec<StatusWrite<GoldenPathStatus>> {
        let changed = self.undecodable.paths.iter().filter_map(|(name, object)| {
            Some(StatusWrite {
                of: Owned::Path(name.clone()),
                uid: object.uid.clone(),
                status: object.changed_status("takes part in nothing", now)?,
            })
        });
        changed.collect()
    }

    pub(crate) fn undecodable_exception_written(
        &mut self,
        write: &StatusWrite<DeviationExceptionStatus>,
    ) {
        let Owned::Exception(namespace, name) = &write.of else {
            return;
        };
        let key = (namespace.clone(), name.clone());
        if let Some(object) = self.undecodable.exceptions.get_mut(&key)
            && object.uid == write.uid
        {
            let before = object.status.take().unwrap_or_default();
            object.status = Some(DeviationExceptionStatus {
                notified: before.notified,
                notifying: before.notifying,
                ..write.status.clone()
            });
        }
    }

    pub(crate) fn undecodable_path_written(&mut self, write: &StatusWrite<GoldenPathStatus>) {
        let Owned::Path(name) = &write.of else { return };
        if let Some(object) = self.undecodable.paths.get_mut(name)
            && object.uid == write.uid
        {
            object.status = Some(write.status.clone());
        }
    }
}
