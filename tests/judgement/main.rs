//! The rules of the judgement on plain data, without a cluster and without a clock.

#![allow(
    clippy::unwrap_used,
    reason = "a fixture that does not read is a broken test"
)]

mod choice;
mod edits;
mod events;
mod fixtures;
mod outcomes;
mod plans;
mod properties;
mod recreated;
mod standings;
