//! Builds a policy and its binding as the API server stores them, with every default written out, so that
//! stored objects can be compared with them. Nothing is compared here.

use k8s_openapi::api::admissionregistration::v1 as admission;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta, OwnerReference};
use serde_json::Value;

use super::text::{list, literal};
use super::{Generator, ITEMS, MOST_COST, Obstacle, Warning, policy_name};
use crate::api::{API_VERSION, keys};
use crate::assess::state::Standing;

/// Validation action of a binding. `Deny` is left out on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidationAction {
    /// Warn the client that made the request.
    Warn,
    /// Add an annotation to the audit event.
    Audit,
}

impl ValidationAction {
    /// Both: every binding has both.
    pub const ALL: [Self; 2] = [Self::Warn, Self::Audit];

    /// As the API server writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warn => "Warn",
            Self::Audit => "Audit",
        }
    }
}

/// Standings that cause no warning: an approved exception, or nothing due.
const SETTLED: [Standing; 3] = [
    Standing::Documented,
    Standing::ReviewDue,
    Standing::Predates,
];
/// Accounts of the control plane, whose warnings no user sees.
const CONTROL_PLANE: &str = "request.userInfo.username == 'system:kube-controller-manager' || \
    request.userInfo.username.startsWith('system:serviceaccount:kube-system:')";

