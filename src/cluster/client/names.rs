//! Names for shell completion and for hints: metadata only, one page.

use kube::Client;
use kube::api::{Api, DynamicObject, ListParams};
use kube::core::ApiResource;

use super::connect::Target;
use super::error::{Error, Result};
use super::stored::resource_of;
use crate::api::{DeviationException, GoldenPath};
use crate::assess::object::kind::WatchedKind;
use crate::report::voice::short_target;

/// The most names to offer.
const MOST: u32 = 500;

/// Kinds whose names can be completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nameable {
    /// Exceptions of a namespace.
    Exceptions,
    /// Golden paths.
    Paths,
    /// Workloads of a namespace, as `deploy/web`.
    Workloads,
}

/// The names in a namespace; in the context's namespace where none is given.
///
/// # Errors
/// When the cluster does not answer.
pub async fn names(
    target: &Target,
    kind: Nameable,
    namespace: Option<&str>,
) -> Result<Vec<String>> {
    let client = target.client().await?;
    let namespace = namespace.unwrap_or(client.default_namespace()).to_owned();
    match kind {
        Nameable::Exceptions => {
            let resource = ApiResource::erase::<DeviationException>(&());
            listed(&client, &resource, Some(&namespace)).await
        }
        Nameable::Paths => {
            let resource = ApiResource::erase::<GoldenPath>(&());
            listed(&client, &resource, None).await
        }
        Nameable::Workloads => {
            let mut found = Vec::new();
            for kind in WatchedKind::built_in() {
                let names = listed(&client, &resource_of(&kind), Some(&namespace)).await?;
                found.extend(names.iter().map(|name| short_target(&kind.kind, name)));
            }
            Ok(found)
        }
    }
}

/// The namespaces with a workload of this name, of the built-in kinds that `is_kind` takes.
///
/// # Errors
/// When they cannot be listed.
pub async fn namespaces_of(
    target: &Target,
    is_kind: &dyn Fn(&str) -> bool,
    name: &str,
) -> Result<Vec<String>> {
    let client = target.client().await?;
    let mut found = Vec::new();
    for kind in WatchedKind::built_in() {
        if !is_kind(&kind.kind) {
            continue;
        }
        let resource = resource_of(&kind);
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        let named = ListParams::default().fields(&format!("metadata.name={name}"));
        let page = api
            .list_metadata(&named.limit(MOST))
            .await
            .map_err(Error::on(format!("list {}", resource.plural)))?;
        let namespaces = page.items.into_iter();
        found.extend(namespaces.filter_map(|item| item.metadata.namespace));
    }
    Ok(found)
}

async fn listed(
    client: &Client,
    resource: &ApiResource,
    namespace: Option<&str>,
) -> Result<Vec<String>> {
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, resource),
        None => Api::all_with(client.clone(), resource),
    };
    let page = api
        .list_metadata(&ListParams::default().limit(MOST))
        .await
        .map_err(Error::on(format!("list {}", resource.plural)))?;
    let names = page.items.into_iter().filter_map(|item| item.metadata.name);
    Ok(names.collect())
}
