//! Writes to the API server: labels, statuses, policy reports, warning policies, Events, decisions of
//! people, and their removal. Planners decide what to write. Nothing of `watch` is imported.

pub mod apply;
pub mod cleanup;
pub mod decision;
pub mod events;
pub mod policies;
pub mod policy_reports;
pub mod reminder_records;
pub mod throttle;
pub mod writer;
