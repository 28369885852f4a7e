//! The only file that writes to objects that are not ours alone: labels of workloads and Services,
//! metadata only, and the statuses of our own objects. One call, one bounded wait, one outcome;
//! what to write and when to try again is decided elsewhere. Nothing is created here: every write
//! carries the uid of the object it is meant for. Policies of our own are written in `policies`,
//! policy reports in `reports`.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Request, StatusCode, header};
use k8s_openapi::api::core::v1::Service;
use kube::Client;
use kube::api::{Patch, PatchParams};
use kube::client::Body;
use kube::core::{ApiResource, Request as Requests, Resource};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::api::keys::{self, FIELD_MANAGER};
use crate::api::{API_VERSION, DeviationException, GoldenPath};
use crate::assess::planner::labels::{LabelWrite, ServiceWrite, Written};
use crate::assess::planner::statuses::{Owned, StatusWrite};
use crate::cluster::client::error::reason_of_code;
use crate::cluster::client::stored::{Stored, resource_of};

/// The longest one call may take.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How long a server that pushes back without a word is left alone.
const UNTOLD_PAUSE: Duration = Duration::from_secs(1);

/// How one write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It landed; the object's version afterwards, where it is a number.
    Landed(Option<u64>),
    /// The object is gone, or another one has its name.
    Gone,
    /// The server asks everybody to wait this long.
    PushedBack(Duration),
    /// It failed, in one word.
    Failed(&'static str),
    /// It was not tried: this replica does not lead.
    NotLeading,
}

impl Outcome {
    /// The word metrics use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Landed(_) => "landed",
            Self::Gone => "gone",
            Self::PushedBack(_) => "pushed-back",
            Self::Failed(_) => "failed",
            Self::NotLeading => "not-leading",
        }
    }

    /// As the inventory is told.
    pub const fn written(self) -> Written {
        match self {
            Self::Landed(version) => Written::Landed(version),
            Self::Gone => Written::Gone,
            Self::Failed(_) => Written::Failed,
            Self::PushedBack(_) | Self::NotLeading => Written::NotTaken,
        }
    }
}

/// The hand that writes.
#[derive(Clone)]
pub struct Hand {
    pub client: Client,
}

/// Which object.
pub struct Place<'a> {
    /// What it is.
    pub resource: ApiResource,
    /// Its namespace, where it has one.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The object meant: a namesake created later is never written.
    pub uid: Option<&'a str>,
}

impl Hand {
    /// A hand that writes with this client, which must not retry by itself.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Makes a workload carry exactly the wanted keys.
    pub async fn label_workload(&self, write: &LabelWrite) -> Outcome {
        let place = Place {
            resource: resource_of(&write.id.kind),
            namespace: Some(&write.id.namespace),
            name: &write.id.name,
            uid: write.uid.as_deref(),
        };
        let wanted = write.wanted.present().collect();
        self.label(&place, &wanted, &keys::OWN_LABELS).await
    }

    /// Makes a Kubernetes Service carry the wanted status, or none.
    pub async fn label_service(&self, write: &ServiceWrite) -> Outcome {
        let place = Place {
            resource: ApiResource::erase::<Service>(&()),
            namespace: Some(&write.namespace),
            name: &write.name,
            uid: write.uid.as_deref(),
        };
        let status = write.wanted.map(|status| (keys::STATUS, status.as_str()));
        self.label(&place, &status.into_iter().collect(), &[keys::STATUS])
            .await
    }

    /// Leaves no key of ours on an object, and no record that there was one.
    pub async fn strip(&self, place: &Place<'_>) -> Outcome {
        self.label(place, &BTreeMap::new(), &keys::OWN_LABELS).await
    }

    /// Stores the status of an object of ours.
    pub async fn status<S: Serialize + Sync>(&self, write: &StatusWrite<S>) -> Outcome {
        let (resource, namespace, name) = match &write.of {
            Owned::Path(name) => (ApiResource::erase::<GoldenPath>(&()), None, name),
            Owned::Exception(namespace, name) => (
                ApiResource::erase::<DeviationException>(&()),
                Some(&**namespace),
                name,
            ),
        };
        let place = Place {
            resource,
            namespace,
            name,
            uid: write.uid.as_deref(),
        };
        let body = json!({
            "apiVersion": API_VERSION,
            "kind": place.resource.kind,
            "metadata": place.metadata(),
            "status": write.status,
        });
        let requests = place.requests();
        let request =
            requests.patch_subresource("status", place.name, &params(), &Patch::Apply(&body));
        self.send(request).await.0
    }

