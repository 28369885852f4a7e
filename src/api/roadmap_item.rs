//! `RoadmapItem`: what the platform team works on next, for which persona and why. Exceptions name it in
//! `waitsFor`, so that its demand can be counted. Nothing is counted here.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::golden_path::{EstimatedImpact, Horizon};
use super::{Instant, schema};

/// An item of the platform's roadmap.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "RoadmapItem",
    plural = "roadmapitems",
    shortname = "rmi",
    category = "golden-path",
    status = "RoadmapItemStatus",
    doc = "An item of the platform's roadmap.",
    validation = Rule::new("self.metadata.name.matches('^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')")
        .message("the name is used in metrics and links: use at most 63 lower-case letters, digits and '-', beginning and ending with a letter or digit"),
    printcolumn(name = "Title", type_ = "string", json_path = ".spec.title"),
    printcolumn(name = "Horizon", type_ = "string", json_path = ".spec.horizon"),
    printcolumn(name = "State", type_ = "string", json_path = ".spec.state"),
    printcolumn(name = "Services", type_ = "integer", json_path = ".status.demand.services"),
    printcolumn(name = "Teams", type_ = "integer", json_path = ".status.demand.teams"),
    printcolumn(name = "Hours/month", type_ = "number", json_path = ".status.demand.hoursPerMonth"),
    printcolumn(name = "Persona", type_ = "string", json_path = ".spec.persona", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.state != 'Shipped' || has(self.shippedAt)")
        .message("a shipped item needs shippedAt: owners who waited for it learn the date"),
    validation = Rule::new("self.state == 'Shipped' || !has(self.shippedAt)")
        .message("shippedAt belongs to state Shipped")
)]
pub struct RoadmapItemSpec {
    /// What teams get, such as "Managed PostgreSQL".
    #[schemars(length(min = 1, max = 120))]
    pub title: String,
    /// When: `Now` is in progress, `Next` is planned, `Later` is an idea and subject to change.
    pub horizon: Horizon,
    /// Name of the Persona that the item is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::dns_label")]
    pub persona: Option<String>,
    /// The job to be done: what teams will use it for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub job_to_be_done: Option<String>,
    /// Impact the platform team expects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_impact: Option<EstimatedImpact>,
    /// The key result that the item serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<KeyResultRef>,
    /// Progress of the item.
    #[serde(default)]
    pub state: ItemState,
    /// Time of shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_at: Option<Instant>,
    /// Checks that more services can pass once the item is shipped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub unblocks: Vec<UnblockedCheck>,
    /// What changed and why, for readers of the roadmap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    pub note: Option<String>,
}

/// A key result of a PlatformObjective.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct KeyResultRef {
    /// Name of the PlatformObjective.
    #[schemars(schema_with = "schema::dns_label")]
    pub name: String,
    /// Name of its key result; absent means the whole objective.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::dns_label")]
    pub key_result: Option<String>,
}

/// Progress of an item.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ItemState {
    /// Not begun.
    #[default]
    Planned,
    /// Begun.
    InProgress,
    /// Available to teams.
    Shipped,
}

impl ItemState {
    /// The word in objects and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "Planned",
            Self::InProgress => "InProgress",
            Self::Shipped => "Shipped",
        }
    }
}

/// A check of a golden path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct UnblockedCheck {
    /// Name of the golden path.
    #[schemars(schema_with = "schema::path_name")]
    pub path: String,
    /// Name of the check; absent means every check of the path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::dns_label")]
    pub check: Option<String>,
}

/// Observed demand for an item.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct RoadmapItemStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions: Ready, ReferencesFound.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Who asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demand: Option<ItemDemand>,
}

/// Demand: exceptions that name the item in `waitsFor`, and services that fail a check it unblocks.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct ItemDemand {
    /// Services, each counted once.
    pub services: u32,
    /// Teams of these services.
    pub teams: u32,
    /// Exceptions in use that name the item in `waitsFor`.
    pub exceptions: u32,
    /// Hours per month that exceptions in use state: those that name the item, and those from a check
    /// it unblocks.
    pub hours_per_month: f64,
    /// Hours per month that paths assume for services without an exception from a check it unblocks.
    #[serde(default)]
    pub assumed_hours_per_month: f64,
}
