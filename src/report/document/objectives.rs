//! Objectives as lines, each below the objective that it serves, with their key results. Figures are
//! those of the stored statuses; nothing is computed here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::API_VERSION;
use crate::api::platform_objective::{KeyResult, KeyResultStatus};
use crate::assess::goal_objects::{Goals, StoredObjective};
use crate::assess::goals::objective::cascade::{Placed, cascade};
use crate::assess::goals::objective::state::ObjectiveState;

/// `kind` of the document.
pub const KIND: &str = "Objectives";

/// Objectives as a document of their own.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ObjectivesDocument<'a> {
    api_version: &'static str,
    kind: &'static str,
    as_of: Timestamp,
    objectives: &'a [ObjectiveLine],
}

impl<'a> ObjectivesDocument<'a> {
    /// The document of an instant.
    pub const fn new(objectives: &'a [ObjectiveLine], as_of: Timestamp) -> Self {
        Self {
            api_version: API_VERSION,
            kind: KIND,
            as_of,
            objectives,
        }
    }
}

/// One objective.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ObjectiveLine {
    /// Its name.
    pub name: String,
    /// What it is, in a sentence.
    pub objective: String,
    /// The team that owns it.
    pub owner: String,
    /// The objective that it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// How many objectives are above it.
    pub depth: usize,
    /// First instant of its period.
    pub from: Timestamp,
    /// End of its period.
    pub to: Timestamp,
    /// on-track, behind, guardrail-broken, no-data; after the end reached or not-reached.
    pub state: ObjectiveState,
    /// Mean progress of its measured targets, 0..1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Whether it is on track; absent while too little is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_track: Option<bool>,
    /// When the result was frozen, after the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen_at: Option<Timestamp>,
    /// Its key results, in the order of the spec.
    pub key_results: Vec<KeyResultLine>,
}

/// One key result.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct KeyResultLine {
    /// Its name.
    pub name: String,
    /// Target or Guardrail.
    pub role: String,
    /// What it means to teams.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `PromQL`, or the name of a built-in figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Value when the period begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<f64>,
    /// Value to reach, or the limit of a guardrail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// Unit of all values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Increase or Decrease, where the spec says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Latest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<f64>,
    /// Share of the way from baseline to target, 0..1. A guardrail has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<f64>,
    /// Whether a target is on track, or a guardrail holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_track: Option<bool>,
    /// Time of the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_measured_at: Option<Timestamp>,
    /// Why there is no newer value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl KeyResultLine {
    /// Whether it is a guardrail.
    pub fn is_guardrail(&self) -> bool {
        self.role == crate::api::platform_objective::Role::Guardrail.as_str()
    }
}

/// A line for each objective.
pub fn objectives(goals: &Goals) -> Vec<ObjectiveLine> {
    cascade(goals).into_iter().map(line).collect()
}

fn line(Placed { objective, depth }: Placed<'_>) -> ObjectiveLine {
    let StoredObjective {
        name, spec, status, ..
    } = objective;
    let status = status.clone().unwrap_or_default();
    let state = ObjectiveState::of(spec, &status.key_results, status.on_track, status.frozen_at);
    ObjectiveLine {
        name: name.to_string(),
        objective: spec.objective.clone(),
        owner: spec.owner.team.clone(),
        parent: spec.parent.clone(),
        depth,
        from: spec.period.from.0,
        to: spec.period.to.0,
        state,
        progress: status.progress,
        on_track: status.on_track,
        frozen_at: status.frozen_at.map(|at| at.0),
        key_results: spec
            .key_results
            .iter()
            .map(|key_result| {
                let mut stored = status.key_results.iter();
                let stored = stored.find(|it| it.name == key_result.name);
                key_result_line(key_result, stored.cloned().unwrap_or_default())
            })
            .collect(),
    }
}

fn key_result_line(of: &KeyResult, status: KeyResultStatus) -> KeyResultLine {
    let source = of.source.as_ref().map(|source| match source.builtin {
        Some(builtin) => builtin.as_str(),
        None => "PromQL",
    });
    KeyResultLine {
        name: of.name.clone(),
        role: of.role.as_str().to_owned(),
        description: of.description.clone(),
        source: source.map(str::to_owned),
        baseline: of.baseline,
        target: of.target,
        unit: of.unit.clone(),
        direction: of.direction.map(|it| it.as_str().to_owned()),
        current: status.current,
        progress: status.progress,
        on_track: status.on_track,
        last_measured_at: status.last_measured_at.map(|at| at.0),
        message: status.message,
    }
}
