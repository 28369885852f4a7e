//! Asks the API server which kinds it serves: extra kinds of workload, given as
//! `PLURAL.GROUP/VERSION`, and formats of policy reports. A kind may be served only later.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResource;
use kube::Client;

use super::error::{Error, Result, reason_of};
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
