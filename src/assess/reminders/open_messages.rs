//! Messages under way: their intent is recorded, and no receiver is known to have accepted them. A
//! message is repeated under its own key with its own items; what falls due later waits for a later
//! message.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::message::item_id;
use super::records::{self, RecordChange, RecordWrite};
use super::{DueStage, Recipient, message};
use crate::api::deviation_exception::Notifying;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;

/// The messages under way, by key.
#[derive(Debug, Default)]
pub(super) struct OpenMessages {
    /// The items that all recorded intents of a message list. The lists differ while a message that
    /// lost an item is recorded again: then the shorter one counts.
    items: BTreeMap<String, BTreeSet<String>>,
    /// The keys under which each item is listed.
    keys: HashMap<String, BTreeSet<String>>,
    /// Messages with an item that is recorded as sent: the receiver has accepted all of it.
    accepted: HashMap<String, Timestamp>,
    /// The recorded intents.
    intents: Vec<RecordWrite>,
}

/// The message an item belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ItemMessage {
    /// None yet.
    New,
    /// The one with this key, which was not accepted yet.
    Open(String),
    /// One that was accepted; that is still to be recorded.
    Accepted,
}

impl OpenMessages {
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
        let sent = exceptions(inventory)
            .filter_map(|(_, exception)| exception.status.as_ref())
            .flat_map(|status| &status.notified);
        for sent in sent {
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
        let Some(read) = records::read(&intent.stage) else {
            return;
        };
        let decision_at = intent.decision_at.0;
        let due = DueStage {
            stage: read.stage,
            decision_at,
            item: read.item.map(Into::into),
        };
        let items: BTreeSet<String> = intent.items.iter().cloned().collect();
        self.items
            .entry(intent.key.clone())
            .and_modify(|known| known.retain(|item| items.contains(item)))
            .or_insert(items);
        self.intents.push(RecordWrite {
            item: item_id(namespace, exception, &due, read.dry_run),
            namespace: namespace.into(),
            name: exception.name.clone(),
            uid: exception.uid.clone(),
            word: intent.stage.clone(),
            decision_at,
            key: intent.key.clone(),
            change: RecordChange::LeftOut,
        });
    }

    /// The message to `owner` that an item with this recorded intent belongs to. An item without an
    /// intent joins the message that lists it: a replica ended before it had recorded all intents. An
    /// intent for another owner does not count: the message is routed to another channel now.
    pub(super) fn of_item(
        &self,
        item: &str,
        intent: Option<&Notifying>,
        owner: &Recipient,
        dry_run: bool,
    ) -> ItemMessage {
        let leads_here = |key: &str| message::leads_to(key, owner, dry_run);
        let key = match intent {
            Some(intent) if self.accepted.contains_key(&intent.key) => {
                return ItemMessage::Accepted;
            }
            Some(intent) => Some(&intent.key).filter(|key| self.lists(key, item)),
            None => self
                .keys
                .get(item)
                .into_iter()
                .flatten()
                .find(|key| leads_here(key) && !self.accepted.contains_key(*key)),
        };
        key.filter(|key| leads_here(key))
            .map_or(ItemMessage::New, |key| ItemMessage::Open(key.clone()))
    }

    fn lists(&self, key: &str, item: &str) -> bool {
        self.items
            .get(key)
            .is_some_and(|items| items.contains(item))
    }

    /// Removals of the recorded intents of a message for other items than these.
    pub(super) fn left_out(&self, key: &str, items: &[message::MessageItem]) -> Vec<RecordWrite> {
        let is_left_out = |intent: &&RecordWrite| {
            intent.key == key && items.iter().all(|item| item.id != intent.item)
        };
        self.intents.iter().filter(is_left_out).cloned().collect()
    }
}

/// What is still to be recorded of accepted messages: a replica ended when it had recorded some of
/// their items. Nothing of it is sent again.
pub fn accepted(inventory: &Inventory) -> Vec<RecordWrite> {
    let open = OpenMessages::of(inventory);
    open.intents
        .iter()
        .filter_map(|intent| {
            let change = RecordChange::Sent(*open.accepted.get(&intent.key)?);
            Some(RecordWrite {
                change,
                ..intent.clone()
            })
        })
        .collect()
}

fn exceptions(inventory: &Inventory) -> impl Iterator<Item = (&str, &Exception)> {
    inventory
        .namespaces()
        .flat_map(|(namespace, ns)| ns.exceptions().map(move |one| (namespace, one)))
}
