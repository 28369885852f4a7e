//! Objectives and measurements for tests: a period of a hundred days that begins at day 0.

use jiff::Timestamp;

use super::measurement::{KeyResultKey, Measurement, Measurements, NoData};
use super::source_hash;
use crate::api::platform_objective::{Direction, KeyResult, Role, Source, Span};
use crate::api::{Instant, PlatformObjective, PlatformObjectiveSpec};
use crate::assess::goal_objects::{Goals, StoredObjective};

/// So many days after the beginning of the period.
pub fn at(days: i64) -> Timestamp {
    seconds(days * 86_400)
}

/// So many seconds after the beginning of the period.
pub fn seconds(seconds: i64) -> Timestamp {
    let from: Timestamp = "2026-07-01T00:00:00Z".parse().unwrap();
    Timestamp::from_second(from.as_second() + seconds).unwrap()
}

pub const END: i64 = 100;

/// From 72 to 4.
pub fn target(name: &str) -> KeyResult {
    KeyResult {
        name: name.to_owned(),
        role: Role::Target,
        description: None,
        source: Some(promql("a")),
        baseline: Some(72.0),
        target: Some(4.0),
        unit: Some("hours".to_owned()),
        direction: None,
    }
}

/// At most 2.
pub fn guardrail(name: &str) -> KeyResult {
    KeyResult {
        role: Role::Guardrail,
        baseline: None,
        target: Some(2.0),
        unit: Some("percent".to_owned()),
        direction: Some(Direction::Decrease),
        ..target(name)
    }
}

pub fn promql(query: &str) -> Source {
    Source {
        promql: Some(query.to_owned()),
        builtin: None,
        path: None,
        days: None,
    }
}

pub fn objective<const N: usize>(name: &str, key_results: [KeyResult; N]) -> StoredObjective {
    StoredObjective {
        name: name.into(),
        uid: None,
        generation: Some(1),
        created: None,
        spec: PlatformObjectiveSpec {
            objective: "A new service is in production the day it is created".to_owned(),
            owner: serde_json::from_str(r#"{"team": "platform"}"#).unwrap(),
            parent: None,
            period: Span {
                from: Instant(at(0)),
                to: Instant(at(END)),
            },
            key_results: key_results.into(),
        },
        status: None,
    }
}

pub fn goals<const N: usize>(objectives: [StoredObjective; N]) -> Goals {
    let mut goals = Goals::default();
    for objective in objectives {
        let mut resource = PlatformObjective::new(&objective.name, objective.spec);
        resource.status = objective.status;
        goals.put(resource);
    }
    goals
}

/// Measurements, to be collected.
#[derive(Default)]
pub struct Collected(Vec<(KeyResultKey, Measurement)>);

impl Collected {
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }
}

impl From<Collected> for Measurements {
    fn from(some: Collected) -> Self {
        let mut measurements = Self::default();
        for (key, measurement) in some.0 {
            measurements.put(key, measurement);
        }
        measurements
    }
}

pub fn measured(objective: &StoredObjective, name: &str, value: f64, at: Timestamp) -> Collected {
    attempt(objective, name, Ok(value), at)
}

pub fn missing(objective: &StoredObjective, name: &str, at: Timestamp) -> Collected {
    attempt(objective, name, Err(NoData::Empty), at)
}

pub fn attempt(
    objective: &StoredObjective,
    name: &str,
    value: Result<f64, NoData>,
    at: Timestamp,
) -> Collected {
    let mut key_results = objective.spec.key_results.iter();
    let key_result = key_results.find(|it| it.name == name).unwrap();
    let measurement = Measurement {
        value,
        at,
        tried_at: at,
        source_hash: source_hash(key_result).unwrap(),
    };
    Collected(vec![(
        (objective.name.clone(), name.to_owned()),
        measurement,
    )])
}
