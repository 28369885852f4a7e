//! The operator as users run it, against a real API server: what it labels, when it must not write,
//! what a restart costs, and what it leaves behind.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod asking;
mod cleanup;
mod decodable;
mod definitions;
mod ground;
mod labels;
mod leadership;
mod readers;
#[path = "../suite/mod.rs"]
mod suite;
mod undecodable;
mod waiting;
mod write_counts;
