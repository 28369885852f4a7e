//! Follows the one policy that vouches for approvals, and its binding, by name: since when both are
//! in force is handed to the inventory. Where they may not be read nobody vouches, and that is said.
//! What makes them vouch is judged elsewhere.

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

use super::follow::trouble_of;
use super::followed::Role;
use crate::assess::exception::assurance::policy::in_force_since;
use crate::assess::exception::assurance::{Gap, Vouching};
use crate::cluster::context::Context;

const POLICY: &str = "ValidatingAdmissionPolicy";
const BINDING: &str = "ValidatingAdmissionPolicyBinding";

/// What is known of one of the two.
#[derive(Debug)]
enum Known<K> {
    /// Nothing yet.
    Nothing,
    /// It may not be read.
    Forbidden,
    /// It is there, or it is not.
    Read(Option<Box<K>>),
}

/// Nothing is written before it is known who vouches, or that nobody can tell.
pub fn expect(context: &Context, policy: Option<&str>) {
    if policy.is_none() {
        hand_over(context, Vouching::Absent(Gap::NotLookedFor));
        return;
    }
    for kind in [POLICY, BINDING] {
        context.gates.expect(kind, Role::Workload);
    }
}

/// Follows policy and binding of this name until the task is aborted.
pub async fn follow(client: Client, name: String, context: Arc<Context>) {
    let (policies, bindings) = (Api::all(client.clone()), Api::all(client));
    let mut policies = std::pin::pin!(events(policies, &name, (POLICY, &context)));
    let mut bindings = std::pin::pin!(events(bindings, &name, (BINDING, &context)));
    let (mut policy, mut binding) = (Known::Nothing, Known::Nothing);
    loop {
        let kind = tokio::select! {
            Some(event) = policies.next() => policy.learn(event, POLICY, &context),
            Some(event) = bindings.next() => binding.learn(event, BINDING, &context),
            else => return,
        };
        if let Some(vouching) = vouching(&policy, &binding) {
            hand_over(&context, vouching);
        }
        // Only now: until it is handed over, nothing may be written.
        if let Some(kind) = kind {
            context.gates.listed(kind);
        }
    }
}

/// What becomes of the one object of this name.
fn events<K>(
    api: Api<K>,
    name: &str,
    (kind, context): (&str, &Context),
) -> impl Stream<Item = watcher::Result<Option<K>>> + use<K>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    context.pulse.listen(api.resource_url().to_owned(), kind);
    watch_object(api, name).default_backoff()
}

impl<K> Known<K> {
    /// The kind, where the server said what there is of it.
    fn learn(
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
                let trouble = trouble_of(&error);
                context.counters.failed(trouble.reason);
                // What was read stays, as for everything that is followed.
                if trouble.reason == "Forbidden" && !matches!(self, Self::Read(_)) {
                    *self = Self::Forbidden;
                }
                if context.gates.troubled(kind, &trouble, Timestamp::now()) {
                    let reason = trouble.reason;
                    warn!(kind, reason, "cannot be followed; what is known stays");
                }
                None
            }
        }
    }
}

/// Who vouches, once both are known.
fn vouching(
    policy: &Known<ValidatingAdmissionPolicy>,
    binding: &Known<ValidatingAdmissionPolicyBinding>,
) -> Option<Vouching> {
    let (policy, binding) = match (policy, binding) {
        (Known::Read(policy), Known::Read(binding)) => (policy, binding),
        (Known::Forbidden, _) | (_, Known::Forbidden) => {
            return Some(Vouching::Absent(Gap::NotReadable));
        }
        (Known::Nothing, _) | (_, Known::Nothing) => return None,
    };
    let since = in_force_since(policy.as_deref(), binding.as_deref());
    Some(since.map_or_else(Vouching::Absent, Vouching::Since))
}

fn hand_over(context: &Context, vouching: Vouching) {
    if !context.inventory().set_vouching(vouching) {
        return;
    }
    match vouching {
        Vouching::Since(since) => info!(%since, "the API server vouches for approvals"),
        Vouching::Absent(gap) => info!(because = gap.as_str(), "nobody vouches for approvals"),
        Vouching::Offline | Vouching::AsWritten => {}
    }
    context.changed.notify_one();
}
