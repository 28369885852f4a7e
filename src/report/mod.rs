//! Pure renderings of an assessment: the JSON every surface shares, text for a terminal, and the
//! words people read. Nothing here judges, reads a clock or performs IO.

pub mod json;
pub mod metrics;

pub use json::Report;

#[cfg(test)]
pub(crate) mod fixtures;
