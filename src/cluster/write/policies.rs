//! Writes the policies and bindings that warn on apply. They are applied whole; one that still holds
//! fields of another manager is deleted by its uid and applied again, because an apply leaves such
//! fields. `assess::planner::warning_policies` decides which to write and when.

use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use futures::future::BoxFuture;
use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kube::Client;
use kube::api::{DeleteParams, Patch, Preconditions};
use kube::core::{ApiResource, Request as Requests, Resource as _};
use serde_json::Value;
use tracing::warn;

use super::apply::{ApiWriter, WriteOutcome, params};
use super::lanes::{Lane, SlowPlan, WriteJob, jobs};
use crate::assess::planner::warning_policies::{PolicyOutcome, PolicyVerb, PolicyWrite};
use crate::assess::warning::{Account, Part};
use crate::cluster::client::failure::chain;
use crate::cluster::client::identity;
use crate::cluster::client::stored::Stored;
use crate::cluster::context::Context;
use crate::cluster::counters::WriteVerb;
use crate::cluster::snapshots::View;

/// Pauses between attempts to resolve the operator's own identity.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_secs(1))
    .with_max_delay(Duration::from_secs(60))
    .without_max_times();

/// The `ApiResource` of a policy or a binding.
pub fn resource_of(part: Part) -> ApiResource {
    match part {
        Part::Policy => ApiResource::erase::<ValidatingAdmissionPolicy>(&()),
        Part::Binding => ApiResource::erase::<ValidatingAdmissionPolicyBinding>(&()),
    }
}

/// Resolves the operator's own identity, with as many attempts as it takes: policies exempt its own
/// writes. Runs until the task is aborted.
pub async fn resolve_identity(client: Client, context: Arc<Context>) {
    let identity = (|| identity::of(&client))
        .retry(BACKOFF)
        .notify(|error, _| {
            let reason = error.reason();
            warn!(reason, error = %chain(error), "failed to resolve own identity; retrying");
        })
        .await;
    if let Ok(identity) = identity {
        let namespace = context.own_namespace.clone();
        let account = Account {
            user: identity.user,
            namespace,
        };
        context.planners().warning_policies.introduce(account);
        context.changed.notify_one();
    }
    // No task of the operator ends by itself.
    std::future::pending::<()>().await;
}

/// A policy or binding to write, and how that ended, in more detail than a `WriteOutcome` has.
struct PolicyJob {
    write: PolicyWrite,
    ended: PolicyOutcome,
}

/// Plans the policies and bindings to write.
pub fn plan(context: &Context, view: &View) -> SlowPlan {
    let planner = &mut context.planners().warning_policies;
    let plan = planner.plan(&view.inventory, view.now);
    SlowPlan {
        writes: jobs(plan.writes.into_iter().map(|write| PolicyJob {
            write,
            ended: PolicyOutcome::NotTaken,
        })),
        again_at: plan.again_at,
        ..SlowPlan::default()
    }
}

impl WriteJob for PolicyJob {
    fn lane(&self) -> Lane {
        Lane::Slow
    }

    fn verb(&self) -> WriteVerb {
        WriteVerb::Policy
    }

    fn subject(&self) -> String {
        format!("{}/{}", resource_of(self.write.part).kind, self.write.name)
    }

    fn send<'a>(&'a mut self, api: &'a ApiWriter) -> BoxFuture<'a, WriteOutcome> {
        Box::pin(async {
            let (outcome, ended) = api.policy(&self.write).await;
            self.ended = ended;
            outcome
        })
    }

    fn ended(self: Box<Self>, context: &Context, _: WriteOutcome, now: Timestamp) {
        let Self { write, ended } = *self;
        context
            .planners()
            .warning_policies
            .ended(&write, ended, now);
    }

    fn plan_schedules_retry(&self) -> bool {
        true
    }
}

impl ApiWriter {
    /// Writes or deletes a policy or a binding.
    async fn policy(&self, write: &PolicyWrite) -> (WriteOutcome, PolicyOutcome) {
        let resource = resource_of(write.part);
        let requests = Requests::new(Stored::url_path(&resource, None));
        let request = match &write.verb {
            PolicyVerb::Apply(wanted) => {
                let mut body = Value::clone(wanted);
                if let Some(top) = body.as_object_mut() {
                    top.insert("apiVersion".to_owned(), resource.api_version.into());
                    top.insert("kind".to_owned(), resource.kind.into());
                }
                requests.patch(&write.name, &params(), &Patch::Apply(&body))
            }
            PolicyVerb::Delete(uid) => {
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
        (outcome, policy_outcome(outcome, &write.verb, &body))
    }
}

fn policy_outcome(outcome: WriteOutcome, verb: &PolicyVerb, body: &[u8]) -> PolicyOutcome {
    let response = || serde_json::from_slice::<Value>(body).unwrap_or_default();
    match (outcome, verb) {
        (WriteOutcome::Landed(_), PolicyVerb::Apply(_)) => {
            PolicyOutcome::Landed(Some(Box::new(response())))
        }
        (WriteOutcome::Landed(_), PolicyVerb::Delete(_)) | (WriteOutcome::Gone, _) => {
            PolicyOutcome::Landed(None)
        }
        (WriteOutcome::Failed("Invalid" | "Refused"), _) => {
            let response = response();
            let message = response["message"].as_str();
            PolicyOutcome::Refused(message.unwrap_or("no reason given").to_owned())
        }
        (WriteOutcome::Failed(reason), _) => PolicyOutcome::Failed(reason),
        (WriteOutcome::PushedBack(_) | WriteOutcome::NotLeading, _) => PolicyOutcome::NotTaken,
    }
}
