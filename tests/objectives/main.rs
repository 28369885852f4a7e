//! Objectives end to end: the operator on a real API server measures key results in a real Prometheus
//! that holds two months of samples, and stores what it found.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod files;
mod gate;
mod history;
mod measured;
mod mtls;
mod requests;
#[path = "../suite/mod.rs"]
mod suite;
