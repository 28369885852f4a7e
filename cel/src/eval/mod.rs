//! Runs plans on an object. Counts their steps and memory. Knows no types: `check` made the plan.

mod access;
mod fold;
mod logic;
mod plan;
mod run;

pub(crate) use plan::{
    Attribute, FoldPlan, Guard, ListItem, MapItem, Node, Pattern, Plan, Qualifier, QualifierKey,
};
pub(crate) use run::{ObjectRun, constant};
