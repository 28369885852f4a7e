//! Requests that write: one call, one bounded wait, one outcome. Labels are applied here, metadata
//! only; each other kind of write builds its request in a file of its own. Planners decide what to
//! write and when to retry. Nothing is created here: a label write carries the uid of its object.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, StatusCode, header};
use kube::Client;
use kube::api::{Patch, PatchParams};
use kube::client::Body;
use kube::core::{ApiResource, Request as Requests, Resource};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::keys::{self, FIELD_MANAGER};
use crate::assess::planner::pacing::WriteResult;
use crate::cluster::client::connect::REQUEST_TIMEOUT;
use crate::cluster::client::error::{reason_of, reason_of_code};
use crate::cluster::client::stored::Stored;

/// The pause after a server pushed back without `Retry-After`.
const DEFAULT_PAUSE: Duration = Duration::from_secs(1);

/// How one write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It landed; the object's version afterwards, where it is a number.
    Landed(Option<u64>),
    /// The object is gone or was replaced.
    Gone,
    /// The server asks all clients to wait this long.
    PushedBack(Duration),
    /// It failed, for this reason.
    Failed(&'static str),
    /// It was not tried: this replica does not lead.
    NotLeading,
}

impl WriteOutcome {
    /// Whether a retry would change nothing.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Landed(_) | Self::Gone => true,
            Self::PushedBack(_) | Self::Failed(_) | Self::NotLeading => false,
        }
    }

    /// The label value in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Landed(_) => "landed",
            Self::Gone => "gone",
            Self::PushedBack(_) => "pushed-back",
            Self::Failed(_) => "failed",
            Self::NotLeading => "not-leading",
        }
    }

    /// As planners take it.
    pub const fn for_planner(self) -> WriteResult {
        match self {
            Self::Landed(version) => WriteResult::Landed(version),
            Self::Gone => WriteResult::Gone,
            Self::Failed(_) => WriteResult::Failed,
            Self::PushedBack(_) | Self::NotLeading => WriteResult::NotTaken,
        }
    }
}

/// Writes to the API server.
#[derive(Clone)]
pub struct ApiWriter {
    pub client: Client,
}

/// The object a write is meant for.
pub struct WriteTarget<'a> {
    /// Its group, version and kind.
    pub resource: ApiResource,
    /// Its namespace, where it has one.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// Its uid: a later object of the same name is never written.
    pub uid: Option<&'a str>,
}

impl ApiWriter {
    /// Writes with this client, which must not retry by itself.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Removes every label of ours from an object, and our field ownership.
    pub async fn strip(&self, target: &WriteTarget<'_>) -> WriteOutcome {
        self.label(target, &BTreeMap::new(), &keys::OWN_LABELS)
            .await
    }

