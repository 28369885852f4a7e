//! Warning on apply, as people see it: what `kubectl apply` prints on a real API server while the
//! real operator runs, and that nothing is ever refused.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod agreement;
mod applying;
mod edges;
mod ground;
#[path = "../suite/mod.rs"]
mod suite;
mod upkeep;
