//! Follows one kind for ever: a list, then a watch. Workloads and large objects are listed as the first
//! events of the watch, where the API server can do that; others page by page. Every failure is
//! reported and retried with growing pauses; no error ends a watch. Objects go to the inventory at once
//! and are dropped.

use std::collections::HashSet;
use std::sync::Arc;

use futures::StreamExt;
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher::InitialListStrategy::{ListWatch, StreamingList};
use kube::runtime::watcher::{self, Event, watcher};
use tracing::{debug, info};

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
    if followed.can_stream {
        config = config.streaming_lists();
    }
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
            Some(Err(error))
                if config.initial_list_strategy == StreamingList && is_refused(&error) =>
            {
                debug!(kind = &*watch.followed.name, %error, "API server streams no lists; reading pages");
                config.initial_list_strategy = ListWatch;
                events = Box::pin(watcher(api.clone(), config.clone()));
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

/// Whether the API server refused to send a list as events: a release before 1.32 does, and one where
/// the feature is off.
fn is_refused(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            matches!(status.code, 400 | 422)
        }
        watcher::Error::WatchStartFailed(_)
        | watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchError(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => false,
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
