//! `GoldenPath`: what a platform team offers, which checks a service on it passes, and which exceptions
//! it allows. Cluster-scoped. A team owns it, and its adoption is a goal, never a mandate.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Instant, schema};

pub use super::exception_policy::{ExceptionPolicy, SelfDeclare};
pub use super::level::{Level, Severity};
pub use super::path_status::{
    Announced, AtDeadline, Enforced, EnforcedCheck, GoldenPathStatus, HistoryPoint, NewServices,
    TopDeviation,
};

/// A golden path: the supported way to run a service.
///
/// The operator runs its checks on workloads in scope and labels them. It never blocks a workload.
/// A path counts once it is launched and has at least one enforced required check.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "GoldenPath",
    plural = "goldenpaths",
    shortname = "gp",
    category = "golden-path",
    status = "GoldenPathStatus",
    doc = "A golden path: the supported way to run a service.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("a golden path's name becomes a label value: use at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner.team"),
    printcolumn(name = "Services", type_ = "integer", json_path = ".status.services"),
    printcolumn(name = "On path", type_ = "integer", json_path = ".status.onPath"),
    printcolumn(name = "Target %", type_ = "integer", json_path = ".spec.adoption.targetPercent"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Checks", type_ = "string", json_path = ".status.conditions[?(@.type=='ChecksValid')].reason", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct GoldenPathSpec {
    /// Display name, such as "Web service".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 120))]
    pub title: Option<String>,
    /// What a team gets from this path, in a few sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// Team that owns this path as a product.
    pub owner: Owner,
    /// Documentation of the path.
    #[serde(default, rename = "docsURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub docs_url: Option<String>,
    /// Where teams send feedback. {path}, {check} and {service} are replaced.
    #[serde(
        default,
        rename = "feedbackURL",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = 2048))]
    pub feedback_url: Option<String>,
    /// Persona the path is made for, such as "backend engineer".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub persona: Option<String>,
    /// The job to be done: what a team uses this path for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub job_to_be_done: Option<String>,
    /// Roadmap horizon of a path that is not launched yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<Horizon>,
    /// Impact the platform team expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_impact: Option<EstimatedImpact>,
    /// Launch of the path. Defaults to the creation of this object if `horizon` is absent too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launched_at: Option<Instant>,
    /// Of several paths that a workload satisfies equally well, the operator chooses the highest priority.
    #[serde(default)]
    pub priority: i32,
    /// Former names of this path. Exceptions and workloads that use them keep working.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::path_names")]
    pub former_names: Vec<String>,
    /// Workloads the path applies to.
    #[serde(default)]
    pub scope: Scope,
    /// Named CEL expressions. Checks use them as `variables.NAME`; each is evaluated at most once per workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(
        merge_strategy = ListMerge::Map(vec!["name".into()]),
        validation = Rule::new("self.all(v, v.name.matches('^[A-Za-z_][A-Za-z0-9_]*$'))")
            .message("checks read a variable as variables.NAME: use letters, digits and '_'")
    )]
    pub variables: Vec<NamedExpression>,
    /// At most 32 checks, each one step of the path.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub checks: Vec<Check>,
    /// Adoption goal for new services.
    #[serde(default)]
    pub adoption: Adoption,
    /// Rules for DeviationExceptions of this path.
    #[serde(default)]
    pub exception_policy: ExceptionPolicy,
    /// How the path treats services older than itself.
    #[serde(default)]
    pub existing: Existing,
    /// Changelog of the path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub releases: Vec<Release>,
    /// Ownership cost assumed for a deviation without a stated cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_cost: Option<AssumedCost>,
    /// Whether `kubectl apply` prints a warning for failing checks. Requests are never denied.
    #[serde(default)]
    pub warn_on_apply: bool,
}

/// Owning team and how to reach it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
pub struct Owner {
    /// Team name.
    #[schemars(length(min = 1, max = 63))]
    pub team: String,
    /// Chat channel, mail address or URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub contact: Option<String>,
}

/// Roadmap horizon of a path that is not launched yet.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// In progress.
    Now,
    /// Planned.
    Next,
    /// An idea.
    Later,
}

