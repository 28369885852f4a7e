//! What was measured of key results, and why something was not. Filled by a shell; read by the planner of
//! statuses. Nothing is asked for here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{STORED_EVERY, source_hash};
use crate::api::platform_objective::{KeyResult, Quantity};
use crate::assess::delivery::contrast::Withheld;
use crate::assess::goal_objects::Goals;

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoData {
    /// There is no Prometheus to ask.
    #[error("no Prometheus is configured; set --prometheus-url (chart value prometheus.url)")]
    NotConfigured,
    /// A file with credentials cannot be used.
    #[error("the credentials for Prometheus cannot be used: {0}")]
    Credentials(String),
    /// There is no connection.
    #[error("Prometheus cannot be reached: {0}")]
    Unreachable(String),
    /// There was no answer in time.
    #[error("Prometheus did not answer in time")]
    TimedOut,
    /// The answer is an error of the server, or of a proxy before it.
    #[error("Prometheus answered HTTP {status}: {message}")]
    Http {
        /// Its code.
        status: u16,
        /// What it says.
        message: String,
    },
    /// Prometheus refused the expression, or could not evaluate it.
    #[error("Prometheus cannot evaluate the query: {0}")]
    Query(String),
    /// The answer is not one of Prometheus.
    #[error("the answer is not one of Prometheus ({0}); check --prometheus-url")]
    Foreign(String),
    /// The answer is longer than 1 MiB.
    #[error("the answer is longer than 1 MiB; aggregate the query to one series")]
    TooLong,
    /// No series.
    #[error("the query returned no series")]
    Empty,
    /// More than one series.
    #[error(
        "the query returned {0} series; aggregate them to one, for example with sum() or max()"
    )]
    Several(usize),
    /// A range or a text.
    #[error("the query returned a {0}; it must return a scalar or one sample")]
    WrongType(String),
    /// Not a number, or infinite.
    #[error("the query returned {0}")]
    NotFinite(String),
    /// The answer may be partial.
    #[error("Prometheus warned about its answer, which may be partial: {0}")]
    Warned(String),
    /// The answer is of a part of the data.
    #[error("Prometheus answered with a part of the data only (isPartial)")]
    Partial,
    /// Rollouts are not recorded.
    #[error("rollouts are not recorded; set --delivery=on (chart value delivery.enabled)")]
    RolloutsNotRecorded,
    /// The figure would rest on too little.
    #[error("{}", too_little(*.0))]
    TooLittle(Withheld),
    /// There is nothing to take a share of.
    #[error("there are no services to count yet")]
    NoServices,
    /// No survey has answers to the question for the net promoter score.
    #[error("no survey has answers to the NPS question yet")]
    NoSurvey,
    /// The latest survey has too few answers.
    #[error("the latest survey has {have} answers to the NPS question; a score needs {need}")]
    FewAnswers {
        /// How many there are.
        have: u32,
        /// How many are needed.
        need: u32,
    },
    /// There is no such path.
    #[error("there is no golden path '{name}'{}", nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean '{name}'?")))]
    UnknownPath {
        /// The name.
        name: String,
        /// One that was probably meant.
        nearest: Option<String>,
    },
    /// The path does not take part yet.
    #[error("the golden path '{0}' is a preview, so nothing is counted")]
    Preview(String),
    /// The built-in figure does not know the unit.
    #[error("the unit does not fit; use {}", units(*.0))]
    UnknownUnit(Quantity),
    /// The period had ended before.
    #[error("it was not measured when the period ended")]
    PeriodOver,
    /// The key result names no source.
    #[error("it has no source; set source.promql or source.builtin")]
    NoSource,
    /// No operator has asked for it, and the command did not either.
    #[error("no operator measures it; ask with goldenpath objectives --prometheus-url URL")]
    NotAsked,
    /// A command has read a part of the cluster, and the figure is of all of it.
    #[error(
        "no operator measures it, and only a part of the cluster was read: leave out -n, or ask for the right to list workloads"
    )]
    PartRead,
    /// A command has read no rollouts.
    #[error(
        "no operator measures it, and rollouts were not read; goldenpath objectives reads them"
    )]
    RolloutsNotRead,
}

