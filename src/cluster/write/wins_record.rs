//! One text in a `ConfigMap`: the record of digests, which a command reads and writes. The text is
//! opaque here. A `ConfigMap` that the chart made needs no right to create one.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::json;

use crate::cluster::client::connect::Target;
use crate::cluster::client::error::{Error, Result};

/// The field manager of these writes.
const FIELD_MANAGER: &str = "kubectl-goldenpath";
/// The key of the text.
const KEY: &str = "digests.json";

/// A `ConfigMap` by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigMapRef {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The text as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredText {
    /// The text; empty where there is none.
    pub text: String,
    /// The version that was read; none where the `ConfigMap` does not exist.
    version: Option<String>,
}

impl StoredText {
    /// A text from another place.
    pub const fn unversioned(text: String) -> Self {
        Self {
            text,
            version: None,
        }
    }
}

/// Reads the text. A `ConfigMap` that does not exist has an empty one.
///
/// # Errors
/// When the cluster does not answer, or the user may not read it.
pub async fn read_text(target: &Target, of: &ConfigMapRef) -> Result<StoredText> {
    let api: Api<ConfigMap> = Api::namespaced(target.client().await?, &of.namespace);
    let found = api.get_opt(&of.name).await;
    let found = found.map_err(Error::refused(format!("read {}", shown(of))))?;
    Ok(found.map(stored).unwrap_or_default())
}

/// Replaces the text, unless another writer did since it was read.
///
/// # Errors
/// When the `ConfigMap` has changed since, or the server refuses.
pub async fn write_text(
    target: &Target,
    of: &ConfigMapRef,
    before: &StoredText,
    text: &str,
) -> Result<StoredText> {
    let api: Api<ConfigMap> = Api::namespaced(target.client().await?, &of.namespace);
    let action = format!("write {}", shown(of));
    let data = [(KEY.to_owned(), text.to_owned())];
    let written = match &before.version {
        None => {
            let object = ConfigMap {
                metadata: ObjectMeta {
                    name: Some(of.name.clone()),
                    ..ObjectMeta::default()
                },
                data: Some(data.into()),
                ..ConfigMap::default()
            };
            let params = PostParams {
                field_manager: Some(FIELD_MANAGER.to_owned()),
                ..PostParams::default()
            };
            api.create(&params, &object).await
        }
        Some(version) => {
            let patch = json!({
                "metadata": {"resourceVersion": version},
                "data": {KEY: text},
            });
            let params = PatchParams {
                field_manager: Some(FIELD_MANAGER.to_owned()),
                ..PatchParams::default()
            };
            api.patch(&of.name, &params, &Patch::Merge(patch)).await
        }
    };
    Ok(stored(written.map_err(Error::refused(action))?))
}

fn stored(object: ConfigMap) -> StoredText {
    StoredText {
        text: object
            .data
            .and_then(|mut data| data.remove(KEY))
            .unwrap_or_default(),
        version: object.metadata.resource_version,
    }
}

fn shown(of: &ConfigMapRef) -> String {
    format!("ConfigMap {}/{}", of.namespace, of.name)
}
