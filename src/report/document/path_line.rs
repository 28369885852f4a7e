//! One golden path in numbers, as the report has it. Its field names are a contract: fields may be added.
//! Nothing is counted here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{is_false, is_zero};

/// One golden path in numbers.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PathLine {
    /// Its name.
    pub path: String,
    /// Its display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it is launched and judges; otherwise it is a preview, shown and never counted.
    pub takes_part: bool,
    /// Whether it only advises: a starter path that is not launched. It has no target, and no
    /// exception is expected.
    #[serde(default, skip_serializing_if = "is_false")]
    pub advice: bool,
    /// Services in its scope.
    pub services: usize,
    /// Those of them that satisfy it, whichever path was chosen for them.
    pub on_path: usize,
    /// `onPath` ÷ `services`, 0..1; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption_ratio: Option<f64>,
    /// Adoption by the steps that have been in force for at least 90 days; absent without such steps or
    /// services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub like_for_like: Option<LikeForLike>,
    /// On the path or with an approved exception ÷ `services`, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounted_ratio: Option<f64>,
    /// The goal for new services, 0..1.
    pub target_ratio: f64,
    /// Services born in the first days after its launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_services: Option<NewServices>,
    /// The checks most services do not pass, most first.
    pub top_deviations: Vec<CheckCount>,
    /// Checks that are the only missing step of some services, most services first.
    pub last_steps: Vec<CheckCount>,
    /// Announced checks, and how many services do not pass them yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<AnnouncedStep>,
    /// Services older than the path, of which nothing is due yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predates: Option<PredatesCount>,
    /// When it was launched; absent where no date says so, as in a manifest without `launchedAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launched_at: Option<Timestamp>,
    /// Services judged by a starter path that a launched path would judge otherwise, by that path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub launched_beside: Vec<PathCount>,
    /// Undocumented services that may be older than the path, so that nothing would be due of them: their
    /// birth or the path's launch is not recorded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub may_predate: usize,
    /// One point a week, from the path's status; empty without an operator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trend: Vec<TrendPoint>,
    /// Where it is documented.
    #[serde(rename = "docsURL", skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
}

/// An announced check.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct AnnouncedStep {
    /// The check's name.
    pub check: String,
    /// From when it counts.
    pub enforce_from: Timestamp,
    /// How many services do not pass it yet.
    pub services: usize,
}

/// Services older than their path.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PredatesCount {
    /// How many there are.
    pub services: usize,
    /// Until when nothing is due.
    pub until: Timestamp,
}

/// The services of a path in one week.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TrendPoint {
    /// When they were counted.
    pub at: Timestamp,
    /// How many there were.
    pub services: usize,
    /// How many of them were on the path.
    pub on_path: usize,
    /// How many of them were older than the path, with nothing due.
    pub predates: usize,
}

/// Adoption apart from what the platform asks for lately: a step that comes into force changes it 90
/// days later.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct LikeForLike {
    /// Services in scope that pass the steps in force for at least 90 days.
    pub on_path: usize,
    /// `onPath` ÷ the path's `services`, 0..1.
    pub ratio: f64,
    /// Steps that came into force since.
    pub newer_steps: usize,
}

/// The services born in the first days after a path's launch.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct NewServices {
    /// How many there are.
    pub total: usize,
    /// How many of them are on the path now.
    pub on_path: usize,
    /// Length of the window in days; it ends at the deadline.
    pub within_days: u16,
    /// When the share is measured.
    pub deadline: Timestamp,
    /// Services in its scope whose birth is unknown: their objects came with a rebuilt cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub births_unknown: Option<usize>,
    /// Whether the target was met at the deadline; absent before it, and where it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_met: Option<bool>,
}

/// A check and a number of services.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct CheckCount {
    /// The check's name.
    pub check: String,
    /// How many services.
    pub services: usize,
}

/// A path and a number of services.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
pub struct PathCount {
    /// The path's name.
    pub path: String,
    /// How many services.
    pub services: usize,
}