    /// Server-side apply of our own keys. Keys that are still there and not wanted belong to another
    /// field manager, which an apply leaves alone: a merge patch removes them.
    pub async fn label(
        &self,
        target: &WriteTarget<'_>,
        wanted: &BTreeMap<&str, &str>,
        own: &[&'static str],
    ) -> WriteOutcome {
        let mut metadata = target.metadata();
        // Applying an empty map would own it, and leave it behind.
        if !wanted.is_empty() {
            metadata.insert("labels".to_owned(), json!(wanted));
        }
        let body = json!({
            "apiVersion": target.resource.api_version,
            "kind": target.resource.kind,
            "metadata": metadata,
        });
        let request =
            target
                .requests()
                .patch_metadata(target.name, &params(), &Patch::Apply(&body));
        let (outcome, after) = self.send(request).await;
        let labels = after.labels.unwrap_or_default();
        let left_over: Vec<&str> = own
            .iter()
            .copied()
            .filter(|key| labels.contains_key(*key) && !wanted.contains_key(key))
            .collect();
        match (outcome, left_over.is_empty()) {
            (WriteOutcome::Landed(_), false) => self.unlabel(target, &left_over).await,
            _ => outcome,
        }
    }

    async fn unlabel(&self, target: &WriteTarget<'_>, keys: &[&str]) -> WriteOutcome {
        let mut metadata = target.metadata();
        let nothing: Map<String, Value> = keys
            .iter()
            .map(|key| ((*key).to_owned(), Value::Null))
            .collect();
        metadata.insert("labels".to_owned(), nothing.into());
        let params = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let body = json!({"metadata": metadata});
        let request = target
            .requests()
            .patch_metadata(target.name, &params, &Patch::Merge(&body));
        self.send(request).await.0
    }

    /// Sends one request and waits a bounded time for its outcome.
    pub async fn send(
        &self,
        request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> (WriteOutcome, WrittenMetadata) {
        let (outcome, body) = self.send_whole(request).await;
        (outcome, WrittenMetadata::read(&body))
    }

    /// As [`Self::send`], with the response's body; empty where there was no response.
    pub async fn send_whole(
        &self,
        request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> (WriteOutcome, Vec<u8>) {
        let Ok(request) = request else {
            return (WriteOutcome::Failed("Invalid"), Vec::new());
        };
        let exchange = self.exchange(request.map(Body::from));
        match tokio::time::timeout(REQUEST_TIMEOUT, exchange).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(error)) => {
                let reason = reason_of(&error);
                (WriteOutcome::Failed(reason), Vec::new())
            }
            Err(_) => (WriteOutcome::Failed("TimedOut"), Vec::new()),
        }
    }

    async fn exchange(
        &self,
        request: Request<Body>,
    ) -> Result<(WriteOutcome, Vec<u8>), kube::Error> {
        let response = self.client.send(request).await?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = response.into_body().collect_bytes().await?.to_vec();
        if status.is_success() {
            let version = WrittenMetadata::read(&body).resource_version;
            let version = version.and_then(|version| version.parse().ok());
            return Ok((WriteOutcome::Landed(version), body));
        }
        let outcome = outcome_of_refusal(status, retry_after, &String::from_utf8_lossy(&body));
        Ok((outcome, body))
    }
}

/// What a response other than success means.
fn outcome_of_refusal(
    status: StatusCode,
    retry_after: Option<Duration>,
    message: &str,
) -> WriteOutcome {
    // The API server has no code of its own for another uid.
    let names_uid = message.contains("uid mismatch")
        || message.contains("metadata.uid")
        || message.contains("Precondition failed: UID");
    match status {
        StatusCode::NOT_FOUND => WriteOutcome::Gone,
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY if names_uid => WriteOutcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            WriteOutcome::PushedBack(retry_after.unwrap_or(DEFAULT_PAUSE))
        }
        other => WriteOutcome::Failed(reason_of_code(other.as_u16())),
    }
}

impl WriteTarget<'_> {
    pub fn requests(&self) -> Requests {
        Requests::new(Stored::url_path(&self.resource, self.namespace))
    }

    pub fn metadata(&self) -> Map<String, Value> {
        let mut metadata = Map::new();
        let texts = [
            ("name", Some(self.name)),
            ("namespace", self.namespace),
            ("uid", self.uid),
        ];
        for (field, text) in texts {
            metadata.extend(text.map(|text| (field.to_owned(), text.into())));
        }
        metadata
    }
}

pub fn params() -> PatchParams {
    PatchParams::apply(FIELD_MANAGER).force()
}

/// The metadata of an object after a write.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct WrittenMetadata {
    resource_version: Option<String>,
    /// Incremented by the API server with every change of its content.
    pub generation: Option<u64>,
    labels: Option<BTreeMap<String, String>>,
}

impl WrittenMetadata {
    fn read(body: &[u8]) -> Self {
        #[derive(Deserialize, Default)]
        struct Object {
            #[serde(default)]
            metadata: WrittenMetadata,
        }
        let object: Object = serde_json::from_slice(body).unwrap_or_default();
        object.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_is_gone_is_not_a_failure() {
        for (code, message) in [
            (404, "not found"),
            (409, "uid mismatch: the provided object specified uid a"),
            (409, "Precondition failed: UID in precondition: a"),
            (422, "metadata.uid: Invalid value: field is immutable"),
        ] {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(
                outcome_of_refusal(status, None, message),
                WriteOutcome::Gone,
                "{code} {message}"
            );
        }
        assert_eq!(
            outcome_of_refusal(StatusCode::CONFLICT, None, "the object has been modified"),
            WriteOutcome::Failed("Conflict")
        );
    }

    #[test]
    fn a_server_that_pushes_back_says_for_how_long() {
        let asked = Some(Duration::from_secs(7));
        assert_eq!(
            outcome_of_refusal(StatusCode::TOO_MANY_REQUESTS, asked, ""),
            WriteOutcome::PushedBack(Duration::from_secs(7))
        );
        assert_eq!(
            outcome_of_refusal(StatusCode::SERVICE_UNAVAILABLE, None, ""),
            WriteOutcome::PushedBack(DEFAULT_PAUSE)
        );
    }
}
