//! GoldenPath: what a platform team offers, how a service is known to be on it, and what the
//! off-ramp allows. Cluster-scoped; its owner is a team, its adoption is a goal, never a mandate.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Instant, schema};

pub use super::exception_policy::{ExceptionPolicy, SelfDeclare};
pub use super::path_status::{
    AtDeadline, GoldenPathStatus, HistoryPoint, NewServices, TopDeviation,
};

/// A golden path: the way of running a service that the platform team keeps easy.
///
/// Workloads in its scope are judged by its checks and labelled; nothing is ever blocked.
/// A path takes part once it is launched and has at least one enforced required check.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "GoldenPath",
    plural = "goldenpaths",
    shortname = "gp",
    category = "goldenpath",
    status = "GoldenPathStatus",
    doc = "A golden path: the way of running a service that the platform team keeps easy.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("a golden path's name becomes a label value: use at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner.team"),
    printcolumn(name = "Services", type_ = "integer", json_path = ".status.services"),
    printcolumn(name = "On path", type_ = "integer", json_path = ".status.counts['golden-path']"),
    printcolumn(name = "Target %", type_ = "integer", json_path = ".spec.adoption.targetPercent"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type=='Ready')].status"),
    printcolumn(name = "Checks", type_ = "string", json_path = ".status.conditions[?(@.type=='ChecksValid')].reason", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
pub struct GoldenPathSpec {
    /// What people call this path, such as "Web service".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 120))]
    pub title: Option<String>,
    /// What the path gives a team, in a few sentences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// The team that runs this path as its product.
    pub owner: Owner,
    /// Where the path is documented.
    #[serde(default, rename = "docsURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub docs_url: Option<String>,
    /// Where to tell the path's owner what is missing. {path}, {check} and {service} are replaced.
    #[serde(
        default,
        rename = "feedbackURL",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(length(max = 2048))]
    pub feedback_url: Option<String>,
    /// Whom the path is for, such as "backend engineer".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub persona: Option<String>,
    /// The job a team hires this path for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub job_to_be_done: Option<String>,
    /// Roadmap horizon of a path that is not launched yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon: Option<Horizon>,
    /// What the platform team expects the path to give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_impact: Option<EstimatedImpact>,
    /// When the path was launched. Absent with no horizon means: since this object was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launched_at: Option<Instant>,
    /// Between paths a workload satisfies equally well, the higher priority is chosen.
    #[serde(default)]
    pub priority: i32,
    /// Names this path had before; exceptions and workloads that still use one keep working.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::path_names")]
    pub former_names: Vec<String>,
    /// Which workloads the path is for.
    #[serde(default)]
    pub scope: Scope,
    /// Named expressions that checks use as `variables.NAME`, evaluated at most once a workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(
        merge_strategy = ListMerge::Map(vec!["name".into()]),
        validation = Rule::new("self.all(v, v.name.matches('^[A-Za-z_][A-Za-z0-9_]*$'))")
            .message("checks read a variable as variables.NAME: use letters, digits and '_'")
    )]
    pub variables: Vec<NamedExpression>,
    /// What is looked at: at most 32 checks, each one step of the path.
    #[schemars(length(min = 1, max = 32))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub checks: Vec<Check>,
    /// The goal for new services.
    #[serde(default)]
    pub adoption: Adoption,
    /// What a DeviationException of this path may do.
    #[serde(default)]
    pub exception_policy: ExceptionPolicy,
    /// How services older than the path are treated.
    #[serde(default)]
    pub existing: Existing,
    /// The path's changelog.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub releases: Vec<Release>,
    /// Ownership cost assumed for a deviation that states none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_cost: Option<AssumedCost>,
    /// Whether `kubectl apply` warns about what is missing. Nothing is ever denied.
    #[serde(default)]
    pub warn_on_apply: bool,
}

/// Who answers for something, and where to reach them.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
pub struct Owner {
    /// Team name.
    #[schemars(length(min = 1, max = 63))]
    pub team: String,
    /// A channel, an address or a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub contact: Option<String>,
}

