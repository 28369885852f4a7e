//! Many concurrent requests straight to the API server: creating the fleet, and the bare loop that
//! the operator is compared with. Uses the operator's client library and settings.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{StreamExt, TryStreamExt};
use goldenpath::api::DeviationException;
use goldenpath::api::keys::{FIELD_MANAGER, OWN_LABELS, STATUS};
use goldenpath_e2e::ControlPlane;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{PartialObjectMeta, Request as Requests, Resource};
use kube::{Api, Client, Config};
use serde_json::{Value, json};

use crate::Result;
use crate::fleet::{Deviating, Member};

/// Requests in flight at once, here and in the operator.
pub const AT_ONCE: usize = 64;

/// A client like the operator's: it never retries.
pub async fn client(cluster: &ControlPlane) -> Result<Client> {
    // Two providers would be ambiguous; the first one stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let kubeconfig = Kubeconfig::read_from(cluster.kubeconfig())?;
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    config.default_retry = false;
    Ok(Client::try_from(config)?)
}

/// Sends `request` for all items, [`AT_ONCE`] at a time, and returns the time that took.
pub async fn all<T, F>(items: Vec<T>, request: impl Fn(T) -> F) -> Result<Duration>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let start = Instant::now();
    let tasks = futures::stream::iter(items).map(|item| tokio::spawn(request(item)));
    let ended = tasks.buffer_unordered(AT_ONCE);
    ended
        .map(|outcome| outcome.unwrap_or_else(|panic| Err(panic.into())))
        .try_for_each(|()| std::future::ready(Ok(())))
        .await?;
    Ok(start.elapsed())
}

/// Creates the Deployments of these members.
pub async fn create(client: &Client, members: Vec<Member>) -> Result<Duration> {
    let client = client.clone();
    all(members, move |member| {
        let api: Api<Deployment> = Api::namespaced(client.clone(), &member.namespace());
        async move {
            let deployment = serde_saphyr::from_str(&member.manifest())?;
            api.create(&PostParams::default(), &deployment).await?;
            Ok(())
        }
    })
    .await
}

/// Creates these exceptions.
pub async fn create_exceptions(
    client: &Client,
    chosen: Vec<Deviating>,
    expires: Option<Timestamp>,
) -> Result<Duration> {
    let client = client.clone();
    all(chosen, move |one| {
        let api: Api<DeviationException> = Api::namespaced(client.clone(), &one.member.namespace());
        async move {
            let exception = serde_saphyr::from_str(&one.exception(expires))?;
            api.create(&PostParams::default(), &exception).await?;
            Ok(())
        }
    })
    .await
}

/// One server-side apply of our labels, as the operator sends it.
#[derive(Clone, Debug)]
pub struct LabelPatch {
    namespace: String,
    name: String,
    body: Arc<Value>,
}

/// The patches that would write the stored labels again, for every Deployment.
pub async fn stored_labels(client: &Client) -> Result<Vec<LabelPatch>> {
    let api: Api<Deployment> = Api::all(client.clone());
    let stored = api.list_metadata(&ListParams::default()).await?;
    Ok(stored.items.iter().map(LabelPatch::of).collect())
}

impl LabelPatch {
    fn of(stored: &PartialObjectMeta<Deployment>) -> Self {
        let meta = &stored.metadata;
        let own: serde_json::Map<String, Value> = meta
            .labels
            .iter()
            .flatten()
            .filter(|(key, _)| OWN_LABELS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (namespace, name) = (text(&meta.namespace), text(&meta.name));
        let body = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": namespace, "uid": meta.uid, "labels": own},
        });
        Self {
            namespace,
            name,
            body: Arc::new(body),
        }
    }

    /// Whether this carries a status.
    pub fn is_labelled(&self) -> bool {
        self.body["metadata"]["labels"][STATUS].is_string()
    }

    /// The same patch without labels, which removes them.
    fn emptied(mut self) -> Self {
        Arc::make_mut(&mut self.body)["metadata"]["labels"] = json!({});
        self
    }
}

/// The bare loop: sends these patches, and reads and discards the answers.
pub async fn apply(client: &Client, patches: Vec<LabelPatch>) -> Result<Duration> {
    let client = client.clone();
    all(patches, move |patch| {
        let client = client.clone();
        async move {
            let how = PatchParams::apply(FIELD_MANAGER).force();
            let place = Requests::new(Deployment::url_path(&(), Some(&patch.namespace)));
            let body = Patch::Apply(&*patch.body);
            let request = place.patch_metadata(&patch.name, &how, &body)?;
            client.request_text(request).await?;
            Ok(())
        }
    })
    .await
}

/// Removes all our labels.
pub async fn reset(client: &Client) -> Result<()> {
    let patches = stored_labels(client)
        .await?
        .into_iter()
        .map(LabelPatch::emptied)
        .collect();
    apply(client, patches).await?;
    Ok(())
}
