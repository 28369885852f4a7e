//! Asks the API server which user this kubeconfig belongs to, and for which paths that user may
//! approve exceptions. Nothing is guessed from the kubeconfig.

use std::collections::BTreeSet;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Client;
use kube::api::{Api, PostParams};

use super::connect::Target;
use super::error::{Error, Result};
use crate::api::GROUP;

/// The verb that allows deciding on the exceptions of a path.
const APPROVE: &str = "approve";
const PATHS: &str = "goldenpaths";

/// A user, as the API server knows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The user's name.
    pub user: String,
    /// Their groups.
    pub groups: Vec<String>,
}

/// The user of this kubeconfig.
///
/// # Errors
/// When the cluster does not answer.
pub async fn whoami(target: &Target) -> Result<Identity> {
    of(&target.client().await?).await
}

pub async fn of(client: &Client) -> Result<Identity> {
    let api: Api<SelfSubjectReview> = Api::all(client.clone());
    let review = api
        .create(&PostParams::default(), &SelfSubjectReview::default())
        .await
        .map_err(Error::refused("ask who you are"))?;
    let info = review
        .status
        .and_then(|status| status.user_info)
        .unwrap_or_default();
    Ok(Identity {
        user: info.username.unwrap_or_default(),
        groups: info.groups.unwrap_or_default(),
    })
}

/// Those of `paths` whose exceptions this user may decide on: one request, and one more for each path
/// where the user may not decide on all.
///
/// # Errors
/// When the cluster does not answer.
pub async fn decides_on(target: &Target, paths: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    if paths.is_empty() {
        return Ok(BTreeSet::new());
    }
    let client = target.client().await?;
    if may_approve(&client, None).await? {
        return Ok(paths.clone());
    }
    let mut allowed = BTreeSet::new();
    for path in paths {
        if may_approve(&client, Some(path)).await? {
            allowed.insert(path.clone());
        }
    }
    Ok(allowed)
}

async fn may_approve(client: &Client, path: Option<&String>) -> Result<bool> {
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: Some(GROUP.to_owned()),
                resource: Some(PATHS.to_owned()),
                verb: Some(APPROVE.to_owned()),
                name: path.cloned(),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let review = api
        .create(&PostParams::default(), &review)
        .await
        .map_err(Error::refused("ask what you may approve"))?;
    Ok(review.status.is_some_and(|status| status.allowed))
}
