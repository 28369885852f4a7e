//! Putting on record that a reminder was sent: one entry more in `status.notified`, written under a
//! field manager of its own so that no other write of ours takes it back, and only over the version
//! that was read, so that of two replicas none forgets what the other one sent.

use kube::api::{Api, Patch, PatchParams};
use kube::core::ApiResource;
use serde_json::json;
use tokio::sync::oneshot;

use super::apply::{Hand, Outcome, PATIENCE, Place};
use super::error::{Error, Result};
use crate::api::DeviationException;
use crate::assess::cover::Exception;
use crate::assess::reminders::{Mark, remember};

/// Who records.
const FIELD_MANAGER: &str = "goldenpath-reminders";
/// Attempts where somebody else writes the same object at the same moment.
const TRIES: u32 = 5;

/// A reminder that was sent, and who waits to hear that it is on record.
#[derive(Debug)]
pub struct Sent {
    /// What is put on record.
    pub mark: Mark,
    /// Told how that ended.
    pub done: oneshot::Sender<Outcome>,
}

impl Sent {
    /// Tells how it ended; whoever stopped waiting does not mind.
    pub fn report(self, outcome: Outcome) {
        let _ = self.done.send(outcome);
    }
}

impl Hand {
    /// An exception as it is stored at this moment; none where it is gone.
    pub async fn look(&self, namespace: &str, name: &str) -> Result<Option<Exception>> {
        let stored = self.stored(namespace, name).await?;
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

    /// Adds one entry to what an exception's status remembers.
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
        let entries = object
            .status
            .map_or_else(Vec::new, |status| status.notified);
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
            "status": {"notified": remember(entries, mark.notified.clone())},
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
