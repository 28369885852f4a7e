//! Writes to the API server: labels, statuses, policy reports, warning policies, Events, decisions of
//! people, and their removal. Planners decide what to write; `writer` sends it by lane, and each kind
//! of write has a file of its own. Imports nothing of `watch`.

pub mod apply;
pub mod cleanup;
pub mod decision;
pub mod delivery_records;
pub mod events;
mod labels;
mod lanes;
pub mod policies;
mod policy_reports;
pub mod reminder_records;
mod service_labels;
mod statuses;
pub mod survey;
mod throttle;
pub mod wins_record;
pub mod writer;
