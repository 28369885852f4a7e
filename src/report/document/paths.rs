//! The golden paths as documents of their own: a list, and one path with its steps. Checks marked
//! `sensitive` are counted and never named. Nothing is judged here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::PathLine;
use super::services::is_restricted;
use super::view::ReportView;
use crate::api::API_VERSION;
use crate::api::golden_path::{Check, GoldenPathSpec, Level, Severity};
use crate::assess::adoption::PathTally;

/// Every golden path, previews too.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PathList {
    /// Always `goldenpath.dev/v1alpha1`.
    pub api_version: &'static str,
    /// Always `PathList`.
    pub kind: &'static str,
    /// The instant of the judgement.
    pub as_of: Timestamp,
    pub items: Vec<PathLine>,
}

/// One golden path with its steps.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PathDetail {
    /// Always `goldenpath.dev/v1alpha1`.
    pub api_version: &'static str,
    /// Always `Path`.
    pub kind: &'static str,
    /// The instant of the judgement.
    pub as_of: Timestamp,
    /// Its line of the list.
    #[serde(flatten)]
    pub line: PathLine,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The team that owns it.
    pub owner: String,
    /// Its steps, in its order.
    pub steps: Vec<PathStep>,
    /// Its steps that are not named here.
    #[serde(skip_serializing_if = "super::is_zero")]
    pub restricted: usize,
}

/// One step of a path.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct PathStep {
    pub name: String,
    /// Its display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What to do when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Whether it decides or advises.
    pub level: Level,
    pub severity: Severity,
    /// Whether an exception may name it.
    pub exemptible: bool,
    /// From when an announced step counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforce_from: Option<Timestamp>,
    /// Services that do not pass it; absent for a step that is not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<usize>,
    /// Services for which it is the only missing step; absent for a step that does not count yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_step_for: Option<usize>,
    /// Where it is documented.
    #[serde(rename = "docsURL", skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
}

/// The list of paths.
pub fn list(view: &ReportView) -> PathList {
    let lines = view.summary().paths.iter();
    PathList {
        api_version: API_VERSION,
        kind: "PathList",
        as_of: view.as_of,
        items: lines.map(|line| redacted(line, view)).collect(),
    }
}

/// The path of this name, or of this former name.
pub fn detail(view: &ReportView, name: &str) -> Option<PathDetail> {
    let paths = view.inventory.paths();
    let path = paths.get(paths.resolve(name)?);
    let spec = &path.spec;
    let mut lines = view.summary().paths.iter();
    let line = lines.find(|line| *line.path == *path.name)?;
    let tally = view.path_tally(&path.name)?;
    let steps = steps(spec, &tally);
    Some(PathDetail {
        api_version: API_VERSION,
        kind: "Path",
        as_of: view.as_of,
        line: redacted(line, view),
        description: spec.description.clone(),
        owner: spec.owner.team.clone(),
        restricted: spec.checks.len() - steps.len(),
        steps,
    })
}

/// The steps that everybody may see.
pub fn steps(spec: &GoldenPathSpec, tally: &PathTally) -> Vec<PathStep> {
    let open = spec.checks.iter().filter(|check| !check.sensitive);
    open.map(|check| step(check, tally)).collect()
}

fn step(check: &Check, tally: &PathTally) -> PathStep {
    let counted = tally.checks.iter().find(|it| it.name == check.name);
    let announced = tally.announced.iter().find(|it| it.name == check.name);
    PathStep {
        name: check.name.clone(),
        title: check.title.clone(),
        action: check.action.clone(),
        level: check.level,
        severity: check.severity,
        exemptible: check.exemptible,
        enforce_from: announced.map(|step| step.enforce_from),
        missing: counted
            .map(|step| step.failures.values().sum())
            .or(announced.map(|step| step.open)),
        last_step_for: counted.map(|step| step.last_step),
        docs_url: check.docs_url.clone(),
    }
}

/// The line without the names of restricted checks.
fn redacted(line: &PathLine, view: &ReportView) -> PathLine {
    let is_open = |check: &str| !is_restricted(view, &line.path, check);
    let mut open = line.clone();
    open.top_deviations.retain(|step| is_open(&step.check));
    open.last_steps.retain(|step| is_open(&step.check));
    open.announced.retain(|step| is_open(&step.check));
    open
}
