//! Stored paths and exceptions that cannot be decoded, because an older definition let them in.
//! **Invariant:** such an exception excuses nothing and such a path judges nothing, whatever they
//! contained before. Only their metadata is read; their status reports why they are not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::{DeviationExceptionStatus, GoldenPathStatus};
use crate::assess::inventory::{Inventory, Reread};

/// The reason of the conditions `Ready` and `Stalled`.
pub const REASON: &str = "Undecodable";
/// Characters of a decoding error that a status quotes.
const QUOTED: usize = 300;

/// Metadata of an object that cannot be decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Undecodable<S> {
    /// Uid of the stored object.
    pub uid: Option<Box<str>>,
    /// Generation of the spec.
    pub generation: Option<i64>,
    /// The field that cannot be decoded, and why.
    pub message: String,
    /// The decodable part of the stored status.
    pub(in crate::assess) status: Option<S>,
}

impl<S: DeserializeOwned> Undecodable<S> {
    /// Reads the metadata of an object whose decoding failed with this message.
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

/// The decodable fields of a stored status; none without a status.
pub fn readable_status<S: DeserializeOwned>(status: &Value) -> Option<S> {
    let mut decodable = Map::new();
    for (field, value) in status.as_object()? {
        decodable.insert(field.clone(), value.clone());
        if S::deserialize(&Value::Object(decodable.clone())).is_err() {
            decodable.remove(field);
        }
    }
    S::deserialize(&Value::Object(decodable)).ok()
}

/// Undecodable paths and exceptions.
#[derive(Clone, Debug, Default)]
pub(crate) struct UndecodableObjects {
    pub(crate) paths: BTreeMap<Arc<str>, Undecodable<GoldenPathStatus>>,
    pub(crate) exceptions: BTreeMap<(Arc<str>, Arc<str>), Undecodable<DeviationExceptionStatus>>,
}

impl Inventory {
    /// Adds or replaces an undecodable exception. It excuses nothing from now on. Its history stays on
    /// record, as for a deleted exception.
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

    /// Adds or replaces an undecodable path. Like a deleted path, it still judges during the grace
    /// period, then judges nothing, and its exceptions stay in their phases.
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

    /// Undecodable paths: name and message.
    pub(crate) fn undecodable_paths(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.undecodable
            .paths
            .iter()
            .map(|(name, object)| (&**name, &*object.message))
    }

    /// Undecodable exceptions: namespace and name, and message.
    pub(crate) fn undecodable_exceptions(
        &self,
    ) -> impl ExactSizeIterator<Item = ((&str, &str), &str)> {
        self.undecodable
            .exceptions
            .iter()
            .map(|((namespace, name), object)| ((&**namespace, &**name), &*object.message))
    }
}
