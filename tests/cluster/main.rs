//! The operator as its users run it, against a real API server: what is labelled, when nothing
//! may be written, what a restart costs, and what it leaves behind.

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
