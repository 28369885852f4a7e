//! `PlatformObjective`: an objective of the platform team and the figures that measure it. A key result
//! is an outcome with a source, never a list of things to ship. Nothing is measured here.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::golden_path::Owner;
use super::{Instant, schema};

/// The sentence for a key result without a source: it states an output.
const OUTPUT: &str = "\
    'key result ' + self.name + ' names an output, because it has no source: say what changes for teams \
    once it is shipped, and measure that with source.promql or source.builtin, a baseline and a target'";

/// A built-in figure is converted to the unit of its key result, so it must be one that it knows.
const KNOWN_UNIT: &str = "\
    !has(self.source) || !has(self.source.builtin) || \
    (self.source.builtin in ['TimeToFirstDeploy', 'LeadTime', 'RecoveryTime'] \
    ? has(self.unit) && self.unit in ['seconds', 'minutes', 'hours', 'days'] \
    : self.source.builtin in ['NPS', 'OwnershipHours'] \
    ? !has(self.unit) || self.unit == (self.source.builtin == 'NPS' ? 'points' : 'hours') \
    : has(self.unit) && self.unit in ['ratio', 'percent'])";
const UNKNOWN_UNIT: &str = "\
    'set unit of key result ' + self.name + ' to one that ' + self.source.builtin + ' knows: ' + \
    (self.source.builtin in ['TimeToFirstDeploy', 'LeadTime', 'RecoveryTime'] \
    ? 'seconds, minutes, hours or days' \
    : self.source.builtin == 'NPS' ? 'points, or leave it out' \
    : self.source.builtin == 'OwnershipHours' ? 'hours (a month), or leave it out' \
    : 'ratio or percent')";

/// An objective of the platform team, with the key results that measure it.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "PlatformObjective",
    plural = "platformobjectives",
    shortname = "okr",
    category = "golden-path",
    status = "PlatformObjectiveStatus",
    doc = "An objective of the platform team, with the key results that measure it.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("the name is used in metrics and links: use at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"),
    printcolumn(name = "Objective", type_ = "string", json_path = ".spec.objective"),
    printcolumn(name = "Owner", type_ = "string", json_path = ".spec.owner.team"),
    printcolumn(name = "Progress", type_ = "string", json_path = ".status.columns.progress"),
    printcolumn(name = "State", type_ = "string", json_path = ".status.columns.state"),
    printcolumn(name = "Until", type_ = "string", json_path = ".spec.period.to"),
    printcolumn(name = "Parent", type_ = "string", json_path = ".spec.parent", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.keyResults.exists(k, k.role == 'Target')")
        .message("an objective needs a key result with role Target: guardrails only say what must not get worse")
)]
pub struct PlatformObjectiveSpec {
    /// The objective, in one sentence about teams, such as "A new service reaches production the day it is created".
    #[schemars(length(min = 1, max = 500))]
    pub objective: String,
    /// Team that owns the objective.
    pub owner: Owner,
    /// Name of the PlatformObjective that this one serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::dns_label")]
    pub parent: Option<String>,
    /// Period of the objective. Its result is frozen at the end.
    pub period: Span,
    /// At most 10 key results.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub key_results: Vec<KeyResult>,
}

/// A span of time, from its first instant up to its end.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("timestamp(self.from) < timestamp(self.to)")
        .message("a period ends after it begins: set to after from")
)]
pub struct Span {
    /// First instant.
    pub from: Instant,
    /// End, which does not belong to the span.
    pub to: Instant,
}

