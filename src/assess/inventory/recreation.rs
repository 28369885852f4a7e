//! Exceptions that are deleted and created again under the same name. The history of the deleted one
//! counts for the next, so that a deletion neither restores renewals nor lifts a rejection. Deletions
//! while no operator runs are unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::previous::Previous;
use crate::assess::exception::Consent;
use crate::assess::exception::past::Past;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::verdict::AsOf;

/// Number of deleted exceptions on record; the oldest go first.
const MOST_DELETED: usize = 10_000;

type Key = (Arc<str>, Arc<str>);

/// Deleted exceptions by namespace and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deleted(BTreeMap<Key, Gone>);

#[derive(Clone, Debug)]
struct Gone {
    uid: Option<Box<str>>,
    past: Past,
    /// The record for the next exception of the same name.
    previous: Previous,
}

/// An exception that was created under the name of a deleted one.
#[derive(Clone, Debug, PartialEq)]
pub struct Recreated {
    /// The record it got.
    pub previous: Previous,
    /// The deleted exception, if its deletion was not seen before.
    pub replaced: Option<Exception>,
}

impl Deleted {
    fn record(&mut self, key: Key, gone: Gone) {
        self.0.insert(key, gone);
        if self.0.len() > MOST_DELETED {
            let oldest = self
                .0
                .iter()
                .min_by_key(|(_, gone)| gone.previous.deleted_at.0);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&oldest);
            }
        }
    }
}

impl Inventory {
    /// Removes a deleted exception and records its history for the next one of the same name.
    pub fn forget_exception(
        &mut self,
        namespace: &str,
        name: &str,
        now: Timestamp,
    ) -> Option<Exception> {
        let known = self.namespace(namespace).and_then(|ns| ns.exception(name));
        if let Some(known) = known {
            let gone = Gone {
                uid: known.uid.clone(),
                past: known.lasting_past(),
                previous: self.previous_of(namespace, known, now),
            };
            self.deleted.record((namespace.into(), name.into()), gone);
        }
        self.remove_exception(namespace, name)
    }

    /// Adds the known past to an exception that was just read, before it enters the inventory.
    pub(crate) fn continue_past(
        &mut self,
        namespace: &str,
        exception: &mut Exception,
    ) -> Option<Recreated> {
        let known = self
            .namespace(namespace)
            .and_then(|ns| ns.exception(&exception.name));
        // An exception that is applied again after its definition was removed is the same one.
        if let Some(known) =
            known.filter(|known| known.uid == exception.uid || self.exceptions_kept)
        {
            exception.past = exception.past.with(&known.lasting_past());
            return None;
        }
        let gone = self
            .deleted
            .0
            .remove(&(namespace.into(), exception.name.clone()));
        let known = self
            .namespace(namespace)
            .and_then(|ns| ns.exception(&exception.name));
        let (previous, replaced) = match (known, gone) {
            // The deletion was not seen: the watch missed it.
            (Some(known), _) => (
                self.previous_of(namespace, known, exception.created),
                Some(known.clone()),
            ),
            (None, Some(gone)) if gone.uid.is_some() && gone.uid == exception.uid => {
                exception.past = exception.past.with(&gone.past);
                return None;
            }
            (None, Some(gone)) => (gone.previous, None),
            (None, None) => return None,
        };
        if exception.past.previous.is_some() {
            return None; // the leader has recorded it
        }
        exception.past.previous = Some(previous.clone());
        Some(Recreated { previous, replaced })
    }

    fn previous_of(
        &self,
        namespace: &str,
        exception: &Exception,
        deleted_at: Timestamp,
    ) -> Previous {
        let as_of = AsOf::new(deleted_at);
        let life = self
            .namespace(namespace)
            .map(|ns| self.judge_context(&as_of).life(ns, exception));
        let was_self_declared = life.is_some_and(|life| life.consent == Consent::SelfDeclared);
        exception
            .lasting_past()
            .after_deletion(&exception.spec, was_self_declared, deleted_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::condition::stored;

    #[test]
    fn the_record_of_deleted_exceptions_is_bounded() {
        let mut deleted = Deleted::default();
        let key = |name: i64| ("shop".into(), name.to_string().into());
        for second in 0..10_005 {
            let previous = Previous {
                deleted_at: stored(Timestamp::from_second(second).unwrap()),
                times: 1,
                renewals: 0,
                rejected_at: None,
            };
            let gone = Gone {
                uid: None,
                past: Past::default(),
                previous,
            };
            deleted.record(key(second), gone);
        }
        assert_eq!(deleted.0.len(), MOST_DELETED);
        assert!(!deleted.0.contains_key(&key(4)), "the oldest go first");
        assert!(deleted.0.contains_key(&key(5)));
    }
}
