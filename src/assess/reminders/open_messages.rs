//! Messages under way: those whose intent is recorded, and that no receiver is known to have
//! accepted. A message is repeated under its own key with its own items; what falls due later
//! waits for a later message.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::message::item_id;
use super::records::{self, Change, Mark};
use super::{Addressee, message};
use crate::api::deviation_exception::Notifying;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;

/// What is known of messages under way, by key.
#[derive(Debug, Default)]
pub(super) struct Open {
    /// The items that all recorded intents of a message list. They differ while a message that
    /// lost an item is being recorded anew: then the shorter list counts.
    items: BTreeMap<String, BTreeSet<String>>,
    /// Where each item belongs that some intent lists.
    keys: HashMap<String, BTreeSet<String>>,
    /// Messages of which some item is recorded as sent: the receiver has accepted all of it.
    accepted: HashMap<String, Timestamp>,
    /// The recorded intents.
    intents: Vec<Mark>,
}

/// Which message a reminder belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// A new one.
    Nowhere,
    /// The one with this key, which was not accepted yet.
    To(String),
    /// One that was accepted; what is left is to record that.
    ToAccepted,
}

impl Open {
    pub(super) fn of(inventory: &Inventory) -> Self {
        let mut open = Self::default();
        for (namespace, exception) in exceptions(inventory) {
            for intent in exception.status.iter().flat_map(|status| &status.notifying) {
                open.add(namespace, exception, intent);
            }
        }
        if open.intents.is_empty() {
            return open;
        }
        let statuses = exceptions(inventory).filter_map(|(_, exception)| exception.status.as_ref());
        for sent in statuses.flat_map(|status| &status.notified) {
            let key = sent
                .key
                .as_ref()
                .filter(|key| open.items.contains_key(*key));
            if let Some(key) = key {
                open.accepted.insert(key.clone(), sent.sent_at.0);
            }
        }
        for (key, items) in &open.items {
            for item in items {
                open.keys
                    .entry(item.clone())
                    .or_default()
                    .insert(key.clone());
            }
        }
        open
    }

    fn add(&mut self, namespace: &str, exception: &Exception, intent: &Notifying) {
        let Some((stage, dry_run)) = records::read(&intent.stage) else {
            return;
        };
        let decision_at = intent.decision_at.0;
        let items: BTreeSet<String> = intent.items.iter().cloned().collect();
        self.items
            .entry(intent.key.clone())
            .and_modify(|known| known.retain(|item| items.contains(item)))
            .or_insert(items);
        self.intents.push(Mark {
            item: item_id((namespace, exception), (stage, decision_at), dry_run),
            namespace: namespace.into(),
            name: exception.name.clone(),
            uid: exception.uid.clone(),
            word: intent.stage.clone(),
            decision_at,
            key: intent.key.clone(),
            change: Change::LeftOut,
        });
    }

    /// Which message to `owner` an item with this recorded intent belongs to. An item without an
    /// intent joins the message that lists it: a replica ended before it had recorded all intents.
    /// An intent for another owner counts no more: the message was routed elsewhere.
    pub(super) fn of_item(
        &self,
        (item, intent): (&str, Option<&Notifying>),
        owner: &Addressee,
        dry_run: bool,
    ) -> Belongs {
        let leads_here = |key: &str| message::leads_to(key, owner, dry_run);
        let key = match intent {
            Some(intent) if self.accepted.contains_key(&intent.key) => return Belongs::ToAccepted,
            Some(intent) => Some(&intent.key).filter(|key| self.lists(key, item)),
            None => {
                let mut keys = self.keys.get(item).into_iter().flatten();
                keys.find(|key| leads_here(key) && !self.accepted.contains_key(*key))
            }
        };
        key.filter(|key| leads_here(key))
            .map_or(Belongs::Nowhere, |key| Belongs::To(key.clone()))
    }

    fn lists(&self, key: &str, item: &str) -> bool {
        self.items
            .get(key)
            .is_some_and(|items| items.contains(item))
    }

    /// Recorded intents of a message that are for none of these items.
    pub(super) fn left_out(&self, key: &str, items: &[message::Item]) -> Vec<Mark> {
        let is_left_out =
            |mark: &&Mark| mark.key == key && items.iter().all(|item| item.id != mark.item);
        self.intents.iter().filter(is_left_out).cloned().collect()
    }
}

/// What is left to record of messages that were accepted: a replica ended when it had recorded
/// some of their items. Nothing of it is sent again.
pub fn accepted(inventory: &Inventory) -> Vec<Mark> {
    let open = Open::of(inventory);
    let sent = open.intents.iter().filter_map(|intent| {
        let change = Change::Sent(*open.accepted.get(&intent.key)?);
        Some(Mark {
            change,
            ..intent.clone()
        })
    });
    sent.collect()
}

fn exceptions(inventory: &Inventory) -> impl Iterator<Item = (&str, &Exception)> {
    inventory
        .namespaces()
        .flat_map(|(namespace, ns)| ns.exceptions().map(move |one| (namespace, one)))
}
