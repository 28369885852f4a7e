//! The policies and bindings that warn on apply: the only objects the operator creates and deletes.
//! They are applied whole; one that somebody else's fields are left in is deleted by its uid and
//! applied again, because an apply leaves what others own. Which, and when, is decided elsewhere.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, Preconditions};
use kube::core::{ApiResource, Request as Requests, Resource as _};
use serde_json::Value;
use tracing::warn;

use super::apply::{Hand, Outcome, params};
use super::cleanup::Cleaned;
use crate::assess::warning::{Account, NAME_PREFIX, Part, PolicyWrite, PolicyWritten, Verb};
use crate::cluster::client::error::{Error, Result, reason_of};
use crate::cluster::client::identity;
use crate::cluster::client::stored::Stored;
use crate::cluster::context::Context;
use crate::cluster::watch::followed::Followed;

/// Pause before the API server is asked again who the operator is; doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How kube names a policy or a binding.
pub fn resource_of(part: Part) -> ApiResource {
    match part {
        Part::Policy => ApiResource::erase::<ValidatingAdmissionPolicy>(&()),
        Part::Binding => ApiResource::erase::<ValidatingAdmissionPolicyBinding>(&()),
    }
}

/// Asks who the operator is, as often as it takes: its own writes are nobody's to be warned about.
pub async fn introduce(client: Client, context: Arc<Context>) {
    let mut pause = FIRST_PAUSE;
    let user = loop {
        match identity::of(&client).await {
            Ok(identity) => break identity.user,
            Err(error) => warn!(reason = error.reason(), %error, "who am I? asking again"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    };
    let namespace = context.own_namespace.clone();
    context.inventory().warn_as(Account { user, namespace });
    context.changed.notify_one();
    // It has nothing more to do, and a part of the operator never ends.
    std::future::pending::<()>().await;
}

/// Deletes the policies, or the bindings, that warn on apply, or only counts them. A server that
/// has none of the kind has none of ours.
///
/// # Errors
/// When they cannot be listed or deleted.
pub async fn remove(client: &Client, part: Part, dry_run: bool) -> Result<Cleaned> {
    let followed = Followed::Warnings(part);
    let api: Api<Stored> = Api::all_with(client.clone(), &followed.resource());
    let of_ours = ListParams::default().labels(&followed.selector().unwrap_or_default());
    let action = |verb: &str| format!("{verb} {}", followed.name());
    let listed = match api.list_metadata(&of_ours).await {
        Ok(listed) => listed,
        Err(error) if reason_of(&error) == "NotFound" => return Ok(Cleaned::default()),
        Err(error) => return Err(Error::on(action("list"))(error)),
    };
    let names = listed
        .items
        .into_iter()
        .filter_map(|item| item.metadata.name);
    let names: Vec<String> = names.filter(|name| name.starts_with(NAME_PREFIX)).collect();
    let mut cleaned = Cleaned {
        found: names.len(),
        cleaned: 0,
    };
    for name in names.iter().filter(|_| !dry_run) {
        match api.delete(name, &DeleteParams::default()).await {
            Ok(_) => cleaned.cleaned += 1,
            Err(error) if reason_of(&error) == "NotFound" => cleaned.cleaned += 1,
            Err(error) => return Err(Error::on(action("delete"))(error)),
        }
    }
    Ok(cleaned)
}

impl Hand {
    /// Writes or deletes a policy or a binding.
    pub async fn policy(&self, write: &PolicyWrite) -> (Outcome, PolicyWritten) {
        let resource = resource_of(write.part);
        let requests = Requests::new(Stored::url_path(&resource, None));
        let request = match &write.verb {
            Verb::Apply(wanted) => {
                let mut body = Value::clone(wanted);
                if let Some(top) = body.as_object_mut() {
                    top.insert("apiVersion".to_owned(), resource.api_version.into());
                    top.insert("kind".to_owned(), resource.kind.into());
                }
                requests.patch(&write.name, &params(), &Patch::Apply(&body))
            }
            Verb::Delete(uid) => {
                let only_this = DeleteParams {
                    preconditions: uid.clone().map(|uid| Preconditions {
                        uid: Some(uid),
                        ..Preconditions::default()
                    }),
                    ..DeleteParams::default()
                };
                requests.delete(&write.name, &only_this)
            }
        };
        let (outcome, body) = self.send_whole(request).await;
        (outcome, ended(outcome, &write.verb, &body))
    }
}

fn ended(outcome: Outcome, verb: &Verb, body: &[u8]) -> PolicyWritten {
    let answer = || serde_json::from_slice::<Value>(body).unwrap_or_default();
    match (outcome, verb) {
        (Outcome::Landed(_), Verb::Apply(_)) => PolicyWritten::Landed(Some(Box::new(answer()))),
        (Outcome::Landed(_), Verb::Delete(_)) | (Outcome::Gone, _) => PolicyWritten::Landed(None),
        (Outcome::Failed("Invalid" | "Refused"), _) => {
            let answer = answer();
            let said = answer["message"].as_str().unwrap_or("it did not say why");
            PolicyWritten::Refused(said.to_owned())
        }
        (Outcome::Failed(reason), _) => PolicyWritten::Failed(reason),
        (Outcome::PushedBack(_) | Outcome::NotLeading, _) => PolicyWritten::NotTaken,
    }
}
