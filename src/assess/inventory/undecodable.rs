//! Stored paths and exceptions that cannot be decoded: an older or looser definition let them in.
//! **Invariant:** such an exception excuses nothing and such a path judges nothing, whatever they
//! held before. Only their metadata is read, and their status says why they are not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::{DeviationExceptionStatus, GoldenPathStatus};
use crate::assess::inventory::{Inventory, Reread};

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
    /// What can be decoded of its stored status.
    pub(in crate::assess) status: Option<S>,
}

impl<S: DeserializeOwned> Undecodable<S> {
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
#[derive(Clone, Debug, Default)]
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
}