impl NoData {
    /// The sentence in a status.
    pub fn message(&self) -> String {
        format!("Not measured: {self}.").replace("?.", "?")
    }

    /// Whether another query would fail in the same way now.
    pub const fn is_outage(&self) -> bool {
        match self {
            Self::Credentials(_) | Self::Unreachable(_) | Self::TimedOut => true,
            Self::Http { status, .. } => *status >= 500 || *status == 429,
            Self::NotConfigured
            | Self::Query(_)
            | Self::Foreign(_)
            | Self::TooLong
            | Self::Empty
            | Self::Several(_)
            | Self::WrongType(_)
            | Self::NotFinite(_)
            | Self::Warned(_)
            | Self::Partial
            | Self::RolloutsNotRecorded
            | Self::TooLittle(_)
            | Self::NoServices
            | Self::NoSurvey
            | Self::FewAnswers { .. }
            | Self::UnknownPath { .. }
            | Self::Preview(_)
            | Self::UnknownUnit(_)
            | Self::PeriodOver
            | Self::NoSource
            | Self::NotAsked
            | Self::PartRead
            | Self::RolloutsNotRead => false,
        }
    }
}

fn too_little(withheld: Withheld) -> String {
    match withheld {
        Withheld::FewServices { have, need } => {
            format!("{have} services have rollouts in these days; {need} are needed")
        }
        Withheld::FewTeams { have, need } => {
            format!("{have} teams have rollouts in these days; {need} are needed")
        }
        Withheld::FewRollouts { have, need } => {
            format!("there are {have} rollouts in these days; {need} are needed")
        }
        Withheld::LowCoverage { have, of, need } => {
            format!("{have} of {of} rollouts show it; {need} % are needed")
        }
        Withheld::NoObservation => "nothing happened in these days that shows it".to_owned(),
    }
}

const fn units(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Time => "seconds, minutes, hours or days",
        Quantity::Share => "ratio or percent",
        Quantity::Score => "points, or leave it out",
        Quantity::Hours => "hours, or leave it out",
    }
}

/// One attempt to measure a key result.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// The value in the unit of the key result, or why there is none.
    pub value: Result<f64, NoData>,
    /// The instant that the value is of, at most the end of the period.
    pub at: Timestamp,
    /// When it was tried.
    pub tried_at: Timestamp,
    /// Digest of the source and unit.
    pub source_hash: String,
}

/// Name of an objective and of one of its key results.
pub type KeyResultKey = (Arc<str>, String);

/// The latest attempt for each key result.
#[derive(Clone, Debug, Default)]
pub struct Measurements {
    latest: BTreeMap<KeyResultKey, Measurement>,
    version: u64,
    grown_at: Option<Timestamp>,
}

impl Measurements {
    /// The latest attempt for a key result, unless it was for another source.
    pub fn of(&self, objective: &Arc<str>, key_result: &KeyResult) -> Option<&Measurement> {
        let latest = self
            .latest
            .get(&(objective.clone(), key_result.name.clone()))?;
        let hash = source_hash(key_result)?;
        (latest.source_hash == hash).then_some(latest)
    }

    /// Stores the latest attempt.
    pub fn put(&mut self, key: KeyResultKey, measurement: Measurement) {
        let now = measurement.tried_at;
        let is_due = self
            .grown_at
            .is_none_or(|at| STORED_EVERY.after(at) <= now || now < at);
        let before = self.latest.get(&key);
        let is_changed = before.is_none_or(|before| before.value != measurement.value);
        self.latest.insert(key, measurement);
        if is_changed || is_due {
            self.version += 1;
            self.grown_at = Some(now);
        }
    }

    /// Forgets key results that are no longer there.
    pub fn retain(&mut self, goals: &Goals) {
        self.latest.retain(|(objective, key_result), _| {
            let objective = goals.objectives.get(objective);
            objective.is_some_and(|objective| {
                let mut names = objective.spec.key_results.iter().map(|it| &it.name);
                names.any(|name| name == key_result)
            })
        });
    }

    /// A number that grows with every change of a value, and every 10 minutes while anything is measured.
    pub const fn version(&self) -> u64 {
        self.version
    }
}
