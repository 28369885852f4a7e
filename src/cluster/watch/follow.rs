//! Following one kind: a paged list, then a watch, for ever. Whatever fails is said and tried
//! again with growing pauses; no error ends a watch. What is learnt goes to the context at once,
//! and no object is kept.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use kube::Client;
use kube::api::Api;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, DefaultBackoff, Event, watcher};
use tracing::{info, warn};

use super::definitions::Deletions;
use super::followed::Followed;
use crate::cluster::client::error::reason_of;
use crate::cluster::client::pager::PAGE;
use crate::cluster::client::stored::{Key, Stored};
use crate::cluster::context::Context;
use crate::cluster::readiness::Trouble;

/// How long one watch lasts: shorter than the four minutes after which load balancers drop silent
/// connections, which bounds how long a dead one goes unnoticed.
pub const WATCH_SECONDS: u32 = 180;
/// The longest pause between two attempts, so that a kind that appears is followed within a minute.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(40);

/// Follows one kind until the task is aborted.
pub async fn follow(client: Client, followed: Followed, context: Arc<Context>) {
    let resource = followed.resource();
    let api = Api::<Stored>::all_with(client.clone(), &resource);
    context
        .pulse
        .listen(api.resource_url().to_owned(), followed.name());
    let mut config = watcher::Config::default()
        .timeout(WATCH_SECONDS)
        .page_size(PAGE);
    config.label_selector = followed.selector();
    let mut events = Box::pin(watcher(api.clone(), config.clone()));
    let mut pauses = DefaultBackoff::default();
    let mut seen = HashSet::new();
    let mut deletions = Deletions::new(client, followed.clone());
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = deletions.due() => {
                deletions.settle(&context).await;
                continue;
            }
        };
        match event {
            None => return,
            Some(Ok(event)) => {
                if is_progress(&event) {
                    pauses.reset();
                }
                take(event, &followed, (&mut seen, &mut deletions), &context).await;
            }
            Some(Err(error)) => {
                if trouble_of(&error).reason == "NotFound" && deletions.not_served(&context) {
                    // A watch that goes on from before would miss what is gone.
                    events = Box::pin(watcher(api.clone(), config.clone()));
                } else {
                    context.out_of_reach(&followed, &trouble_of(&error));
                    complain(&error, followed.name(), &context);
                }
                let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            }
        }
    }
}

/// Whether the server answered. Every attempt to list begins with `Init`, also one that fails:
/// counted as an answer it would make kube's own backoff begin anew each time.
pub const fn is_progress<K>(event: &Event<K>) -> bool {
    match event {
        Event::Init | Event::InitApply(_) => false,
        Event::InitDone | Event::Apply(_) | Event::Delete(_) => true,
    }
}

async fn take(
    event: Event<Stored>,
    followed: &Followed,
    (seen, deletions): (&mut HashSet<Key>, &mut Deletions),
    context: &Context,
) {
    match event {
        Event::Init => seen.clear(),
        Event::InitApply(stored) => {
            seen.insert(stored.key());
            context.take(followed, stored);
        }
        Event::InitDone => {
            let seen = std::mem::take(seen);
            if let Some(kept) = deletions.listed(context).await {
                context.complete(followed, &seen, &kept);
                info!(kind = followed.name(), objects = seen.len(), "listed");
                context.gates.listed(followed.name());
            }
        }
        Event::Apply(stored) => {
            context.gates.recovered(followed.name());
            deletions.exists(&stored.key(), context);
            context.take(followed, stored);
        }
        Event::Delete(stored) => {
            context.gates.recovered(followed.name());
            deletions.add(stored, context);
        }
    }
}

/// Says once why a kind cannot be followed.
pub fn complain(error: &watcher::Error, kind: &str, context: &Context) {
    let trouble = trouble_of(error);
    context.counters.failed(trouble.reason);
    // An expired version is how a watch is told to list again, not a trouble.
    if trouble.reason == "Expired" {
        return;
    }
    if context.gates.troubled(kind, &trouble, Timestamp::now()) {
        let Trouble { reason, message } = trouble;
        warn!(
            kind,
            reason, message, "cannot be followed at the moment; what is known stays"
        );
    }
}

pub fn trouble_of(error: &watcher::Error) -> Trouble {
    let (reason, message) = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => (reason_of(error), said(error)),
        watcher::Error::WatchError(status) => (
            crate::cluster::client::error::reason_of_code(status.code),
            status.message.clone(),
        ),
        watcher::Error::NoResourceVersion => ("Undecodable", error.to_string()),
    };
    Trouble {
        reason,
        message: message.chars().take(300).collect(),
    }
}

/// What the server said, without the wrapping.
fn said(error: &kube::Error) -> String {
    match error {
        kube::Error::Api(status) => status.message.clone(),
        other => other.to_string(),
    }
}
