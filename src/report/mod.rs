//! Pure renderings of an assessment: the JSON that every surface shares, text for a terminal, and
//! the sentences that people read. Nothing here judges, reads a clock or performs IO.

pub(crate) mod bundle;
pub mod cdevents;
pub mod contrast;
pub mod demand;
pub mod document;
pub(crate) mod draft;
pub mod html;
pub(crate) mod import;
pub mod markdown;
pub mod metrics;
pub mod objectives;
pub mod policy_report;
pub(crate) mod preview;
pub(crate) mod proposal;
pub(crate) mod register;
pub mod reminder;
pub(crate) mod site;
pub(crate) mod survey;
pub(crate) mod terminal;
pub(crate) mod voice;
pub mod wins;

pub use document::Report;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod properties;
