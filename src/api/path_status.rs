//! What the operator reports about a GoldenPath: counts, the new services and their deadline, and
//! a weekly trend. Written whole, never read back as a source of truth but for what happened once.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{Instant, schema};

/// What the operator saw of a path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct GoldenPathStatus {
    /// The generation of the spec this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, ChecksValid, Announced, WarnOnApply; Stalled where nothing of the spec can be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Services judged by this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<u32>,
    /// Services judged by this path, by state.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub counts: BTreeMap<String, u32>,
    /// Services created after the launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_services: Option<NewServices>,
    /// The checks most services of this path do not pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub top_deviations: Vec<TopDeviation>,
    /// One point a week: the trend where there is no Prometheus.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub history: Vec<HistoryPoint>,
}

/// Services created in the first days after the launch.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NewServices {
    /// How many there are.
    pub total: u32,
    /// How many of them are on the path now.
    pub on_path: u32,
    /// `onPath` ÷ `total`; absent when there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// When the share is measured.
    pub deadline: Instant,
    /// What was measured then; written once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_deadline: Option<AtDeadline>,
    /// Whether the target was met at the deadline; absent before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_met: Option<bool>,
}

/// The new services as they were at the deadline.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AtDeadline {
    /// How many there were.
    pub total: u32,
    /// How many of them were on the path.
    pub on_path: u32,
    /// When this was measured.
    pub at: Instant,
}

/// A check and how many services do not pass it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct TopDeviation {
    /// The check's name.
    #[schemars(length(max = 63))]
    pub check: String,
    /// Services that do not pass it.
    pub services: u32,
}

/// One week's counts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct HistoryPoint {
    /// When it was taken.
    pub at: Instant,
    /// Services by state.
    #[schemars(extend("maxProperties" = 16))]
    pub counts: BTreeMap<String, u32>,
}
