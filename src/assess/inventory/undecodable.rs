//! Stored paths and exceptions that cannot be decoded, because an older definition let them in.
//! **Invariant:** such an exception excuses nothing and such a path judges nothing, whatever they
//! contained before. Only their metadata is read; their status reports why they are not used.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::{DeviationExceptionStatus, GoldenPathStatus};
use crate::assess::inventory::{Inventory, Reread};
use crate::assess::object::undecodable::Undecodable;

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
