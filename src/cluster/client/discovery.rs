//! Extra kinds of workload, given as `PLURAL.GROUP/VERSION`: what they are called otherwise is
//! asked of the API server, which may not know them yet.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;

use super::error::{Error, Result, reason_of};
use crate::assess::object::kind::{ExtraKind, WatchedKind};

/// How often a kind that is not there yet is asked for.
pub const ASK_EVERY: Duration = Duration::from_secs(30);

/// The kind, where the API server serves it now.
///
/// # Errors
/// When the API server does not answer; a group it does not know is `None`.
pub async fn discover(extra: &ExtraKind, client: &Client) -> Result<Option<Arc<WatchedKind>>> {
    let group = format!("{}/{}", extra.group, extra.version);
    let list = match client.list_api_group_resources(&group).await {
        Ok(list) => list,
        Err(error) if reason_of(&error) == "NotFound" => return Ok(None),
        Err(error) => return Err(Error::on(format!("look up {extra}"))(error)),
    };
    let mut resources = list.resources.into_iter();
    let found = resources.find(|resource| resource.name == extra.plural);
    Ok(found.map(|resource| {
        Arc::new(WatchedKind {
            kind: resource.kind,
            group: extra.group.clone(),
            version: extra.version.clone(),
            plural: extra.plural.clone(),
        })
    }))
}