/// A figure, where it comes from, and where it shall go.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.source)").message(Message::Expression(OUTPUT.to_owned())),
    validation = Rule::new("!has(self.source) || has(self.target)")
        .message("set target: the value that the figure shall reach, or for a Guardrail the limit it must not cross"),
    validation = Rule::new("!has(self.source) || self.role == 'Guardrail' || has(self.baseline)")
        .message("set baseline: the value of the figure when the period begins"),
    validation = Rule::new("!has(self.baseline) || !has(self.target) || self.role == 'Guardrail' || self.baseline != self.target")
        .message("baseline and target are equal, so nothing would change: set the target you aim for, or use role Guardrail"),
    validation = Rule::new("self.role != 'Guardrail' || has(self.direction)")
        .message("a Guardrail needs a direction: Decrease keeps the figure at or below its target, Increase at or above"),
    validation = Rule::new(KNOWN_UNIT).message(Message::Expression(UNKNOWN_UNIT.to_owned())),
    validation = Rule::new("self.role == 'Guardrail' || !has(self.direction) || !has(self.baseline) || !has(self.target) || (self.direction == 'Decrease') == (self.target < self.baseline)")
        .message("direction contradicts baseline and target: remove it, or swap them")
)]
pub struct KeyResult {
    /// Name used by metrics and roadmap items; a DNS label.
    #[schemars(schema_with = "schema::dns_label")]
    pub name: String,
    /// `Target` moves from a baseline to a target; `Guardrail` must not cross its target meanwhile.
    #[serde(default)]
    pub role: Role,
    /// What the figure means to teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
    /// Where the figure comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Value when the period begins, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1e15, max = 1e15))]
    pub baseline: Option<f64>,
    /// Value to reach, or the limit of a Guardrail, in `unit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -1e15, max = 1e15))]
    pub target: Option<f64>,
    /// Unit of all values. Built-in times need seconds, minutes, hours or days, and built-in shares
    /// ratio or percent. The unit of a PromQL figure is only shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    pub unit: Option<String>,
    /// Whether the figure shall increase or decrease. A Target's is that of its baseline and target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

/// Role of a key result.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Role {
    /// The figure moves from its baseline to its target.
    #[default]
    Target,
    /// The figure must not cross its target.
    Guardrail,
}

impl Role {
    /// The word in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Target => "Target",
            Self::Guardrail => "Guardrail",
        }
    }
}

/// Direction in which a figure gets better.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    Increase,
    /// Lower is better.
    Decrease,
}

impl Direction {
    /// The word in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Increase => "Increase",
            Self::Decrease => "Decrease",
        }
    }
}

/// Where a figure comes from. Exactly one of `promql` and `builtin`.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[x_kube(
    validation = Rule::new("has(self.promql) != has(self.builtin)")
        .message("set exactly one of promql and builtin"),
    validation = Rule::new("has(self.builtin) || (!has(self.path) && !has(self.days))")
        .message("path and days belong to builtin: write them into the PromQL expression"),
    validation = Rule::new("!has(self.days) || (has(self.builtin) && self.builtin in ['TimeToFirstDeploy', 'LeadTime', 'ChangeFailRate', 'RecoveryTime'])")
        .message("days belongs to the built-in figures of rollouts: TimeToFirstDeploy, LeadTime, ChangeFailRate and RecoveryTime"),
    validation = Rule::new("!has(self.path) || !has(self.builtin) || !(self.builtin in ['NPS', 'SelfServiceRatio'])")
        .message("NPS and SelfServiceRatio are figures of the whole platform: remove path")
)]
pub struct Source {
    /// PromQL expression with one sample as its result. The operator asks the Prometheus that it is configured with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8192))]
    pub promql: Option<String>,
    /// A figure that the operator computes itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builtin: Option<Builtin>,
    /// Golden path of a built-in figure; absent means all of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::path_name")]
    pub path: Option<String>,
    /// Days that a built-in delivery figure looks back: 7, 30 or 90. Defaults to 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 7, max = 90))]
    #[x_kube(validation = Rule::new("self in [7, 30, 90]").message("delivery figures exist for 7, 30 and 90 days"))]
    pub days: Option<u16>,
}

/// What a built-in figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A time, measured in seconds.
    Time,
    /// A share, measured from 0 to 1.
    Share,
    /// A score from -100 to 100.
    Score,
    /// Hours a month.
    Hours,
}

impl Quantity {
    /// How many of this unit one second, one whole or one point is; none for an unknown unit.
    pub fn factor(self, unit: Option<&str>) -> Option<f64> {
        match (self, unit) {
            (Self::Time, Some("minutes")) => Some(1.0 / 60.0),
            (Self::Time, Some("hours")) => Some(1.0 / 3_600.0),
            (Self::Time, Some("days")) => Some(1.0 / 86_400.0),
            (Self::Time, Some("seconds"))
            | (Self::Share, Some("ratio"))
            | (Self::Score, None | Some("points"))
            | (Self::Hours, None | Some("hours")) => Some(1.0),
            (Self::Share, Some("percent")) => Some(100.0),
            (Self::Time | Self::Share | Self::Score | Self::Hours, _) => None,
        }
    }
}

