//! The judgement: pure functions of objects and `now`. No clock, no IO, no client, and only errors the
//! caller can act on. Every surface (labels, status, events, metrics, page, commands) takes its
//! answers from here, so that no two disagree.

pub mod adoption;
pub mod delivery;
pub mod exception;
pub mod goal_objects;
pub mod goals;
mod hours;
pub mod inventory;
mod multiset;
pub mod namespace_index;
pub mod object;
pub mod path;
pub mod planner;
pub mod proposal;
pub mod register;
pub mod reminders;
pub mod settings;
pub mod source;
pub mod state;
pub mod verdict;
pub mod warning;
pub mod wording;
pub mod workload;