    /// Server-side apply of our own keys. Keys that are not wanted and still there were set by
    /// somebody else, whose fields an apply leaves alone: they go by merge patch.
    async fn label(
        &self,
        place: &Place<'_>,
        wanted: &BTreeMap<&str, &str>,
        own: &[&'static str],
    ) -> Outcome {
        let mut metadata = place.metadata();
        // An empty map would be owned too, and stay behind.
        if !wanted.is_empty() {
            metadata.insert("labels".to_owned(), json!(wanted));
        }
        let body = json!({
            "apiVersion": place.resource.api_version,
            "kind": place.resource.kind,
            "metadata": metadata,
        });
        let request = place
            .requests()
            .patch_metadata(place.name, &params(), &Patch::Apply(&body));
        let (outcome, after) = self.send(request).await;
        let labels = after.labels.unwrap_or_default();
        let left_over = own
            .iter()
            .filter(|key| labels.contains_key(**key) && !wanted.contains_key(**key));
        let left_over: Vec<&str> = left_over.copied().collect();
        match (outcome, left_over.is_empty()) {
            (Outcome::Landed(_), false) => self.unlabel(place, &left_over).await,
            _ => outcome,
        }
    }

    async fn unlabel(&self, place: &Place<'_>, keys: &[&str]) -> Outcome {
        let mut metadata = place.metadata();
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
        let request = place
            .requests()
            .patch_metadata(place.name, &params, &Patch::Merge(&body));
        self.send(request).await.0
    }

    /// One request, one bounded wait, and what became of it.
    pub async fn send(
        &self,
        request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> (Outcome, After) {
        let (outcome, body) = self.send_whole(request).await;
        (outcome, After::read(&body))
    }

    /// As [`Self::send`], with the body of the answer; empty where none came.
    pub async fn send_whole(
        &self,
        request: Result<Request<Vec<u8>>, kube::core::request::Error>,
    ) -> (Outcome, Vec<u8>) {
        let Ok(request) = request else {
            return (Outcome::Failed("Invalid"), Vec::new());
        };
        let exchange = self.exchange(request.map(Body::from));
        match tokio::time::timeout(PATIENCE, exchange).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(error)) => {
                let reason = crate::cluster::client::error::reason_of(&error);
                (Outcome::Failed(reason), Vec::new())
            }
            Err(_) => (Outcome::Failed("TimedOut"), Vec::new()),
        }
    }

    async fn exchange(&self, request: Request<Body>) -> Result<(Outcome, Vec<u8>), kube::Error> {
        let answer = self.client.send(request).await?;
        let status = answer.status();
        let told = answer
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .map(Duration::from_secs);
        let body = answer.into_body().collect_bytes().await?.to_vec();
        if status.is_success() {
            let version = After::read(&body).resource_version;
            let version = version.and_then(|version| version.parse().ok());
            return Ok((Outcome::Landed(version), body));
        }
        let outcome = refused(status, told, &String::from_utf8_lossy(&body));
        Ok((outcome, body))
    }
}

/// What an answer that is no success means.
fn refused(status: StatusCode, told: Option<Duration>, said: &str) -> Outcome {
    let names_uid = said.contains("uid mismatch")
        || said.contains("metadata.uid")
        || said.contains("Precondition failed: UID");
    match status {
        StatusCode::NOT_FOUND => Outcome::Gone,
        StatusCode::CONFLICT | StatusCode::UNPROCESSABLE_ENTITY if names_uid => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Outcome::PushedBack(told.unwrap_or(UNTOLD_PAUSE))
        }
        other => Outcome::Failed(reason_of_code(other.as_u16())),
    }
}

impl Place<'_> {
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

#[derive(Deserialize, Default)]
struct Answer {
    #[serde(default)]
    metadata: After,
}

/// What is of interest of an object after a write.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct After {
    resource_version: Option<String>,
    /// Counts the changes of its content.
    pub generation: Option<u64>,
    labels: Option<BTreeMap<String, String>>,
}

impl After {
    fn read(body: &[u8]) -> Self {
        let answer: Answer = serde_json::from_slice(body).unwrap_or_default();
        answer.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_is_gone_is_no_failure() {
        for (code, said) in [
            (404, "not found"),
            (409, "uid mismatch: the provided object specified uid a"),
            (409, "Precondition failed: UID in precondition: a"),
            (422, "metadata.uid: Invalid value: field is immutable"),
        ] {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(refused(status, None, said), Outcome::Gone, "{code} {said}");
        }
        assert_eq!(
            refused(StatusCode::CONFLICT, None, "the object has been modified"),
            Outcome::Failed("Conflict")
        );
    }

    #[test]
    fn a_server_that_pushes_back_says_for_how_long() {
        let told = Some(Duration::from_secs(7));
        assert_eq!(
            refused(StatusCode::TOO_MANY_REQUESTS, told, ""),
            Outcome::PushedBack(Duration::from_secs(7))
        );
        assert_eq!(
            refused(StatusCode::SERVICE_UNAVAILABLE, None, ""),
            Outcome::PushedBack(UNTOLD_PAUSE)
        );
    }
}
