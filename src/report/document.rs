//! The report that every surface shares: `scan`, `report` and `/api/v1/report` write it as JSON, the
//! terminal shows a rendering of it. Its field names are a contract: fields may be added.
//! Unknown values are absent, never 0 and never null.

pub mod build;
pub mod contrast;
pub mod encode;
pub mod list;
pub mod objectives;
pub mod openapi;
pub mod parameters;
mod path_line;
pub mod paths;
pub mod personas;
mod restricted;
pub mod roadmap;
pub mod service_index;
pub mod services;
pub mod stream;
pub mod surveys;
pub mod teams;
pub mod view;

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::api::API_VERSION;
use crate::api::delivery_record::{Rollout, WindowFigures};
use crate::api::golden_path::Level;
use crate::api::previous::Previous;
use crate::assess::delivery::contrast::Contrast;
use crate::assess::exception::assurance::Assurance;
use crate::assess::goal_objects::shipped as closing;
use crate::assess::goals::objective::state::ObjectiveState;
use crate::assess::register::next::Next;
use crate::assess::source::{Problem, Source};
use crate::assess::state::{Outcome, Phase, Standing, State, Status, Turn};

pub use objectives::ObjectiveLine;
pub use personas::PersonaLines;
pub use roadmap::RoadmapLines;
pub use surveys::Surveys;

pub use path_line::{
    AnnouncedStep, CheckCount, LikeForLike, NewServices, PathCount, PathLine, PredatesCount,
    TrendPoint,
};

/// `kind` of the report.
pub const KIND: &str = "Report";
/// `kind` of the numbers alone.
const SUMMARY_KIND: &str = "Summary";

/// One judgement of the whole fleet.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Always `goldenpath.dev/v1alpha1`.
    #[serde(skip_deserializing, default = "api_version")]
    pub api_version: &'static str,
    /// Always `Report`.
    #[serde(skip_deserializing, default = "kind")]
    pub kind: &'static str,
    /// The instant the judgement is for.
    pub as_of: Timestamp,
    /// The numbers, denominators first.
    pub summary: Summary,
    /// Every workload, ignored and unscoped ones too.
    pub workloads: Vec<Workload>,
    /// Every exception.
    pub exceptions: Vec<Exception>,
    /// Objects that could not be used, or not as intended.
    pub problems: Vec<Problem>,
}

impl Report {
    /// The numbers alone.
    pub const fn numbers(&self) -> Numbers<'_> {
        Numbers {
            api_version: self.api_version,
            kind: SUMMARY_KIND,
            as_of: self.as_of,
            summary: &self.summary,
        }
    }
}

/// The fields of a report before its lists, or a document of their own.
#[derive(Serialize, JsonSchema, Clone, Copy, Debug)]
#[serde(rename_all = "camelCase")]
pub struct Numbers<'a> {
    pub(in crate::report::document) api_version: &'static str,
    pub(in crate::report::document) kind: &'static str,
    pub(in crate::report::document) as_of: Timestamp,
    pub(in crate::report::document) summary: &'a Summary,
}

/// The fleet in numbers.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Counted services by state. Every state is there, with 0 where there is none.
    pub services: BTreeMap<State, usize>,
    /// The sum of `services`: the denominator of the fleet's ratios.
    pub counted_services: usize,
    /// Services with no path.
    pub unscoped: usize,
    /// Services ignored with a reason.
    pub ignored: usize,
    /// Workloads seen; the length of the report's list.
    pub workloads: usize,
    /// Namespaces with at least one of those workloads.
    pub namespaces: usize,
    /// All namespaces, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespaces_total: Option<usize>,
    /// Services on the path ÷ counted services, 0..1; absent when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adoption_ratio: Option<f64>,
    /// Services on the path or with an approved exception ÷ counted services, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounted_ratio: Option<f64>,
    /// Those of `services.undocumented` that are judged by a path that only advises: no exception is
    /// expected of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub advised: usize,
    /// Counted services of each team, by name.
    pub teams: Vec<TeamLine>,
    /// One line for each golden path, previews too.
    pub paths: Vec<PathLine>,
    /// Objectives of the platform team, each below the one that it serves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<ObjectiveLine>,
    /// Delivery on the path beside deviating, where rollouts are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<Box<Contrast>>,
    /// Waves of developer surveys, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surveys: Option<Box<Surveys>>,
    /// The roadmap, where there is an item or a path that is not launched yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roadmap: Option<Box<RoadmapLines>>,
    /// Personas, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personas: Option<Box<PersonaLines>>,
}

