//! Running a plan on an object: steps are counted, errors are values until they reach the top.

mod access;
mod fold;
mod logic;
mod meter;
mod plan;
mod run;

pub use run::Evaluation;

pub(crate) use logic::inside;
pub(crate) use meter::{Fault, Meter, Outcome};
pub(crate) use plan::{
    Attribute, Builtin, FoldPlan, Guard, ListItem, MapItem, Node, Order, Pattern, PatternUse,
    Qualifier, QualifierKey,
};
pub(crate) use run::{Context, constant};
