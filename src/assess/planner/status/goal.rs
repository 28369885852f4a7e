//! Statuses of objectives, surveys, roadmap items and personas, from their specs and from figures that
//! other rooms computed. Nothing is measured or counted here.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::api::condition::{READY, Statement, settle};

mod objective;
mod persona;
mod roadmap_item;
mod survey;

pub(in crate::assess) use objective::objective_status;
pub(in crate::assess::planner) use persona::persona_status;
pub(in crate::assess::planner) use roadmap_item::roadmap_item_status;
pub(in crate::assess::planner) use survey::survey_status;

/// The reason of `Ready` for a generation that was read.
const READ: &str = "Read";

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