impl Generator<'_> {
    pub(super) fn generate(&self) -> Result<Warning, Obstacle> {
        let scoped = self.scope()?;
        let cost = scoped.cost.saturating_add(self.cost_of_checks());
        if cost > MOST_COST {
            return Err(Obstacle::TooExpensive(cost));
        }
        let names = self
            .steps()
            .map(|(index, _)| self.path.spec.checks[index].name.clone());
        Ok(Warning {
            policy: as_value(&self.policy(scoped.variables)),
            binding: as_value(&self.binding()),
            checks: names.collect(),
        })
    }

    fn policy(&self, scope: Vec<admission::Variable>) -> admission::ValidatingAdmissionPolicy {
        let steps = self.steps().map(|(index, number)| admission::Variable {
            name: self.named(&format!("step_{number}")),
            expression: self.path.spec.checks[index].expression.clone(),
        });
        let variables = scope.into_iter().chain(steps);
        let spec = admission::ValidatingAdmissionPolicySpec {
            failure_policy: Some("Ignore".to_owned()),
            match_constraints: Some(self.constraints()),
            match_conditions: Some(self.conditions()),
            variables: Some(variables.chain(self.message_variables()).collect()),
            validations: Some(self.validations()),
            audit_annotations: Some(vec![self.audit_annotation()]),
            ..Default::default()
        };
        admission::ValidatingAdmissionPolicy {
            metadata: self.metadata(),
            spec: Some(spec),
            status: None,
        }
    }

    fn binding(&self) -> admission::ValidatingAdmissionPolicyBinding {
        let actions = ValidationAction::ALL.map(|action| action.as_str().to_owned());
        admission::ValidatingAdmissionPolicyBinding {
            metadata: self.metadata(),
            spec: Some(admission::ValidatingAdmissionPolicyBindingSpec {
                policy_name: Some(policy_name(&self.path.name)),
                validation_actions: Some(actions.to_vec()),
                ..Default::default()
            }),
        }
    }

    fn cost_of_checks(&self) -> u64 {
        self.steps()
            .map(|(index, _)| {
                let programs = &self.path.programs[index];
                programs
                    .expression
                    .iter()
                    .chain(&programs.message)
                    .map(|program| program.estimated_cost(ITEMS))
                    .sum::<u64>()
            })
            .fold(0, u64::saturating_add)
    }

    fn metadata(&self) -> ObjectMeta {
        let owner = self.path.uid.as_deref().map(|uid| OwnerReference {
            api_version: API_VERSION.to_owned(),
            kind: "GoldenPath".to_owned(),
            name: self.path.name.to_string(),
            uid: uid.to_owned(),
            ..OwnerReference::default()
        });
        let (key, value) = keys::MANAGED_BY;
        ObjectMeta {
            name: Some(policy_name(&self.path.name)),
            labels: Some([(key.to_owned(), value.to_owned())].into()),
            owner_references: owner.map(|owner| vec![owner]),
            ..ObjectMeta::default()
        }
    }

    fn constraints(&self) -> admission::MatchResources {
        let rules = self.kinds().map(|kind| admission::NamedRuleWithOperations {
            api_groups: Some(vec![kind.group.clone()]),
            api_versions: Some(vec![kind.version.clone()]),
            operations: Some(vec!["CREATE".to_owned(), "UPDATE".to_owned()]),
            resources: Some(vec![kind.plural.clone()]),
            scope: Some("*".to_owned()),
            ..Default::default()
        });
        let namespaces = self
            .path
            .spec
            .scope
            .namespace_selector
            .clone()
            .filter(|_| self.selects_namespaces());
        admission::MatchResources {
            match_policy: Some("Equivalent".to_owned()),
            namespace_selector: Some(namespaces.unwrap_or_default()),
            object_selector: Some(LabelSelector::default()),
            resource_rules: Some(rules.collect()),
            ..Default::default()
        }
    }

    /// Whether the API server can select the namespaces. It rejects unknown operators, which never hold
    /// in the judgement.
    pub(super) fn selects_namespaces(&self) -> bool {
        let selector = self.path.spec.scope.namespace_selector.as_ref();
        let expressions = selector.and_then(|selector| selector.match_expressions.as_ref());
        expressions.into_iter().flatten().all(|wanted| {
            let values = wanted.values.as_ref().map_or(0, Vec::len);
            match wanted.operator.as_str() {
                "In" | "NotIn" => values > 0,
                "Exists" | "DoesNotExist" => values == 0,
                _ => false,
            }
        })
    }

    /// Requests that never cause a warning, whatever the path.
    fn conditions(&self) -> Vec<admission::MatchCondition> {
        let settled = list(SETTLED.map(Standing::as_str));
        let standing = literal(keys::DEVIATION);
        let own = literal(&self.ctx.account.user);
        let always = [
            (
                "not-by-goldenpath",
                format!("request.userInfo.username != {own}"),
            ),
            ("not-by-the-control-plane", format!("!({CONTROL_PLANE})")),
            (
                "not-on-its-way-out",
                "!has(object.metadata.deletionTimestamp)".to_owned(),
            ),
            (
                "not-settled",
                format!(
                    "oldObject == null || !(oldObject.metadata.?labels[?{standing}].orValue('') in {settled})"
                ),
            ),
            ("not-owned-by-a-workload", self.not_owned()),
        ];
        let excluded = self
            .not_excluded()
            .map(|excluded| ("not-excluded", excluded));
        let release = self
            .not_our_release()
            .map(|own| ("not-goldenpath-itself", own));
        always
            .into_iter()
            .chain(excluded)
            .chain(release)
            .map(|(name, expression)| admission::MatchCondition {
                name: name.to_owned(),
                expression,
            })
            .collect()
    }

    fn not_owned(&self) -> String {
        let watched = self.ctx.settings.kinds.iter();
        let kinds = list(watched.map(|kind| format!("{}/{}", kind.group, kind.kind)));
        format!(
            "!object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false) && \
             (o.apiVersion.contains('/') ? o.apiVersion.split('/')[0] : '') + '/' + o.kind in {kinds})"
        )
    }

    fn not_excluded(&self) -> Option<String> {
        let excluded: Vec<String> = self
            .ctx
            .settings
            .excluded_namespaces
            .iter()
            .map(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => format!("request.namespace.startsWith({})", literal(prefix)),
                None => format!("request.namespace == {}", literal(pattern)),
            })
            .collect();
        (!excluded.is_empty()).then(|| format!("!({})", excluded.join(" || ")))
    }

    fn not_our_release(&self) -> Option<String> {
        let namespace = literal(self.ctx.account.namespace.as_deref()?);
        Some(format!(
            "!(request.namespace == {namespace} && \
             object.metadata.?labels[?'app.kubernetes.io/name'].orValue('') == 'goldenpath')"
        ))
    }

    /// The first validation warns. The others are always true: they exist for the API server's type
    /// checker, which checks validations, but no variables.
    fn validations(&self) -> Vec<admission::Validation> {
        let steps: Vec<String> = self
            .steps()
            .map(|(_, number)| self.read(&format!("step_{number}")))
            .collect();
        let warning = admission::Validation {
            expression: format!("!{} || ({})", self.read("asked"), steps.join(" && ")),
            message: Some(self.fallback()),
            message_expression: Some(self.message_expression()),
            reason: None,
        };
        let typed = self.steps().map(|(index, _)| admission::Validation {
            expression: format!("true || (\n{}\n)", self.path.spec.checks[index].expression),
            ..Default::default()
        });
        std::iter::once(warning).chain(typed).collect()
    }

    fn audit_annotation(&self) -> admission::AuditAnnotation {
        admission::AuditAnnotation {
            key: "missing".to_owned(),
            value_expression: format!("{}.join(',')", self.read("names")),
        }
    }
}

/// The JSON of a typed Kubernetes object, which always exists.
fn as_value<T: serde::Serialize>(object: &T) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}
