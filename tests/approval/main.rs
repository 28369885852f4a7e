//! Approvals verified by the API server: real Helm installs the chart on a real API server, and
//! users and accounts with real rights try what they may decide and for whom.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod accounts;
mod commands;
mod dates;
mod ground;
mod history;
mod operator;
mod people;
#[path = "../suite/mod.rs"]
mod suite;
mod undone;
mod vouched;
