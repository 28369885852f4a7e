//! Records reminders in the status of exceptions, in `status.notifying` before a message is sent and in
//! `status.notified` afterwards; and announcements in `status.announced` of paths. These writes have a
//! field manager of their own, so that no other write of ours removes an entry, and carry the version
//! that was read, so that two replicas cannot overwrite each other's records.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable as _};
use futures::future::BoxFuture;
use jiff::Timestamp;
use kube::Resource;
use kube::api::{Api, Patch, PatchParams};
use kube::core::ApiResource;
use kube::core::object::HasStatus;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::apply::{ApiWriter, WriteOutcome, WriteTarget};
use super::lanes::{Lane, WriteJob};
use crate::api::{DeviationException, DeviationExceptionStatus, GoldenPath, GoldenPathStatus};
use crate::assess::exception::record::Exception;
use crate::assess::reminders::{AnnouncementWrite, RecordWrite, StaleRecord};
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

/// A record of what is sent or was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum StatusRecord {
    /// Of a reminder, in the status of its exception.
    Reminder(RecordWrite),
    /// Of an announcement, in the status of its path.
    Announcement(AnnouncementWrite),
}

impl StatusRecord {
    /// The id by which a plan leaves it out.
    pub fn into_item(self) -> String {
        match self {
            Self::Reminder(write) => write.item,
            Self::Announcement(write) => write.key,
        }
    }
}

/// A write of records, and a channel for its outcome.
#[derive(Debug)]
pub struct RecordRequest {
    pub write: StatusRecord,
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
        match &self.write {
            StatusRecord::Reminder(write) => {
                format!("{}/DeviationException/{}", write.namespace, write.name)
            }
            StatusRecord::Announcement(write) => format!("GoldenPath/{}", write.path),
        }
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        match &self.write {
            StatusRecord::Reminder(write) => Box::pin(api.record_reminder(write)),
            StatusRecord::Announcement(write) => Box::pin(api.record_announcement(write)),
        }
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
        let stored = decodable(self.stored_exception(namespace, name).await)?;
        Ok(stored.map(|object| Exception::read(object, Timestamp::UNIX_EPOCH)))
    }

    /// A path as it is stored now. `None` as in [`Self::read_exception`].
    pub async fn read_path(&self, name: &str) -> Result<Option<GoldenPath>> {
        decodable(self.stored_path(name).await)
    }

    async fn stored_exception(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<DeviationException>> {
        let api: Api<DeviationException> = Api::namespaced(self.client.clone(), namespace);
        let action = format!("read the exception {namespace}/{name}");
        in_time(action, api.get_opt(name)).await
    }

    async fn stored_path(&self, name: &str) -> Result<Option<GoldenPath>> {
        let api: Api<GoldenPath> = Api::all(self.client.clone());
        in_time(format!("read the path {name}"), api.get_opt(name)).await
    }

    /// Makes one change to the reminder records of an exception.
    pub async fn record_reminder(&self, write: &RecordWrite) -> WriteOutcome {
        until_no_conflict(|| self.try_record_reminder(write)).await
    }

    /// Makes one change to the announcement records of a path.
    pub async fn record_announcement(&self, write: &AnnouncementWrite) -> WriteOutcome {
        until_no_conflict(|| self.try_record_announcement(write)).await
    }

    async fn try_record_reminder(&self, write: &RecordWrite) -> WriteOutcome {
        let target = WriteTarget {
            resource: ApiResource::erase::<DeviationException>(&()),
            namespace: Some(&write.namespace),
            name: &write.name,
            uid: write.uid.as_deref(),
        };
        let stored = self.stored_exception(&write.namespace, &write.name).await;
        let change = |status: &DeviationExceptionStatus| {
            let records = write.apply(status)?;
            Ok(records.map(|records| {
                json!({
                    "notified": list(&records.notified),
                    "notifying": list(&records.notifying),
                })
            }))
        };
        self.change_records(&target, stored, change).await
    }

    async fn try_record_announcement(&self, write: &AnnouncementWrite) -> WriteOutcome {
        let target = WriteTarget {
            resource: ApiResource::erase::<GoldenPath>(&()),
            namespace: None,
            name: &write.path,
            uid: write.uid.as_deref(),
        };
        let stored = self.stored_path(&write.path).await;
        let change = |status: &GoldenPathStatus| {
            let records = write.apply(status)?;
            Ok(records.map(|records| json!({"announced": list(&records)})))
        };
        self.change_records(&target, stored, change).await
    }

    /// Replaces the fields of a status that `change` returns, if the object is still as it was read.
    async fn change_records<K>(
        &self,
        target: &WriteTarget<'_>,
        stored: Result<Option<K>>,
        change: impl FnOnce(&K::Status) -> Result<Option<Value>, StaleRecord>,
    ) -> WriteOutcome
    where
        K: Resource + HasStatus,
        K::Status: Default,
    {
        let object = match stored {
            Ok(Some(object)) if object.meta().uid.as_deref() == target.uid => object,
            Ok(_) => return WriteOutcome::Gone,
            Err(error) => return WriteOutcome::Failed(error.reason()),
        };
        let status = match change(object.status().unwrap_or(&K::Status::default())) {
            Ok(Some(status)) => status,
            Ok(None) => return WriteOutcome::Landed(None),
            Err(StaleRecord) => return WriteOutcome::Failed("StaleRecord"),
        };
        let mut metadata = target.metadata();
        let version = object.meta().resource_version.clone();
        metadata.extend(version.map(|version| ("resourceVersion".to_owned(), version.into())));
        let body = json!({"metadata": metadata, "status": status});
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

/// Reads within the limit of a request.
async fn in_time<T>(
    action: String,
    read: impl Future<Output = kube::Result<Option<T>>>,
) -> Result<Option<T>> {
    match tokio::time::timeout(REQUEST_TIMEOUT, read).await {
        Ok(read) => read.map_err(Error::on(action)),
        Err(_) => Err(Error::TimedOut {
            action,
            seconds: REQUEST_TIMEOUT.as_secs(),
        }),
    }
}

/// `None` for an object that cannot be decoded.
fn decodable<T>(stored: Result<Option<T>>) -> Result<Option<T>> {
    match stored {
        Err(Error::Request { source, .. }) if source.cause == Cause::Undecodable => Ok(None),
        other => other,
    }
}

/// Attempts until the object was not changed between reading and writing it.
async fn until_no_conflict<A: Future<Output = WriteOutcome>>(
    attempt: impl Fn() -> A,
) -> WriteOutcome {
    let attempt = || async {
        match attempt().await {
            WriteOutcome::Failed("Conflict") => Err(WriteOutcome::Failed("Conflict")),
            outcome => Ok(outcome),
        }
    };
    let recorded = attempt.retry(CONFLICTS).await;
    recorded.unwrap_or_else(|conflict| conflict)
}

/// A field with these entries; null removes it where there are none.
fn list<T: Serialize>(entries: &[T]) -> Value {
    if entries.is_empty() {
        Value::Null
    } else {
        json!(entries)
    }
}
