//! Holds deletions of our own objects back until discovery shows their cause. An API server that
//! removes a definition first deletes every instance, and those deletions reach the watch like any
//! other. No user asked for them: the last known objects stay in force until the definition is back
//! and a complete list decides.
//! Discovery distinguishes the two without further rights: while a definition is being removed, its
//! kind is listed without the verb `create`, and afterwards not at all.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use kube::Client;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::warn;

use super::followed::Followed;
use crate::cluster::client::connect::REQUEST_TIMEOUT;
use crate::cluster::client::error::reason_of;
use crate::cluster::client::stored::Key;
use crate::cluster::context::Context;
use crate::cluster::readiness::WatchFailure;

/// How long after a deletion discovery must still serve the kind before the deletion counts: with
/// several API servers, the others learn of a removal later.
const SETTLED_AFTER: Duration = Duration::from_secs(1);
/// Time between two lookups while a deletion is held back.
const ASK_EVERY: Duration = Duration::from_millis(500);
/// The reason in metrics, problems and conditions.
const REASON: &str = "DefinitionRemoved";

/// The state of a kind in discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Served {
    /// Objects of the kind can be created.
    Yes,
    /// Its definition is being removed, or is gone.
    No,
    /// The API server did not answer.
    Unknown,
}

/// Deletions of one kind of ours that are held back.
pub struct Deletions {
    client: Client,
    followed: Followed,
    waiting: BTreeMap<Key, Instant>,
    ask_at: Option<Instant>,
    outlived: HashSet<Key>,
    is_removed: bool,
    was_listed: bool,
}

impl Deletions {
    /// No deletions of a followed kind.
    pub fn new(client: Client, followed: Followed) -> Self {
        Self {
            client,
            followed,
            waiting: BTreeMap::new(),
            ask_at: None,
            outlived: HashSet::new(),
            is_removed: false,
            was_listed: false,
        }
    }

    /// An object was deleted. One of another kind than ours is gone at once.
    pub fn add(&mut self, key: Key, context: &Context) {
        if !self.followed.is_ours {
            return self.followed.remove(&key, context);
        }
        let now = Instant::now();
        self.ask_at.get_or_insert(now);
        self.waiting.insert(key, now);
    }

    /// An object exists. An earlier one of its name whose deletion is held back is gone.
    pub fn exists(&mut self, key: &Key, context: &Context) {
        self.outlived.remove(key);
        if self.waiting.remove(key).is_some() {
            self.followed.remove(key, context);
        }
    }

    /// Waits until the next lookup is due; for ever where nothing is held back.
    pub async fn due(&self) {
        match self.ask_at {
            Some(at) => sleep_until(at).await,
            None => std::future::pending().await,
        }
    }

    /// Asks discovery, and removes the objects whose deletion is certain.
    pub async fn settle(&mut self, context: &Context) {
        match self.look_up().await {
            Served::No => self.hold(context),
            Served::Unknown => {}
            Served::Yes => self.take_in(context),
        }
        self.ask_at = (!self.waiting.is_empty()).then(|| Instant::now() + ASK_EVERY);
    }

    fn take_in(&mut self, context: &Context) {
        let now = Instant::now();
        self.waiting.retain(|key, at| {
            let is_settled = now.duration_since(*at) >= SETTLED_AFTER;
            if is_settled {
                self.followed.remove(key, context);
            }
            !is_settled
        });
    }

    /// A list is complete. `None` where it decides nothing, because the definition is being removed;
    /// otherwise the objects that went with an earlier definition and did not come back.
    pub async fn listed(&mut self, context: &Context) -> Option<HashSet<Key>> {
        if self.followed.is_ours {
            loop {
                match self.look_up().await {
                    Served::Yes => break,
                    Served::No => {
                        self.hold(context);
                        return None;
                    }
                    Served::Unknown => sleep(ASK_EVERY).await,
                }
            }
        }
        self.waiting.clear();
        self.ask_at = None;
        self.was_listed = true;
        if std::mem::take(&mut self.is_removed) {
            self.followed.definition_removed(false, context);
        }
        Some(std::mem::take(&mut self.outlived))
    }

    /// The kind is not served. True where it was before: its definition is gone, and once it is back only
    /// a new list shows which objects exist.
    pub fn not_served(&mut self, context: &Context) -> bool {
        let is_gone = self.followed.is_ours && self.was_listed;
        if is_gone {
            self.hold(context);
            self.ask_at = None;
        }
        is_gone
    }

    fn hold(&mut self, context: &Context) {
        let waiting = std::mem::take(&mut self.waiting);
        self.outlived.extend(waiting.into_keys());
        let kind = &*self.followed.name;
        let failure = WatchFailure {
            reason: REASON,
            message: format!(
                "the definition of {kind} was removed; the last known objects stay in force until it is back"
            ),
        };
        context.gates.failed(kind, &failure, Timestamp::now());
        if !std::mem::replace(&mut self.is_removed, true) {
            warn!(kind, "definition removed; keeping last known state");
            self.followed.definition_removed(true, context);
        }
    }

    async fn look_up(&self) -> Served {
        let resource = &self.followed.resource;
        let lookup = self.client.list_api_group_resources(&resource.api_version);
        let list = match timeout(REQUEST_TIMEOUT, lookup).await {
            Ok(Ok(list)) => list,
            Ok(Err(error)) => {
                return match reason_of(&error) {
                    "NotFound" => Served::No,
                    // Without discovery every deletion counts.
                    "Forbidden" | "Unauthorized" => Served::Yes,
                    _ => Served::Unknown,
                };
            }
            Err(_) => return Served::Unknown,
        };
        let is_served = list.resources.iter().any(|served| {
            served.name == resource.plural && served.verbs.iter().any(|verb| verb == "create")
        });
        if is_served { Served::Yes } else { Served::No }
    }
}
