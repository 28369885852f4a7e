//! Writes to the API server: labels, statuses, reports, policies, Events, decisions, and their
//! removal. What to write is planned elsewhere.

pub mod apply;
pub mod cleanup;
pub mod decision;
pub mod events;
pub mod policies;
pub mod reminder_records;
pub mod reports;
pub mod throttle;
pub mod writer;
