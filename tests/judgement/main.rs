//! The rules of the judgement, as plain data: no cluster, no clock.

mod choice;
mod events;
mod fixtures;
mod outcomes;
mod plans;
mod properties;
mod standings;
