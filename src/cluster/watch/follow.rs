//! Follows one kind for ever: a paged list, then a watch. Every failure is reported and retried with
//! growing pauses; no error ends a watch. Objects go to the inventory at once and are dropped.

use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt;
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher::{self, Event, watcher};
use tracing::info;

use super::definitions::Deletions;
use super::failure::{self, WatchBackoff, failure_of};
use super::followed::Followed;
use crate::cluster::client::connect::WATCH_SECONDS;
use crate::cluster::client::pager::PAGE_SIZE;
use crate::cluster::client::stored::{Key, Stored};
use crate::cluster::context::Context;

/// Follows one kind until the task is aborted.
pub async fn follow(client: Client, followed: Followed, context: Arc<Context>) {
    let api = Api::<Stored>::all_with(client.clone(), &followed.resource);
    context
        .heartbeat
        .follow(api.resource_url().to_owned(), &followed.name);
    let mut config = watcher::Config::default()
        .timeout(WATCH_SECONDS)
        .page_size(PAGE_SIZE);
    config.label_selector.clone_from(&followed.selector);
    let mut events = Box::pin(watcher(api.clone(), config.clone()));
    let mut backoff = WatchBackoff::default();
    let mut watch = Watch {
        listed: HashSet::new(),
        deletions: Deletions::new(client, followed.clone()),
        followed,
        context,
    };
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = watch.deletions.due() => {
                watch.deletions.settle(&watch.context).await;
                continue;
            }
        };
        match event {
            None => return,
            Some(Ok(event)) => {
                backoff.observe(&event);
                watch.take(event).await;
            }
            Some(Err(error)) => {
                if watch.fail(&error) == AfterFailure::ListAgain {
                    events = Box::pin(watcher(api.clone(), config.clone()));
                }
                backoff.wait().await;
            }
        }
    }
}

/// How the stream of events goes on after a failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AfterFailure {
    /// It resumes where it was.
    Resume,
    /// It starts with a new list.
    ListAgain,
}

/// The state of one watch.
struct Watch {
    followed: Followed,
    context: Arc<Context>,
    /// The objects of the list that is under way.
    listed: HashSet<Key>,
    deletions: Deletions,
}

impl Watch {
    async fn take(&mut self, event: Event<Stored>) {
        let context = &self.context;
        let kind = &*self.followed.name;
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(stored) => {
                self.listed.insert(stored.key());
                self.followed.put(stored, context);
            }
            Event::InitDone => {
                let listed = std::mem::take(&mut self.listed);
                if let Some(outlived) = self.deletions.listed(context).await {
                    self.followed.complete(&listed, &outlived, context);
                    info!(kind, objects = listed.len(), "listed");
                    context.gates.listed(kind);
                }
            }
            Event::Apply(stored) => {
                context.gates.recovered(kind);
                self.deletions.exists(&stored.key(), context);
                self.followed.put(stored, context);
            }
            Event::Delete(stored) => {
                context.gates.recovered(kind);
                self.deletions.add(stored.key(), context);
            }
        }
    }

    fn fail(&mut self, error: &watcher::Error) -> AfterFailure {
        let failure = failure_of(error);
        if failure.reason == "NotFound" && self.deletions.not_served(&self.context) {
            // A watch that resumed would miss the deletions.
            return AfterFailure::ListAgain;
        }
        self.followed.unavailable(&failure, &self.context);
        failure::report(failure, &self.followed.name, &self.context);
        AfterFailure::Resume
    }
}
