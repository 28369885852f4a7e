//! Pure renderings of an assessment: the JSON every surface shares, text for a terminal, and the
//! words people read. Nothing here judges, reads a clock or performs IO.

pub mod build;
pub mod change;
pub mod draft;
pub mod encode;
pub mod import;
pub mod inbox;
pub mod json;
pub mod metrics;
pub mod plain;
pub mod policy_report;
pub mod preview;
pub mod register;
pub mod reminder;
pub mod share;
mod table;
pub mod text;
pub mod voice;
pub mod why;

pub use json::Report;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod properties;
