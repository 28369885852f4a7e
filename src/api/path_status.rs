//! Status of a `GoldenPath`: counts, new services and their deadline, and a weekly trend.
//! Written whole; only `atDeadline`, `enforced`, `history` and `announced` are read back.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::{Instant, schema};

/// Observed state of a path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct GoldenPathStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions: Ready, ChecksValid, Announced, WarnOnApply; Stalled if nothing of the spec can be used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// Services in scope, whichever path judges them: the denominator of the adoption ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub services: Option<u32>,
    /// Services in scope that satisfy this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_path: Option<u32>,
    /// Services judged by this path, by state. A service in scope of several paths is judged by one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 16))]
    pub counts: BTreeMap<String, u32>,
    /// Services created after the launch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_services: Option<NewServices>,
    /// Checks that most services of this path fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub top_deviations: Vec<TopDeviation>,
    /// What the path enforced when every workload had last been judged by it. The operator compares the
    /// spec with it, so that an edit made while it did not run is noticed too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enforced: Option<Enforced>,
    /// One point per week: a trend without Prometheus.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 60))]
    pub history: Vec<HistoryPoint>,
    /// Entries of the changelog that were announced to a channel, or are about to be; the latest 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["at".into()]))]
    pub announced: Vec<Announced>,
}

/// An entry of the changelog that was announced, or is about to be.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Announced {
    /// Date of the entry.
    pub at: Instant,
    /// Whether it goes to the channel of the platform team, in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// `Idempotency-Key` of the message, until a receiver is known to have accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub sending_as: Option<String>,
    /// Time of sending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Instant>,
}

/// Services created between the launch and the deadline.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NewServices {
    /// Number of new services.
    pub total: u32,
    /// Number of them on the path now.
    pub on_path: u32,
    /// `onPath` ÷ `total`; absent without new services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Services in scope whose creation does not tell when they began, because they came with a rebuilt
    /// cluster. They are not among the new services. Annotate them with goldenpath.dev/service-since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub births_unknown: Option<u32>,
    /// Time at which the share is measured.
    pub deadline: Instant,
    /// Measurement at the deadline, written once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_deadline: Option<AtDeadline>,
    /// Whether the target was met at the deadline; absent before it, and where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_met: Option<bool>,
}

/// New services at the deadline.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AtDeadline {
    /// Number of new services; absent where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// Number of them on the path; absent where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_path: Option<u32>,
    /// Time of the measurement, or of noticing that there is none.
    pub at: Instant,
    /// Why there is no measurement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub not_measured: Option<String>,
}

/// A check and the number of services that fail it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct TopDeviation {
    /// Name of the check.
    #[schemars(length(max = 63))]
    pub check: String,
    /// Number of services that fail it.
    pub services: u32,
}

/// What a path enforced, and how many services did not satisfy it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Enforced {
    /// Services in scope that did not satisfy the path.
    pub off_path: u32,
    /// Its checks.
    #[schemars(length(max = 32))]
    pub checks: Vec<EnforcedCheck>,
}

/// A check as it was recorded.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct EnforcedCheck {
    /// Name of the check.
    #[schemars(length(max = 63))]
    pub name: String,
    /// Digest of its level, its expression and the variables that this uses.
    #[schemars(length(max = 64))]
    pub rule: String,
    /// Since when it is in force as it is; absent for a check that the path began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
}

/// One week's counts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct HistoryPoint {
    /// Time of the count.
    pub at: Instant,
    /// Services by state.
    #[schemars(extend("maxProperties" = 16))]
    pub counts: BTreeMap<String, u32>,
}
