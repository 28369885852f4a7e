//! Records reminders in the status of exceptions: in `status.notifying` before a message is sent, in
//! `status.notified` afterwards. The writes have a field manager of their own, so that no other write
//! of ours removes an entry, and carry the version that was read, so that of two replicas neither
//! overwrites what the other recorded.

use kube::api::{Api, Patch, PatchParams};
use kube::core::ApiResource;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::apply::{Hand, Outcome, PATIENCE, Place};
use crate::api::DeviationException;
use crate::assess::exception::record::Exception;
use crate::assess::reminders::{Mark, Stale};
use crate::cluster::client::error::{Error, Result};

/// Who records.
const FIELD_MANAGER: &str = "goldenpath-reminders";
/// Attempts where somebody else writes the same object at the same moment.
const TRIES: u32 = 5;

/// A change of what is recorded of a reminder, with a channel for how the write ended.
#[derive(Debug)]
pub struct Record {
    /// What to record.
    pub mark: Mark,
    /// Receives the outcome.
    pub done: oneshot::Sender<Outcome>,
}

impl Record {
    /// Reports the outcome; a receiver that is gone no longer needs it.
    pub fn report(self, outcome: Outcome) {
        let _ = self.done.send(outcome);
    }
}

impl Hand {
    /// An exception as it is stored now; none where it is gone or cannot be decoded: one such object
    /// must not hold up the reminders of others.
    pub async fn look(&self, namespace: &str, name: &str) -> Result<Option<Exception>> {
        let stored = match self.stored(namespace, name).await {
            Err(Error::Request { source, .. }) if matches!(*source, kube::Error::SerdeError(_)) => {
                None
            }
            other => other?,
        };
        Ok(stored.map(|object| Exception::read(object, jiff::Timestamp::UNIX_EPOCH)))
    }

    async fn stored(&self, namespace: &str, name: &str) -> Result<Option<DeviationException>> {
        let api: Api<DeviationException> = Api::namespaced(self.client.clone(), namespace);
        let action = || format!("read the exception {namespace}/{name}");
        match tokio::time::timeout(PATIENCE, api.get_opt(name)).await {
            Ok(read) => read.map_err(Error::on(action())),
            Err(_) => Err(Error::TimedOut {
                action: action(),
                seconds: PATIENCE.as_secs(),
            }),
        }
    }

    /// Makes one change to what an exception's status remembers of reminders.
    pub async fn remember(&self, mark: &Mark) -> Outcome {
        let mut outcome = Outcome::Failed("Conflict");
        for _ in 0..TRIES {
            outcome = self.try_remember(mark).await;
            if outcome != Outcome::Failed("Conflict") {
                break;
            }
        }
        outcome
    }

    async fn try_remember(&self, mark: &Mark) -> Outcome {
        let object = match self.stored(&mark.namespace, &mark.name).await {
            Ok(Some(object)) if object.metadata.uid.as_deref() == mark.uid.as_deref() => object,
            Ok(_) => return Outcome::Gone,
            Err(error) => return Outcome::Failed(error.reason()),
        };
        let memory = match mark.apply(&object.status.unwrap_or_default()) {
            Ok(Some(memory)) => memory,
            Ok(None) => return Outcome::Landed(None),
            Err(Stale) => return Outcome::Failed("Stale"),
        };
        let place = Place {
            resource: ApiResource::erase::<DeviationException>(&()),
            namespace: Some(&mark.namespace),
            name: &mark.name,
            uid: mark.uid.as_deref(),
        };
        let mut metadata = place.metadata();
        let version = object.metadata.resource_version;
        metadata.extend(version.map(|version| ("resourceVersion".to_owned(), version.into())));
        let body = json!({
            "metadata": metadata,
            "status": {
                "notified": list(&memory.notified),
                "notifying": list(&memory.notifying),
            },
        });
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let requests = place.requests();
        let patch = Patch::Merge(&body);
        let request = requests.patch_subresource("status", place.name, &params, &patch);
        self.send(request).await.0
    }
}

/// A field that holds these entries; a list without any is removed.
fn list<T: Serialize>(entries: &[T]) -> Value {
    if entries.is_empty() {
        Value::Null
    } else {
        json!(entries)
    }
}
