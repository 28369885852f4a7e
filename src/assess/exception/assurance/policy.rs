//! Whether a ValidatingAdmissionPolicy and its binding cover every request, and since when. Their rules
//! are not checked here: a user who may rewrite admission policies could forge approvals anyway.

use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::{
    MatchResources, NamedRuleWithOperations, ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::api::{GROUP, VERSION};

/// Why the API server does not verify approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The operator is not configured to look for a policy.
    NotLookedFor,
    /// The operator may not read the policy.
    NotReadable,
    /// The policy does not exist.
    NoPolicy,
    /// The policy has no binding.
    NotBound,
    /// The policy fails open, skips requests by a condition, or only warns.
    Lenient,
}

impl Gap {
    /// A clause for messages, without a full stop.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotLookedFor => "the operator is not configured to look for a policy",
            Self::NotReadable => "the operator may not read the policy",
            Self::NoPolicy => "there is no policy",
            Self::NotBound => "the policy is not bound",
            Self::Lenient => "the policy lets some decisions through unchecked",
        }
    }
}

/// Since when the policy and its binding are both in force.
///
/// # Errors
/// The reason if they are not.
pub fn in_force_since(
    policy: Option<&ValidatingAdmissionPolicy>,
    binding: Option<&ValidatingAdmissionPolicyBinding>,
) -> Result<Timestamp, Gap> {
    let Some(policy) = policy else {
        return Err(Gap::NoPolicy);
    };
    let Some(binding) = binding else {
        return Err(Gap::NotBound);
    };
    let bound_to = binding
        .spec
        .as_ref()
        .and_then(|spec| spec.policy_name.as_deref());
    if bound_to != policy.metadata.name.as_deref() {
        return Err(Gap::NotBound);
    }
    if !covers_every_write(policy) || !denies_everywhere(binding) {
        return Err(Gap::Lenient);
    }
    let created = [&policy.metadata, &binding.metadata]
        .map(|metadata| metadata.creation_timestamp.as_ref().map(|at| at.0));
    let [Some(policy), Some(binding)] = created else {
        return Err(Gap::NoPolicy); // not stored
    };
    Ok(policy.max(binding))
}

fn covers_every_write(policy: &ValidatingAdmissionPolicy) -> bool {
    let Some(spec) = &policy.spec else {
        return false;
    };
    let fails_closed = spec
        .failure_policy
        .as_deref()
        .is_none_or(|policy| policy == "Fail");
    let unconditional = spec.match_conditions.iter().flatten().next().is_none();
    let has_rules = spec.validations.iter().flatten().next().is_some();
    let matches = spec.match_constraints.as_ref();
    fails_closed
        && unconditional
        && has_rules
        && matches.is_some_and(|matches| {
            let rules = || matches.resource_rules.iter().flatten();
            is_unrestricted(matches)
                && ["CREATE", "UPDATE"]
                    .iter()
                    .all(|operation| rules().any(|rule| covers(rule, operation)))
        })
}

fn denies_everywhere(binding: &ValidatingAdmissionPolicyBinding) -> bool {
    binding.spec.as_ref().is_some_and(|spec| {
        let mut actions = spec.validation_actions.iter().flatten();
        let narrowed = spec.match_resources.as_ref().is_some_and(|matches| {
            !is_unrestricted(matches) || matches.resource_rules.iter().flatten().next().is_some()
        });
        actions.any(|action| action == "Deny") && !narrowed && spec.param_ref.is_none()
    })
}

fn is_unrestricted(matches: &MatchResources) -> bool {
    let selects_all = |selector: &Option<LabelSelector>| {
        selector.as_ref().is_none_or(|selector| {
            selector.match_labels.iter().flatten().next().is_none()
                && selector.match_expressions.iter().flatten().next().is_none()
        })
    };
    matches
        .exclude_resource_rules
        .iter()
        .flatten()
        .next()
        .is_none()
        && selects_all(&matches.namespace_selector)
        && selects_all(&matches.object_selector)
}

fn covers(rule: &NamedRuleWithOperations, operation: &str) -> bool {
    let names = |list: &Option<Vec<String>>, name: &str| {
        list.iter()
            .flatten()
            .any(|item| item == "*" || item == name)
    };
    let in_scope = rule.scope.as_deref().is_none_or(|scope| scope != "Cluster");
    rule.resource_names.iter().flatten().next().is_none()
        && in_scope
        && names(&rule.api_groups, GROUP)
        && names(&rule.api_versions, VERSION)
        && names(&rule.operations, operation)
        && names(&rule.resources, "deviationexceptions")
}
