//! Sends events about rollouts to the CDEvents sink, one after another, until each is accepted or refused
//! for good. Events wait in memory: those of a process that stops are not sent.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use kube::Client;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::{info, warn};

use super::client::connect::REQUEST_TIMEOUT;
use super::client::stored::read_workload;
use super::context::Context;
use super::delivery_events::QueuedRollout;
use crate::assess::delivery::event::ServiceEvent;
use crate::assess::delivery::seen;
use crate::assess::reminders::Delivery;

/// Sends events about rollouts.
pub trait ServiceEventSender: fmt::Debug + Send + Sync {
    /// Makes one attempt, which ends by itself; `None` where there is no event for the rollout.
    fn send<'a>(&'a self, event: &'a ServiceEvent) -> BoxFuture<'a, Option<Delivery>>;
}

/// Sends until the task is aborted.
pub async fn run(
    sender: Arc<dyn ServiceEventSender>,
    mut rollouts: mpsc::Receiver<QueuedRollout>,
    client: Client,
    context: Arc<Context>,
) {
    while let Some(queued) = rollouts.recv().await {
        let event = event(queued, &client).await;
        while let Some(delivery) = sender.send(&event).await {
            context.counters.event_sent(delivery.as_str());
            match delivery {
                Delivery::Accepted => {
                    info!(
                        namespace = event.namespace,
                        workload = event.name,
                        rollout = event.rollout.number,
                        "event about a rollout sent"
                    );
                    break;
                }
                Delivery::Refused(failure) => {
                    warn!(
                        namespace = event.namespace,
                        workload = event.name,
                        rollout = event.rollout.number,
                        reason = failure.reason,
                        message = failure.message,
                        "the CDEvents sink refused an event; it is not sent"
                    );
                    break;
                }
                Delivery::Failed(failure) => {
                    warn!(
                        namespace = event.namespace,
                        workload = event.name,
                        rollout = event.rollout.number,
                        reason = failure.reason,
                        message = failure.message,
                        pause = failure.pause.as_secs(),
                        "failed to send an event; retrying"
                    );
                    tokio::time::sleep(failure.pause).await;
                }
            }
        }
    }
}

/// The event about a rollout, with the image that the workload still has.
async fn event(queued: QueuedRollout, client: &Client) -> ServiceEvent {
    let image = timeout(REQUEST_TIMEOUT, image(&queued, client)).await;
    ServiceEvent {
        uid: queued.uid,
        namespace: queued.of.namespace.to_string(),
        kind: queued.of.kind.kind.clone(),
        name: queued.of.name.to_string(),
        image: image.ok().flatten(),
        rollout: queued.rollout,
    }
}

async fn image(queued: &QueuedRollout, client: &Client) -> Option<String> {
    let (of, template) = (&queued.of, queued.template.as_ref()?);
    let workload = read_workload(client, of).await.ok()?;
    seen::first_image(&workload, template)
}
