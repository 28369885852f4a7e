//! Exceptions that are deleted and created again under the same name. What is remembered of a
//! deleted one counts for the next, so that deleting one neither restores renewals nor lifts a rejection. What
//! was deleted while no operator ran is not known.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::previous::Previous;
use crate::assess::exception::Consent;
use crate::assess::exception::past::Past;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::verdict::AsOf;

/// How many deleted exceptions are remembered, the latest ones.
const REMEMBERED: usize = 10_000;

type Key = (Arc<str>, Arc<str>);

/// Deleted exceptions by namespace and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deleted(BTreeMap<Key, Gone>);

#[derive(Clone, Debug)]
struct Gone {
    uid: Option<Box<str>>,
    past: Past,
    /// What is recorded of it in its successor.
    previous: Previous,
}

/// An exception that was created under the name of a deleted one.
#[derive(Clone, Debug, PartialEq)]
pub struct Recreated {
    /// What was recorded in it.
    pub previous: Previous,
    /// The deleted one, where its deletion was not seen before.
    pub replaced: Option<Exception>,
}

impl Deleted {
    fn record(&mut self, key: Key, gone: Gone) {
        self.0.insert(key, gone);
        if self.0.len() > REMEMBERED {
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
    /// Removes a deleted exception and remembers what counts for the next of its name.
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

    /// Gives an exception that was just read the past that is known here, before it is stored.
    pub(crate) fn continue_past(
        &mut self,
        namespace: &str,
        exception: &mut Exception,
    ) -> Option<Recreated> {
        let known = self
            .namespace(namespace)
            .and_then(|ns| ns.exception(&exception.name));
        // What is applied again after its definition was away is the same exception.
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
            // Its deletion was not seen: it was listed again, or the watch missed it.
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
            return None; // recorded by the replica that leads
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
    fn the_memory_of_deleted_exceptions_is_bounded() {
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
        assert_eq!(deleted.0.len(), REMEMBERED);
        assert!(!deleted.0.contains_key(&key(4)), "the oldest go first");
        assert!(deleted.0.contains_key(&key(5)));
    }
}
