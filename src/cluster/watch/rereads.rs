//! Lists known workloads and judges them again, after a path or a namespace changed. These lists
//! update records and leave existence to the watches. Changes that come together cause one list.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use kube::Client;
use kube::api::Api;
use tracing::{debug, warn};

use super::intake::{ReadBy, Workloads};
use crate::assess::object::kind::WatchedKind;
use crate::cluster::client::error::reason_of;
use crate::cluster::client::failure::words;
use crate::cluster::client::pager::Pager;
use crate::cluster::client::stored::{Stored, resource_of};
use crate::cluster::context::Context;
use crate::cluster::readiness::Stage;

/// How long to wait for further changes.
const DEBOUNCE: Duration = Duration::from_millis(300);
/// Pauses after failed lists.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_secs(1))
    .with_max_delay(Duration::from_secs(30))
    .without_max_times();

/// Serves the queue until the task is aborted. Before workloads are followed there is nothing to
/// judge again.
pub async fn run(client: Client, context: Arc<Context>) {
    context.gates.reached(Stage::Judging).await;
    context.rereads.take();
    loop {
        context.rereads.added().await;
        tokio::time::sleep(DEBOUNCE).await;
        let pending = context.rereads.take();
        let namespaces: Vec<Option<String>> = if pending.everything {
            vec![None]
        } else {
            pending.namespaces.into_iter().map(Some).collect()
        };
        for namespace in namespaces {
            for kind in context.judging().kinds.clone() {
                reread(&client, &kind, namespace.as_deref(), &context).await;
            }
        }
    }
}

/// Lists one kind to the end, with as many attempts as it takes. Without rights to list the kind, its
/// watch goes on alone.
async fn reread(
    client: &Client,
    kind: &Arc<WatchedKind>,
    namespace: Option<&str>,
    context: &Context,
) {
    let listed = (|| list_once(client, kind, namespace, context))
        .retry(BACKOFF)
        .when(|error| !matches!(reason_of(error), "Forbidden" | "NotFound"))
        .notify(|error, _| {
            let reason = reason_of(error);
            context.counters.failed(reason);
            let error = words(error);
            warn!(kind = kind.kind, reason, error, "failed to list; retrying");
        })
        .await;
    match listed {
        Ok(objects) => debug!(kind = kind.kind, namespace, objects, "judged again"),
        Err(error) => context.counters.failed(reason_of(&error)),
    }
}

async fn list_once(
    client: &Client,
    kind: &Arc<WatchedKind>,
    namespace: Option<&str>,
    context: &Context,
) -> kube::Result<usize> {
    let resource = resource_of(kind);
    let api: Api<Stored> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    let workloads = Workloads(kind.clone());
    let mut pages = Pager::all(api);
    let mut objects = 0;
    let judge = |stored: Stored| {
        workloads.judge(stored.into_value(&resource), ReadBy::Reread, context);
    };
    while let Some(page) = pages.next_each(judge).await {
        objects += page?;
        context.changed.notify_one();
    }
    Ok(objects)
}
