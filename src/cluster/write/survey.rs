//! Publishes a wave of a survey, as its command asks. A published wave is replaced over the version that
//! was checked, so that two imports at once cannot publish a difference. Nothing is decided here.

use kube::ResourceExt as _;
use kube::api::{Api, ListParams, PostParams};

use crate::api::DeveloperSurvey;
use crate::cluster::client::connect::Target;
use crate::cluster::client::error::{Error, Result};

/// The field manager of these writes; the operator has another one.
const FIELD_MANAGER: &str = "kubectl-goldenpath";

/// Every wave of the cluster.
///
/// # Errors
/// When the server refuses, or does not answer.
pub async fn surveys(target: &Target) -> Result<Vec<DeveloperSurvey>> {
    let api: Api<DeveloperSurvey> = Api::all(target.client().await?);
    let listed = api.list(&ListParams::default()).await;
    Ok(listed.map_err(Error::refused("list surveys"))?.items)
}

/// Creates a wave, or replaces the spec of `published`. Returns it as stored.
///
/// # Errors
/// When the server refuses: a rule is not met, it changed meanwhile, or rights are missing.
pub async fn publish_survey(
    target: &Target,
    survey: &DeveloperSurvey,
    published: Option<&DeveloperSurvey>,
) -> Result<DeveloperSurvey> {
    let name = survey.name_any();
    let action = format!("publish survey {name}");
    let api: Api<DeveloperSurvey> = Api::all(target.client().await?);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    let written = match published {
        None => api.create(&params, survey).await,
        Some(published) => {
            let mut next = published.clone();
            next.spec = survey.spec.clone();
            next.metadata.managed_fields = None;
            api.replace(&name, &params, &next).await
        }
    };
    written.map_err(Error::refused(action))
}