/// Impact the platform team expects of a path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EstimatedImpact {
    /// Teams that no longer wait for another team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams_unblocked: Option<u32>,
    /// Hours of toil saved per month, over all teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_of_toil_removed_per_month: Option<f64>,
}

/// Workloads a path applies to. All given conditions must match.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Workload kinds; empty means every watched kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub kinds: Vec<KindRef>,
    /// Selects namespaces by label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub namespace_selector: Option<LabelSelector>,
    /// Selects workloads by label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
    /// CEL expressions over `object`, `namespaceObject` and `variables`. All must be true.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub match_conditions: Vec<NamedExpression>,
}

/// A kind of workload.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct KindRef {
    /// API group, such as `apps`; empty for the core group.
    #[serde(default)]
    #[schemars(length(max = 253))]
    pub group: String,
    /// Kind, such as `Deployment`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
}

/// A CEL expression with a name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct NamedExpression {
    /// Name. The name of a variable must be a CEL identifier.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][-A-Za-z0-9_.]*$")
    )]
    pub name: String,
    /// CEL expression, as in a ValidatingAdmissionPolicy.
    #[schemars(length(min = 1, max = 8192))]
    pub expression: String,
}

/// One step of the path: a CEL expression that is true if the workload passes.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Name used by exceptions and metrics; a DNS label.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub name: String,
    /// Display name, such as "Has a readiness probe".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 120))]
    pub title: Option<String>,
    /// What to do when it fails, as an imperative, such as "Add a readiness probe"; reports show it as the next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 120))]
    pub action: Option<String>,
    /// `required` checks decide whether a service is on the path; `recommended` checks only advise.
    #[serde(default)]
    pub level: Level,
    /// Severity of a failure.
    #[serde(default)]
    pub severity: Severity,
    /// CEL expression over `object`, `namespaceObject` and `variables`; true means passed.
    #[schemars(length(min = 1, max = 8192))]
    pub expression: String,
    /// Message for a failing check, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub message: Option<String>,
    /// CEL expression that returns the message. Overrides `message` if it returns one line of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub message_expression: Option<String>,
    /// How to fix a failure: a snippet or a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub remediation: Option<String>,
    /// Documentation of this check.
    #[serde(default, rename = "docsURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub docs_url: Option<String>,
    /// Whether a DeviationException may cover this check.
    #[serde(default = "yes")]
    pub exemptible: bool,
    /// Start of enforcement. Until then the check is announced: reported, but not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforce_from: Option<Instant>,
    /// Keeps the evaluated message out of pages, chats and logs.
    #[serde(default)]
    pub sensitive: bool,
}

/// Adoption goal for services created after the launch.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Adoption {
    /// Target share of new services on the path, in percent.
    #[serde(default = "target_percent")]
    #[schemars(range(min = 0, max = 100))]
    pub target_percent: u8,
    /// Days after the launch at which the share is measured.
    #[serde(default = "within_days")]
    #[schemars(range(min = 1, max = 3650))]
    pub within_days: u16,
}

/// How the path treats services older than itself.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Existing {
    /// `Judge` treats them like all others. `Predates` expects nothing of them before `until`.
    #[serde(default)]
    pub treat_as: TreatAs,
    /// End of `Predates`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// How the path treats services older than itself.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TreatAs {
    /// Like all others.
    #[default]
    Judge,
    /// Older than the path; nothing is due yet.
    Predates,
}

/// Entry of the changelog.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Date of the release.
    pub at: Instant,
    /// Changes for teams.
    #[schemars(length(max = 1000))]
    pub note: String,
}

/// Ownership cost assumed for a deviation without a stated cost.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AssumedCost {
    /// Hours per month of the owning team.
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub hours_per_month: f64,
}

const fn yes() -> bool {
    true
}
const fn target_percent() -> u8 {
    70
}
const fn within_days() -> u16 {
    90
}

impl Default for Adoption {
    fn default() -> Self {
        Self {
            target_percent: target_percent(),
            within_days: within_days(),
        }
    }
}