/// Roadmap horizon of a path that is not launched yet.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// Being built.
    Now,
    /// Planned.
    Next,
    /// An idea.
    Later,
}

/// What the platform team expects a path to give.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EstimatedImpact {
    /// Teams that no longer wait for somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams_unblocked: Option<u32>,
    /// Hours of toil saved in a month, over all teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_of_toil_removed_per_month: Option<f64>,
}

/// Which workloads a path is for. Everything given must hold.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// Kinds of workload; none means every watched kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub kinds: Vec<KindRef>,
    /// Labels of the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub namespace_selector: Option<LabelSelector>,
    /// Labels of the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
    /// CEL expressions over `object`, `namespaceObject` and `variables`; all must be true.
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
    /// Its name; a variable's is a CEL identifier.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[A-Za-z_][-A-Za-z0-9_.]*$")
    )]
    pub name: String,
    /// Kubernetes CEL, as in a ValidatingAdmissionPolicy.
    #[schemars(length(min = 1, max = 8192))]
    pub expression: String,
}

/// One step of the path: an expression that is true for a workload that has taken it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Short name, as exceptions and metrics use it: a DNS label.
    #[schemars(
        length(min = 1, max = 63),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    )]
    pub name: String,
    /// What people call this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 120))]
    pub title: Option<String>,
    /// `required` checks decide whether a service is on the path; `recommended` ones only advise.
    #[serde(default)]
    pub level: Level,
    /// How much a deviation here weighs.
    #[serde(default)]
    pub severity: Severity,
    /// Kubernetes CEL over `object`, `namespaceObject` and `variables`; true means passed.
    #[schemars(length(min = 1, max = 8192))]
    pub expression: String,
    /// What is missing, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub message: Option<String>,
    /// CEL that gives the message; wins over `message` where it evaluates to one line of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 8192))]
    pub message_expression: Option<String>,
    /// How to fix it: a snippet or a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub remediation: Option<String>,
    /// Where this step is explained.
    #[serde(default, rename = "docsURL", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048))]
    pub docs_url: Option<String>,
    /// Whether a DeviationException may name this check.
    #[serde(default = "yes")]
    pub exemptible: bool,
    /// Until this instant the check is announced: shown, not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforce_from: Option<Instant>,
    /// Keep the evaluated message out of pages, chats and logs.
    #[serde(default)]
    pub sensitive: bool,
}

/// Whether a check decides or advises.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Decides whether a service is on the path.
    #[default]
    Required,
    /// Advises; never makes a service deviate.
    Recommended,
}

impl Level {
    /// The word used in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Recommended => "recommended",
        }
    }
}

/// How much a deviation weighs.
#[derive(
    JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A matter of comfort.
    Low,
    /// Costs somebody time.
    #[default]
    Medium,
    /// Costs users something.
    High,
}

/// The goal for services created after the launch.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Adoption {
    /// Share of new services that should be on the path, in percent.
    #[serde(default = "target_percent")]
    #[schemars(range(min = 0, max = 100))]
    pub target_percent: u8,
    /// Days after launch at which the share is measured.
    #[serde(default = "within_days")]
    #[schemars(range(min = 1, max = 3650))]
    pub within_days: u16,
}

/// How services older than the path are treated.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Existing {
    /// `Judge` treats them as all others; `Predates` asks nothing of them until `until`.
    #[serde(default)]
    pub treat_as: TreatAs,
    /// When `Predates` ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Instant>,
}

/// How services older than the path are treated.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TreatAs {
    /// As all others.
    #[default]
    Judge,
    /// As older than the path, with nothing due yet.
    Predates,
}

/// One entry of the path's changelog.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// When.
    pub at: Instant,
    /// What changed for teams.
    #[schemars(length(max = 1000))]
    pub note: String,
}

/// Ownership cost assumed for a deviation that states none.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct AssumedCost {
    /// Hours a month of the owning team.
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
