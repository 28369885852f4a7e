//! Statuses of objectives, surveys, roadmap items and personas, from their specs and from figures that
//! other rooms computed. Nothing is measured or counted here.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::condition::{READY, Statement, settle};
use crate::api::{PersonaStatus, RoadmapItemStatus};
use crate::assess::goal_objects::{StoredPersona, StoredRoadmapItem};

mod objective;
mod survey;

pub(in crate::assess) use objective::objective_status;
pub(in crate::assess::planner) use survey::survey_status;

/// The reason of `Ready` for a generation that was read.
const READ: &str = "Read";

/// The status of a roadmap item.
pub(in crate::assess::planner) fn roadmap_item_status(
    item: &StoredRoadmapItem,
    now: Timestamp,
) -> RoadmapItemStatus {
    let before = item.status.clone().unwrap_or_default();
    RoadmapItemStatus {
        observed_generation: item.generation,
        conditions: ready(&before.conditions, Vec::new(), item.generation, now),
        ..before
    }
}

/// The status of a persona.
pub(in crate::assess::planner) fn persona_status(
    persona: &StoredPersona,
    now: Timestamp,
) -> PersonaStatus {
    let before = persona.status.clone().unwrap_or_default();
    PersonaStatus {
        observed_generation: persona.generation,
        conditions: ready(&before.conditions, Vec::new(), persona.generation, now),
        ..before
    }
}

/// `Ready`, and `more` statements.
fn ready(
    before: &[Condition],
    more: Vec<Statement>,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    let message = "The operator read this generation.";
    let mut statements = vec![Statement::new(READY, true, READ, message)];
    statements.extend(more);
    settle(before, statements, generation, now)
}
