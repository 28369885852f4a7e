//! Asks the API server which kinds it serves: extra kinds of workload, given as
//! `PLURAL.GROUP/VERSION` or named by a path, and formats of policy reports. A kind may be served only
//! later.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource;
use kube::Client;
use kube::api::{Api, PostParams};

use super::error::{Error, Result, reason_of};
use crate::api::golden_path::KindRef;
use crate::assess::object::kind::ExtraKind;
use crate::assess::object::kind::WatchedKind;

/// Time between two lookups of a kind that is not served yet.
pub const LOOK_UP_EVERY: Duration = Duration::from_secs(30);

/// The kind, where the API server serves it now.
///
/// # Errors
/// When the API server does not answer; a group it does not know is `None`.
pub async fn discover(extra: &ExtraKind, client: &Client) -> Result<Option<Arc<WatchedKind>>> {
    let group = format!("{}/{}", extra.group, extra.version);
    let found = find(client, &group, &extra.plural).await;
    let found = found.map_err(Error::on(format!("look up {extra}")))?;
    Ok(found.map(|resource| {
        Arc::new(WatchedKind {
            kind: resource.kind,
            group: extra.group.clone(),
            version: extra.version.clone(),
            plural: extra.plural.clone(),
        })
    }))
}

/// A kind that a path's scope names, in the version that the API server prefers; `None` where it does
/// not serve it in namespaces.
///
/// # Errors
/// When the API server does not answer.
pub async fn discover_named(kind: &KindRef, client: &Client) -> Result<Option<Arc<WatchedKind>>> {
    let failed = || Error::on(format!("look up {}", shown(kind)));
    let groups = client.list_api_groups().await.map_err(failed())?;
    let preferred = groups
        .groups
        .into_iter()
        .find(|group| group.name == kind.group)
        .and_then(|group| {
            group
                .preferred_version
                .or(group.versions.into_iter().next())
        });
    let Some(version) = preferred else {
        return Ok(None);
    };
    let served = client
        .list_api_group_resources(&version.group_version)
        .await;
    let served = served.map_err(failed())?.resources.into_iter();
    let found = served
        .filter(|it| it.kind == kind.kind && it.namespaced)
        .find(|it| {
            // Not a subresource.
            !it.name.contains('/') && it.verbs.iter().any(|verb| verb == "list")
        });
    Ok(found.map(|resource| {
        Arc::new(WatchedKind {
            kind: resource.kind,
            group: kind.group.clone(),
            version: version.version,
            plural: resource.name,
        })
    }))
}

/// A kind as reports name it, such as `Cluster.postgresql.cnpg.io`.
pub fn shown(kind: &KindRef) -> String {
    format!("{}.{}", kind.kind, kind.group)
}

/// Whether this user may follow a kind in all namespaces.
///
/// # Errors
/// When the API server does not answer.
pub async fn may_follow(client: &Client, kind: &WatchedKind) -> Result<bool> {
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    for verb in ["list", "watch"] {
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    group: Some(kind.group.clone()),
                    resource: Some(kind.plural.clone()),
                    verb: Some(verb.to_owned()),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let review = api.create(&PostParams::default(), &review).await;
        let review = review.map_err(Error::on(format!(
            "ask whether {} may be listed",
            kind.plural
        )))?;
        if !review.status.is_some_and(|status| status.allowed) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the API server serves a resource now.
///
/// # Errors
/// When it does not answer.
pub async fn is_served(client: &Client, api_version: &str, plural: &str) -> Result<bool> {
    let found = find(client, api_version, plural).await;
    let found = found.map_err(Error::on(format!("look up {api_version}")))?;
    Ok(found.is_some())
}

async fn find(client: &Client, group: &str, plural: &str) -> kube::Result<Option<APIResource>> {
    match client.list_api_group_resources(group).await {
        Ok(list) => Ok(list
            .resources
            .into_iter()
            .find(|resource| resource.name == plural)),
        Err(error) if reason_of(&error) == "NotFound" => Ok(None),
        Err(error) => Err(error),
    }
}
