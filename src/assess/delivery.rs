//! Delivery of one workload: rollouts, failures, incidents and figures, as pure functions of what is
//! seen and of the record so far. The record survives restarts; this room neither reads a clock nor
//! writes.

mod cause;
pub mod contrast;
mod entries;
pub mod event;
pub mod figures;
mod fingerprint;
mod incident;
mod progress;
pub mod promoter;
mod rollout;
pub mod seen;
pub mod side;
pub mod tallies;
mod template;
mod terms;
pub mod tracked;
pub mod windows;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod tests;

pub use figures::next_change as next_refresh;
pub use fingerprint::{Fingerprint, has_other_standing};
pub use incident::{IncidentReport, incident};
pub use rollout::{carried_over, is_worth_writing, next_deadline, observe, refreshed, wake_at};
pub use terms::Terms;
