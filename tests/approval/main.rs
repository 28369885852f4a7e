//! Approval as the API server vouches for it: the chart installed by real Helm on a real API
//! server, people and accounts with real rights, and what each of them may say in whose name.

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