/// One team in numbers.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TeamLine {
    /// Its name; `unknown` for services without one.
    pub team: String,
    /// Its counted services by state; a state with none is absent.
    pub services: BTreeMap<State, usize>,
    /// Those of `services.undocumented` that are judged by a path that only advises.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub advised: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// One workload and its verdict.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Its kind, such as `Deployment`.
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// Its team; `unknown` without one.
    pub team: String,
    /// The service it is part of, where that has another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The path it was judged by; absent if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Display name of that path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_title: Option<String>,
    /// Whether that path only advises: a starter path that is not launched.
    #[serde(default, skip_serializing_if = "is_false")]
    pub advice: bool,
    /// Why this path: declared by the team, the only one, or the closest of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chosen_because: Option<String>,
    /// golden-path, deviating, unknown, unscoped or ignored.
    pub status: Status,
    /// The standing of a deviating workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviation: Option<Standing>,
    /// Whose turn it is; absent when on the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// When the workload, or its service, first existed; absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub born_at: Option<Timestamp>,
    /// The dates of that standing.
    #[serde(flatten)]
    pub dates: StandingDates,
    /// The next instant at which any answer about this workload changes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_change: Option<Timestamp>,
    /// Enforced required checks passed, of all.
    pub steps: Steps,
    /// The chosen path's checks, in its order.
    pub checks: Vec<Check>,
    /// Problems of this workload alone, such as a declared path that does not exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// The reason given for taking it out, or for asking to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_reason: Option<String>,
    /// `v1:` and 64 hexadecimal digits: what an exception can be bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_hash: Option<String>,
    /// Whom to ask: where the platform team has to act, the contact of the path; where there is no path
    /// for it, that of the path with the highest priority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Feedback address of the path, filled in; without a path, that of the path with the highest
    /// priority.
    #[serde(rename = "feedbackURL", skip_serializing_if = "Option::is_none")]
    pub feedback_url: Option<String>,
    /// Its rollouts, where they are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Box<Delivery>>,
    /// Where it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The rollouts of one workload.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// The latest ones, newest first.
    pub rollouts: Vec<Rollout>,
    /// Figures of 7, 30 and 90 days (UTC).
    pub figures: Vec<WindowFigures>,
}

/// The dates of a standing.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StandingDates {
    /// The effective expiry of the exception, or the end of `predates`. In the past for an expired
    /// exception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When the exception's next review is due. In the past for a review that is overdue by date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_review_at: Option<Timestamp>,
    /// Creation of the pending request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl Workload {
    /// Its enforced required checks that do not pass, in the path's order.
    pub fn missing(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.is_missing())
    }

    /// The steps it fails that an exception may cover and none covers yet.
    pub fn excusable(&self) -> impl Iterator<Item = &Check> {
        self.missing().filter(|check| {
            check.outcome == Outcome::Fail
                && check.exemptible
                && !check.standing.is_some_and(Standing::is_excused)
        })
    }

    /// Number of missing steps.
    pub const fn to_go(&self) -> usize {
        self.steps.of.saturating_sub(self.steps.passed)
    }
}

/// The place of a workload in a list that begins with what is closest to done: those with a next action, those
/// at rest, on the path, without a path, ignored.
pub(in crate::report) const fn rank(status: Status, turn: Option<Turn>) -> u8 {
    match (status, turn) {
        (Status::Deviating | Status::Unknown, Some(Turn::AtRest)) => 1,
        (Status::Deviating | Status::Unknown, _) => 0,
        (Status::GoldenPath, _) => 2,
        (Status::Unscoped, _) => 3,
        (Status::Ignored, _) => 4,
    }
}

/// "7 of 8".
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Enforced required checks that pass.
    pub passed: usize,
    /// Enforced required checks.
    pub of: usize,
}

/// One check of the chosen path.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    pub name: String,
    /// Its display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What to do when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Whether it decides or advises.
    pub level: Level,
    /// pass, fail, error or announced.
    pub outcome: Outcome,
    /// What is missing, or why the check failed to evaluate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How to fix it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// Where it is explained.
    #[serde(rename = "docsURL", skip_serializing_if = "Option::is_none")]
    pub docs_url: Option<String>,
    /// From when an announced check counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforce_from: Option<Timestamp>,
    /// Whether an exception may name it.
    pub exemptible: bool,
    /// The exception that decides its standing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// What that exception waits for and has shipped, where its next action is to close it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipped_item: Option<ShippedItem>,
    /// The standing of a failing required check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// The dates of that standing.
    #[serde(flatten)]
    pub dates: StandingDates,
}

impl Check {
    /// Whether this is a missing step: required, enforced and not passed.
    pub fn is_missing(&self) -> bool {
        self.level == Level::Required && matches!(self.outcome, Outcome::Fail | Outcome::Error)
    }
}

