//! Wanted writes as data: one planner for each kind of write. A planner compares what is stored with
//! what the facts ask for; the writer carries the difference out and reports how it ended. Planning
//! again after that yields nothing. Planners read no clock and write nothing themselves.

pub mod labels;
pub mod path_statuses;
pub mod policy_reports;
pub mod progress;
pub mod status;
pub mod statuses;
