//! Running a plan on an object: steps are counted, errors are values until they reach the top.

mod access;
mod fold;
mod logic;
mod plan;
mod run;

pub(crate) use plan::{
    Attribute, FoldPlan, Guard, ListItem, MapItem, Node, Pattern, Plan, Qualifier, QualifierKey,
};
pub(crate) use run::{ObjectRun, constant};