/// A figure of this cluster.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// Share of new services on the path.
    NewServiceAdoptionRatio,
    /// Share of services that are on the path or have an approved exception.
    AccountedRatio,
    /// Median time from the start of a service to its first available deployment.
    TimeToFirstDeploy,
    /// Median time from a commit to its available deployment.
    LeadTime,
    /// Share of deployments that failed.
    ChangeFailRate,
    /// Median time from a failed deployment to the next available one.
    RecoveryTime,
    /// Net promoter score of the latest survey.
    #[serde(rename = "NPS")]
    Nps,
    /// Hours per month that deviations cost their owners.
    OwnershipHours,
    /// Share of new services that a scaffolder created.
    SelfServiceRatio,
}

impl Builtin {
    /// Every built-in figure, in the order of the schema.
    pub const ALL: [Self; 9] = [
        Self::NewServiceAdoptionRatio,
        Self::AccountedRatio,
        Self::TimeToFirstDeploy,
        Self::LeadTime,
        Self::ChangeFailRate,
        Self::RecoveryTime,
        Self::Nps,
        Self::OwnershipHours,
        Self::SelfServiceRatio,
    ];

    /// The word in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewServiceAdoptionRatio => "NewServiceAdoptionRatio",
            Self::AccountedRatio => "AccountedRatio",
            Self::TimeToFirstDeploy => "TimeToFirstDeploy",
            Self::LeadTime => "LeadTime",
            Self::ChangeFailRate => "ChangeFailRate",
            Self::RecoveryTime => "RecoveryTime",
            Self::Nps => "NPS",
            Self::OwnershipHours => "OwnershipHours",
            Self::SelfServiceRatio => "SelfServiceRatio",
        }
    }

    /// What it is, which decides the units that it knows.
    pub const fn quantity(self) -> Quantity {
        match self {
            Self::TimeToFirstDeploy | Self::LeadTime | Self::RecoveryTime => Quantity::Time,
            Self::NewServiceAdoptionRatio
            | Self::AccountedRatio
            | Self::ChangeFailRate
            | Self::SelfServiceRatio => Quantity::Share,
            Self::Nps => Quantity::Score,
            Self::OwnershipHours => Quantity::Hours,
        }
    }

    /// Whether it is computed from recorded rollouts.
    pub const fn is_of_rollouts(self) -> bool {
        match self {
            Self::TimeToFirstDeploy
            | Self::LeadTime
            | Self::ChangeFailRate
            | Self::RecoveryTime => true,
            Self::NewServiceAdoptionRatio
            | Self::AccountedRatio
            | Self::Nps
            | Self::OwnershipHours
            | Self::SelfServiceRatio => false,
        }
    }
}

/// Observed state of an objective.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct PlatformObjectiveStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions: Ready, Measured, OnTrack, ParentFound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Key results, as last measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub key_results: Vec<KeyResultStatus>,
    /// Mean progress of all measured Targets, 0 to 1, in steps of 0.01.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Whether every measured Target is on track and every Guardrail holds. Absent while no Target or
    /// not every Guardrail has a value, unless one is off track already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_track: Option<bool>,
    /// Time at which the result was frozen, after the end of the period. Only a later end changes it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<Instant>,
    /// Texts of the columns that `kubectl get` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<ObjectiveColumns>,
}

/// Texts of printed columns.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct ObjectiveColumns {
    /// Progress, such as "63 %".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub progress: Option<String>,
    /// How the objective stands, such as "on track" or "no data".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub state: Option<String>,
}

/// A key result, as last measured.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct KeyResultStatus {
    /// Name of the key result.
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// Latest value, in the unit of the key result, with four significant digits. It stays while later
    /// measurements fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<f64>,
    /// Share of the way from baseline to target, 0 to 1, in steps of 0.01. A Guardrail has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// For a Target, whether progress is at least the elapsed share of the period; for a Guardrail,
    /// whether it holds. Absent without a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_track: Option<bool>,
    /// Time of the value. While on track stays as it is, a changed value is stored every 10 minutes
    /// at most, and an unchanged one once a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_measured_at: Option<Instant>,
    /// Why there is no newer value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub message: Option<String>,
    /// Digest of the source and unit of the value. The value of another source is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub source_hash: Option<String>,
}
