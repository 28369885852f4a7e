//! Follows the approval policy and its binding by name, and records in the inventory since when both
//! are in force. Without rights to read them approvals count as unverified, and that is logged.
//! `assess` decides when a policy verifies approvals.

use std::fmt::Debug;
use std::sync::Arc;

use futures::{Stream, StreamExt};
use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{
    ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, watch_object};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tracing::{info, warn};

use super::failure::failure_of;
use crate::assess::exception::assurance::policy::in_force_since;
use crate::assess::exception::assurance::{Gap, Vouching};
use crate::cluster::context::Context;
use crate::cluster::readiness::{NeededFor, WatchFailure};

const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// The state of the policy or of the binding.
#[derive(Debug)]
enum ApprovalPolicyState<K> {
    /// It was not read yet.
    Pending,
    /// It may not be read.
    Forbidden,
    /// It exists, or does not.
    Read(Option<Box<K>>),
}

/// Makes the writer wait until it is known whether approvals are verified.
pub fn expect(context: &Context, policy: Option<&str>) {
    if policy.is_none() {
        record(context, Vouching::Absent(Gap::NotLookedFor));
        return;
    }
    for kind in [POLICY, BINDING] {
        context.gates.expect(kind, NeededFor::Writing);
    }
}

/// Follows policy and binding of this name until the task is aborted.
pub async fn follow(client: Client, name: String, context: Arc<Context>) {
    let (policies, bindings) = (Api::all(client.clone()), Api::all(client));
    let mut policies = std::pin::pin!(events(policies, &name, POLICY, &context));
    let mut bindings = std::pin::pin!(events(bindings, &name, BINDING, &context));
    let mut policy = ApprovalPolicyState::Pending;
    let mut binding = ApprovalPolicyState::Pending;
    loop {
        let kind = tokio::select! {
            Some(event) = policies.next() => policy.update(event, POLICY, &context),
            Some(event) = bindings.next() => binding.update(event, BINDING, &context),
            else => return,
        };
        if let Some(vouching) = vouching(&policy, &binding) {
            record(&context, vouching);
        }
        // Only after it is recorded: before, nothing may be written.
        if let Some(kind) = kind {
            context.gates.listed(kind);
        }
    }
}

/// The object of this name, after each change.
fn events<K>(
    api: Api<K>,
    name: &str,
    kind: &str,
    context: &Context,
) -> impl Stream<Item = watcher::Result<Option<K>>> + use<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    context
        .heartbeat
        .follow(api.resource_url().to_owned(), kind);
    watch_object(api, name).default_backoff()
}

impl<K> ApprovalPolicyState<K> {
    /// The kind, where the server answered.
    fn update(
        &mut self,
        event: watcher::Result<Option<K>>,
        kind: &'static str,
        context: &Context,
    ) -> Option<&'static str> {
        match event {
            Ok(object) => {
                *self = Self::Read(object.map(Box::new));
                Some(kind)
            }
            Err(error) => {
                let failure = failure_of(&error);
                context.counters.failed(failure.reason);
                // The last known state stays, as for every watch.
                if failure.reason == "Forbidden" && !matches!(self, Self::Read(_)) {
                    *self = Self::Forbidden;
                }
                if context.gates.failed(kind, &failure, Timestamp::now()) {
                    let WatchFailure { reason, message } = failure;
                    warn!(kind, reason, error = %message, "watch failed; keeping last known state");
                }
                None
            }
        }
    }
}

/// Whether approvals are verified, once both are known.
fn vouching(
    policy: &ApprovalPolicyState<ValidatingAdmissionPolicy>,
    binding: &ApprovalPolicyState<ValidatingAdmissionPolicyBinding>,
) -> Option<Vouching> {
    let (policy, binding) = match (policy, binding) {
        (ApprovalPolicyState::Read(policy), ApprovalPolicyState::Read(binding)) => {
            (policy, binding)
        }
        (ApprovalPolicyState::Forbidden, _) | (_, ApprovalPolicyState::Forbidden) => {
            return Some(Vouching::Absent(Gap::NotReadable));
        }
        (ApprovalPolicyState::Pending, _) | (_, ApprovalPolicyState::Pending) => return None,
    };
    let since = in_force_since(policy.as_deref(), binding.as_deref());
    Some(since.map_or_else(Vouching::Absent, Vouching::Since))
}

fn record(context: &Context, vouching: Vouching) {
    if !context.inventory().set_vouching(vouching) {
        return;
    }
    match vouching {
        Vouching::Since(since) => info!(%since, "approvals are verified by the API server"),
        Vouching::Absent(gap) => info!(because = gap.as_str(), "approvals are not verified"),
        Vouching::Offline | Vouching::AsWritten => {}
    }
    context.changed.notify_one();
}
