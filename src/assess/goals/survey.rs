//! Developer surveys: the questions, how answers become counts and means of groups, which groups may be
//! shown, and what a wave says beside the one before. Files are read elsewhere; no answer of a single
//! person leaves this room.

pub mod aggregate;
pub mod amendment;
pub mod questions;
pub mod score;
pub mod suppression;
pub mod waves;
pub mod words;

#[cfg(test)]
mod properties;