/// One line of the exceptions register.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Exception {
    pub namespace: String,
    pub name: String,
    /// The path deviated from.
    pub path: String,
    /// The checks named; `*` is every check that may be.
    pub checks: Vec<String>,
    /// Where it is in its life.
    pub phase: Phase,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_expiry: Option<Timestamp>,
    /// When the next review is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_review_at: Option<Timestamp>,
    /// Whether a workload it names is judged by its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_use: Option<bool>,
    /// Whether a workload it names still fails a check it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<bool>,
    /// How many workloads it names.
    pub matched: usize,
    /// The team that owns it.
    pub owner: String,
    /// Why teams deviate, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Why this deviation is right.
    pub reason: String,
    /// What the platform lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would_return_if: Option<String>,
    /// The roadmap items it waits for, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<String>,
    /// Those of them that have shipped, unless it was renewed since: return to the path and close it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipped_items: Vec<ShippedItem>,
    /// Its cost, in hours per month.
    pub hours_per_month: f64,
    /// Its next action: decide, answer-renewal, review-overdue, renew-or-return, review, close or
    /// nothing.
    pub next: Next,
    /// Who takes that action.
    pub turn: Turn,
    /// Its first decision or its creation, whichever is older; absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_at: Option<Timestamp>,
    /// Start of the wait for the platform team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// The reason of an open renewal request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub still_needed_because: Option<String>,
    /// Who asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// A ticket or a decision record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Who decided last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When an approver last rejected it or a deleted exception of its name: it needs an approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Timestamp>,
    /// The deleted exceptions of its name: when, how many, and which of their renewals count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
    /// How its approval is assured: the reason of the condition `Approved`.
    pub approval: Assurance,
    /// Where it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Exception {
    /// Whether no workload needs it, as far as known.
    pub(in crate::report) fn is_superfluous(&self) -> bool {
        self.needed == Some(false) || self.in_use == Some(false)
    }
}

/// A roadmap item that has shipped.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ShippedItem {
    pub name: String,
    pub title: String,
    pub shipped_at: Timestamp,
}

impl ShippedItem {
    /// The item in reports.
    pub(crate) fn of(shipped: closing::ShippedItem<'_>) -> Self {
        Self {
            name: shipped.item.name.to_string(),
            title: shipped.item.spec.title.clone(),
            shipped_at: shipped.at,
        }
    }
}

/// `kind` and `apiVersion` of a report that is read back are checked before it is.
const fn api_version() -> &'static str {
    API_VERSION
}

const fn kind() -> &'static str {
    KIND
}

/// The words of the judgement are written as [`State::as_str`] and its siblings give them, and read
/// back from an operator of the same or an earlier version.
macro_rules! written_as_its_word {
    ($($word:ty),+) => {
        $(impl Serialize for $word {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $word {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let written = String::deserialize(deserializer)?;
                let mut known = Self::ALL.into_iter();
                known
                    .find(|word| word.as_str() == written)
                    .ok_or_else(|| de::Error::custom(format!("'{written}' is not known here")))
            }
        }

        impl JsonSchema for $word {
            fn schema_name() -> Cow<'static, str> {
                stringify!($word).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "enum": Self::ALL.map(Self::as_str)})
            }
        })+
    };
}

written_as_its_word!(
    Status,
    Standing,
    State,
    Outcome,
    Phase,
    Turn,
    Next,
    Assurance,
    ObjectiveState
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::report::fixtures;

    #[test]
    fn the_report_has_the_shape_others_rely_on() {
        let report = serde_json::to_value(fixtures::report()).unwrap();
        assert_eq!(report["apiVersion"], "goldenpath.dev/v1alpha1");
        assert_eq!(report["kind"], "Report");
        assert_eq!(report["asOf"], "2026-03-01T00:00:00Z");
        assert_eq!(report["summary"]["services"]["golden-path"], 1);
        assert_eq!(report["summary"]["services"]["review-overdue"], 0);
        let api = &report["workloads"][1];
        assert_eq!(api["status"], "deviating");
        assert_eq!(api["deviation"], "undocumented");
        assert_eq!(api["turn"], "team");
        assert_eq!(api["steps"], json!({"passed": 1, "of": 2}));
        assert_eq!(api["checks"][1]["outcome"], "fail");
        assert_eq!(api["source"], json!({"file": "shop/api.yaml", "line": 3}));
        assert_eq!(report["exceptions"][0]["phase"], "Active");
    }

    #[test]
    fn a_report_is_read_back_as_it_was_written() {
        let report = fixtures::report();
        let text = serde_json::to_string(&report).unwrap();
        let read: super::Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read, report);
    }

    #[test]
    fn what_is_unknown_is_absent_and_never_null() {
        let text = serde_json::to_string(&fixtures::report()).unwrap();
        assert!(!text.contains("null"), "{text}");
        let unscoped = serde_json::to_value(&fixtures::report().workloads[3]).unwrap();
        assert!(unscoped.get("path").is_none());
        assert!(unscoped.get("deviation").is_none());
    }
}
