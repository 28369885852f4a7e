//! What people write with a command: an exception they drafted, an approval, a review. Each is one
//! request, made only because somebody asked for it by name, and the server's answer is theirs.

use jiff::Timestamp;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use super::connect::Target;
use super::error::{Error, Result};
use crate::api::DeviationException;
use crate::api::deviation_exception::{Decision, Outcome, Review};

/// Who wrote a field, as the server records it; not the operator.
const FIELD_MANAGER: &str = "kubectl-goldenpath";

/// An exception somebody names.
#[derive(Clone, Debug)]
pub struct Named {
    /// Which cluster.
    pub target: Target,
    /// Its namespace; the one of the context where absent.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// What the owner of a path says to an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// The decision on the request.
    Decide {
        /// Approved or Rejected.
        decision: Decision,
        /// Why.
        note: Option<String>,
    },
    /// One more look.
    Review {
        /// Renewed or Closed.
        outcome: Outcome,
        /// Until when it goes on.
        until: Option<Timestamp>,
        /// What was found.
        note: Option<String>,
    },
}

impl Word {
    /// The part of the spec that is written.
    fn written(&self, before: &DeviationException, by: &str, now: Timestamp) -> Value {
        match self {
            // An absent note is a null: a merge would keep the one before.
            Self::Decide { decision, note } => json!({
                "approval": {"decision": decision, "by": by, "at": Time(now), "note": note},
            }),
            Self::Review {
                outcome,
                until,
                note,
            } => {
                let mut reviews = before.spec.reviews.clone();
                reviews.push(Review {
                    by: by.to_owned(),
                    at: Time(now),
                    outcome: *outcome,
                    expires_at: until.map(Time),
                    note: note.clone(),
                });
                json!({ "reviews": reviews })
            }
        }
    }

    const fn verb(&self) -> &'static str {
        match self {
            Self::Decide { decision, .. } => match decision {
                Decision::Approved => "approve",
                Decision::Rejected => "reject",
            },
            Self::Review { .. } => "review",
        }
    }
}

/// The user the cluster takes this kubeconfig for.
///
/// # Errors
/// When the cluster does not answer, or does not say.
pub async fn whoami(target: &Target) -> Result<String> {
    user(&target.client().await?).await
}

async fn user(client: &Client) -> Result<String> {
    let api: Api<SelfSubjectReview> = Api::all(client.clone());
    let asked = SelfSubjectReview::default();
    let answer = api.create(&PostParams::default(), &asked).await;
    let answer = answer.map_err(Error::refused("ask who you are"))?;
    let info = answer.status.and_then(|status| status.user_info);
    Ok(info.and_then(|info| info.username).unwrap_or_default())
}

/// Creates an exception, and returns it as stored.
///
/// # Errors
/// When the server refuses it: an object of this name is there, a rule is not met, or rights are
/// missing.
pub async fn create(target: &Target, exception: &DeviationException) -> Result<DeviationException> {
    let namespace = exception.metadata.namespace.as_deref().unwrap_or_default();
    let action = format!("create exception {namespace}/{}", exception.name_any());
    let api: Api<DeviationException> = Api::namespaced(target.client().await?, namespace);
    let params = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    let created = api.create(&params, exception).await;
    created.map_err(Error::refused(action))
}

/// Writes a decision or a review into an exception, and returns it as stored. It is refused where
/// somebody changed the exception meanwhile.
///
/// # Errors
/// When there is no such exception, or the server refuses.
pub async fn say(named: &Named, word: &Word, now: Timestamp) -> Result<DeviationException> {
    let client = named.target.client().await?;
    let namespace = named.namespace.as_deref();
    let namespace = namespace.unwrap_or(client.default_namespace()).to_owned();
    let action = || format!("{} exception {namespace}/{}", word.verb(), named.name);
    let by = user(&client).await?;
    let api: Api<DeviationException> = Api::namespaced(client, &namespace);
    let before = api.get(&named.name).await;
    let before = before.map_err(Error::refused(action()))?;
    let patch = json!({
        "metadata": {"resourceVersion": before.resource_version()},
        "spec": word.written(&before, &by, now),
    });
    let params = PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    };
    let patched = api.patch(&named.name, &params, &Patch::Merge(patch)).await;
    patched.map_err(Error::refused(action()))
}
