//! Records reminders in the status of exceptions: in `status.notifying` before a message is sent, in
//! `status.notified` afterwards. These writes have a field manager of their own, so that no other
//! write of ours removes an entry, and carry the version that was read, so that two replicas cannot
//! overwrite each other's records.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable as _};
use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::api::{Api, Patch, PatchParams};
use kube::core::ApiResource;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::apply::{ApiWriter, WriteOutcome, WriteTarget};
use super::lanes::{Lane, WriteJob};
use crate::api::DeviationException;
use crate::assess::exception::record::Exception;
use crate::assess::reminders::{RecordWrite, StaleRecord};
use crate::cluster::client::connect::REQUEST_TIMEOUT;
use crate::cluster::client::error::{Error, Result};
use crate::cluster::client::failure::Cause;
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;

/// The field manager of these writes.
const FIELD_MANAGER: &str = "goldenpath-reminders";
/// Immediate further attempts after a conflict: the next one reads the object anew.
const CONFLICTS: ConstantBuilder = ConstantBuilder::new()
    .with_delay(Duration::ZERO)
    .with_max_times(4);

/// A write of reminder records, and a channel for its outcome.
#[derive(Debug)]
pub struct RecordRequest {
    pub write: RecordWrite,
    /// Receives the outcome.
    pub done: oneshot::Sender<WriteOutcome>,
}

impl WriteJob for RecordRequest {
    fn lane(&self) -> Lane {
        Lane::Urgent
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::Reminder
    }

    fn subject(&self) -> String {
        let (namespace, name) = (&self.write.namespace, &self.write.name);
        format!("{namespace}/DeviationException/{name}")
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(api.record_reminder(&self.write))
    }

    /// The sender of the reminder retries, and the watch updates the inventory. A sender that is gone
    /// no longer needs the outcome.
    fn ended(self: Box<Self>, _: &Context, outcome: WriteOutcome, _: Timestamp) {
        let _ = self.done.send(outcome);
    }
}

impl ApiWriter {
    /// An exception as it is stored now. `None` where it is gone or cannot be decoded: such an object must
    /// not hold up the reminders of others.
    pub async fn read_exception(&self, namespace: &str, name: &str) -> Result<Option<Exception>> {
        let stored = match self.stored(namespace, name).await {
            Err(Error::Request { source, .. }) if source.cause == Cause::Undecodable => None,
            other => other?,
        };
        Ok(stored.map(|object| Exception::read(object, Timestamp::UNIX_EPOCH)))
    }

    async fn stored(&self, namespace: &str, name: &str) -> Result<Option<DeviationException>> {
        let api: Api<DeviationException> = Api::namespaced(self.client.clone(), namespace);
        let action = || format!("read the exception {namespace}/{name}");
        match tokio::time::timeout(REQUEST_TIMEOUT, api.get_opt(name)).await {
            Ok(read) => read.map_err(Error::on(action())),
            Err(_) => Err(Error::TimedOut {
                action: action(),
                seconds: REQUEST_TIMEOUT.as_secs(),
            }),
        }
    }

    /// Makes one change to the reminder records of an exception.
    pub async fn record_reminder(&self, write: &RecordWrite) -> WriteOutcome {
        let attempt = || async {
            match self.try_record_reminder(write).await {
                WriteOutcome::Failed("Conflict") => Err(WriteOutcome::Failed("Conflict")),
                outcome => Ok(outcome),
            }
        };
        let recorded = attempt.retry(CONFLICTS).await;
        recorded.unwrap_or_else(|conflict| conflict)
    }

    async fn try_record_reminder(&self, write: &RecordWrite) -> WriteOutcome {
        let object = match self.stored(&write.namespace, &write.name).await {
            Ok(Some(object)) if object.metadata.uid.as_deref() == write.uid.as_deref() => object,
            Ok(_) => return WriteOutcome::Gone,
            Err(error) => return WriteOutcome::Failed(error.reason()),
        };
        let records = match write.apply(&object.status.unwrap_or_default()) {
            Ok(Some(records)) => records,
            Ok(None) => return WriteOutcome::Landed(None),
            Err(StaleRecord) => return WriteOutcome::Failed("StaleRecord"),
        };
        let target = WriteTarget {
            resource: ApiResource::erase::<DeviationException>(&()),
            namespace: Some(&write.namespace),
            name: &write.name,
            uid: write.uid.as_deref(),
        };
        let mut metadata = target.metadata();
        let version = object.metadata.resource_version;
        metadata.extend(version.map(|version| ("resourceVersion".to_owned(), version.into())));
        let body = json!({
            "metadata": metadata,
            "status": {
                "notified": list(&records.notified),
                "notifying": list(&records.notifying),
            },
        });
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let requests = target.requests();
        let patch = Patch::Merge(&body);
        let request = requests.patch_subresource("status", target.name, &params, &patch);
        self.send(request).await.0
    }
}

/// A field with these entries; null removes it where there are none.
fn list<T: Serialize>(entries: &[T]) -> Value {
    if entries.is_empty() {
        Value::Null
    } else {
        json!(entries)
    }
}
