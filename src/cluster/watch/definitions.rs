//! Deletions of our own objects, held back until it is known what they mean. An API server that
//! removes a definition first deletes every instance, and those deletions reach the watch like any
//! other. No user asked for them: the last known objects stay in force until the definition is
//! back and a complete list decides.
//! Discovery tells the two apart without further rights: while a definition is being removed, its
//! kind is listed without the verb `create`, and afterwards not at all.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::warn;

use super::followed::Followed;
use crate::cluster::client::error::reason_of;
use crate::cluster::client::stored::{Key, Stored};
use crate::cluster::context::Context;
use crate::cluster::readiness::Trouble;
use crate::cluster::write::apply::PATIENCE;

/// How long after a deletion discovery has to list the kind as served: another API server than the
/// one that deletes learns of a removal a moment later.
const SETTLED_AFTER: Duration = Duration::from_secs(1);
/// Time between two questions while a deletion is held back.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// The reason in metrics, problems and conditions.
const REASON: &str = "DefinitionRemoved";

/// What discovery says of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Definition {
    /// Objects of the kind can be created.
    Served,
    /// Its definition is being removed, or is gone.
    Removed,
    /// The API server did not answer.
    Unknown,
}

/// Deletions of one kind of ours that are not yet taken in.
pub struct Deletions {
    client: Client,
    followed: Followed,
    waiting: BTreeMap<Key, (Stored, Instant)>,
    ask_at: Option<Instant>,
    kept: HashSet<Key>,
    is_removed: bool,
    was_listed: bool,
}

impl Deletions {
    /// Deletions of a followed kind; none were seen yet.
    pub fn new(client: Client, followed: Followed) -> Self {
        Self {
            client,
            followed,
            waiting: BTreeMap::new(),
            ask_at: None,
            kept: HashSet::new(),
            is_removed: false,
            was_listed: false,
        }
    }

    /// An object was deleted. One of another kind than ours is gone at once.
    pub fn add(&mut self, stored: Stored, context: &Context) {
        if !self.followed.is_ours() {
            return context.forget(&self.followed, &stored);
        }
        let now = Instant::now();
        self.ask_at.get_or_insert(now);
        self.waiting.insert(stored.key(), (stored, now));
    }

    /// An object exists. Where another of its name was deleted just before, that one is gone.
    pub fn exists(&mut self, key: &Key, context: &Context) {
        self.kept.remove(key);
        if let Some((before, _)) = self.waiting.remove(key) {
            context.forget(&self.followed, &before);
        }
    }

    /// Waits until there is something to ask discovery about.
    pub async fn due(&self) {
        match self.ask_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Asks discovery, and takes in what is certain.
    pub async fn settle(&mut self, context: &Context) {
        match self.ask().await {
            Definition::Removed => self.keep(context),
            Definition::Unknown => {}
            Definition::Served => self.take_in(context),
        }
        self.ask_at = (!self.waiting.is_empty()).then(|| Instant::now() + ASK_EVERY);
    }

    fn take_in(&mut self, context: &Context) {
        let now = Instant::now();
        self.waiting.retain(|_, (stored, at)| {
            let is_settled = now.duration_since(*at) >= SETTLED_AFTER;
            if is_settled {
                context.forget(&self.followed, stored);
            }
            !is_settled
        });
    }

    /// A list is complete. None where it decides nothing, because the definition is being removed.
    /// Otherwise the objects that went with an earlier definition, unless they are back.
    pub async fn listed(&mut self, context: &Context) -> Option<HashSet<Key>> {
        if self.followed.is_ours() {
            loop {
                match self.ask().await {
                    Definition::Served => break,
                    Definition::Removed => {
                        self.keep(context);
                        return None;
                    }
                    Definition::Unknown => sleep(ASK_EVERY).await,
                }
            }
        }
        self.waiting.clear();
        self.ask_at = None;
        self.was_listed = true;
        if std::mem::take(&mut self.is_removed) {
            context.definition_removed(&self.followed, false);
        }
        Some(std::mem::take(&mut self.kept))
    }

    /// The kind is not served. True where it was before: its definition is gone, and only a new
    /// list says what there is once it is back.
    pub fn not_served(&mut self, context: &Context) -> bool {
        let is_gone = self.followed.is_ours() && self.was_listed;
        if is_gone {
            self.keep(context);
            self.ask_at = None;
        }
        is_gone
    }

    fn keep(&mut self, context: &Context) {
        let waiting = std::mem::take(&mut self.waiting);
        self.kept.extend(waiting.into_keys());
        let kind = self.followed.name();
        let trouble = Trouble {
            reason: REASON,
            message: format!(
                "the definition of {kind} was removed; the last known objects stay in force until it is back"
            ),
        };
        context.gates.troubled(kind, &trouble, Timestamp::now());
        if !std::mem::replace(&mut self.is_removed, true) {
            warn!(kind, "definition removed; keeping last known state");
            context.definition_removed(&self.followed, true);
        }
    }

    async fn ask(&self) -> Definition {
        let resource = self.followed.resource();
        let asking = self.client.list_api_group_resources(&resource.api_version);
        let list = match timeout(PATIENCE, asking).await {
            Ok(Ok(list)) => list,
            Ok(Err(error)) => {
                return match reason_of(&error) {
                    "NotFound" => Definition::Removed,
                    // Without discovery a deletion means what it says.
                    "Forbidden" | "Unauthorized" => Definition::Served,
                    _ => Definition::Unknown,
                };
            }
            Err(_) => return Definition::Unknown,
        };
        let mut resources = list.resources.iter();
        let is_served = resources.any(|served| {
            served.name == resource.plural && served.verbs.iter().any(|verb| verb == "create")
        });
        if is_served {
            Definition::Served
        } else {
            Definition::Removed
        }
    }
}
