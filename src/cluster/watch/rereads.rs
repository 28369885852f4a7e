//! Judging again what is known, after a path or a namespace changed: lists that refresh records
//! and leave existence to the watches. Changes that come together are read once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use kube::api::{Api, ListParams};
use tokio::sync::Notify;
use tracing::{debug, warn};

use super::intake::Seen;
use crate::assess::object::kind::WatchedKind;
use crate::cluster::client::error::reason_of;
use crate::cluster::client::pager::Pager;
use crate::cluster::client::stored::{Stored, resource_of};
use crate::cluster::context::Context;
use crate::cluster::readiness::Stage;

/// How long further changes are waited for.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// Pause after a failed list; doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What waits to be read again.
#[derive(Debug, Default)]
pub struct Rereads {
    asked: Mutex<Asked>,
    bell: Notify,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    everything: bool,
    namespaces: BTreeSet<String>,
}

impl Rereads {
    /// Every workload has to be judged again.
    pub fn ask_everything(&self) {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .everything = true;
        self.bell.notify_one();
    }

    /// The workloads of one namespace have to be judged again.
    pub fn ask_namespace(&self, name: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.namespaces.insert(name.to_owned());
        drop(asked);
        self.bell.notify_one();
    }

    fn take(&self) -> Asked {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Reads again whatever is asked for, until the task is aborted. Before workloads are followed
/// there is nothing to judge again.
pub async fn run(client: Client, context: Arc<Context>) {
    context.gates.reached(Stage::Judging).await;
    context.rereads.take();
    loop {
        context.rereads.bell.notified().await;
        tokio::time::sleep(DEBOUNCE).await;
        let asked = context.rereads.take();
        let namespaces: Vec<Option<String>> = if asked.everything {
            vec![None]
        } else {
            asked.namespaces.into_iter().map(Some).collect()
        };
        for namespace in namespaces {
            for kind in context.judging().kinds.clone() {
                reread(&client, &kind, namespace.as_deref(), &context).await;
            }
        }
    }
}

/// Lists one kind to the end, however often that takes. A kind that may not be listed is left to
/// its watch.
async fn reread(
    client: &Client,
    kind: &Arc<WatchedKind>,
    namespace: Option<&str>,
    context: &Context,
) {
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match list_once(client, kind, namespace, context).await {
            Ok(objects) => {
                debug!(kind = kind.kind, namespace, objects, "judged again");
                return;
            }
            Err(error) => error,
        };
        let reason = reason_of(&error);
        context.counters.failed(reason);
        if matches!(reason, "Forbidden" | "NotFound") {
            return;
        }
        warn!(kind = kind.kind, reason, %error, "failed to list; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn list_once(
    client: &Client,
    kind: &Arc<WatchedKind>,
    namespace: Option<&str>,
    context: &Context,
) -> Result<usize, kube::Error> {
    let resource = resource_of(kind);
    let api: Api<Stored> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let mut pager = Pager::new(ListParams::default());
    let mut objects = 0;
    while let Some(params) = pager.next() {
        let page = api.list(params).await?;
        pager.turn(&page.metadata);
        for stored in page {
            objects += 1;
            context.take_workload(stored.into_value(&resource), kind, Seen::Reread);
        }
        context.changed.notify_one();
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_come_together_are_read_once() {
        let rereads = Rereads::default();
        rereads.ask_namespace("shop");
        rereads.ask_namespace("shop");
        rereads.ask_everything();
        let asked = rereads.take();
        assert!(asked.everything);
        assert_eq!(asked.namespaces.len(), 1);
        assert_eq!(rereads.take(), Asked::default());
    }
}
