//! Reads what decides about a workload: its promoter, and what Flagger promotes it to. What they state is
//! read elsewhere.

use kube::Client;
use kube::api::Api;
use kube::core::ApiResource;
use serde_json::Value;

use crate::assess::delivery::promoter::{PRIMARY, Promoter, PromoterKind};
use crate::assess::object::kind::WorkloadId;
use crate::assess::settings::Settings;
use crate::cluster::client::stored::{Stored, resource_of};
use crate::cluster::watch::followed::canaries;

/// The objects that decide about one workload.
#[derive(Default)]
pub struct Promotion {
    pub canary: Option<Value>,
    pub primary: Option<Value>,
    pub rollout: Option<Value>,
}

/// Reads the objects that decide about a workload. Read them before the workload: what they state is then
/// about its template or an older one, whose times tell.
pub async fn read(
    client: &Client,
    of: &WorkloadId,
    promoter: Option<&Promoter>,
    settings: &Settings,
) -> kube::Result<Promotion> {
    let Some(Promoter {
        kind,
        namespace,
        name,
    }) = promoter
    else {
        return Ok(Promotion::default());
    };
    match kind {
        PromoterKind::Canary => {
            let primary = format!("{}{PRIMARY}", of.name);
            let of_target = resource_of(&of.kind);
            Ok(Promotion {
                canary: get(client, &canaries(), namespace, name).await?,
                primary: get(client, &of_target, namespace, &primary).await?,
                rollout: None,
            })
        }
        PromoterKind::Rollout => {
            let mut kinds = settings.kinds.iter();
            let rollouts = kinds.find(|known| PromoterKind::of(known) == Some(*kind));
            let rollout = match rollouts {
                Some(rollouts) => get(client, &resource_of(rollouts), namespace, name).await?,
                None => None,
            };
            Ok(Promotion {
                rollout,
                ..Promotion::default()
            })
        }
    }
}

async fn get(
    client: &Client,
    resource: &ApiResource,
    namespace: &str,
    name: &str,
) -> kube::Result<Option<Value>> {
    let api = Api::<Stored>::namespaced_with(client.clone(), namespace, resource);
    let found = api.get_opt(name).await?;
    Ok(found.map(|stored| stored.into_value(resource)))
}
