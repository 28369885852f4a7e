//! Warning on apply, as users see it: what `kubectl apply` prints on a real API server while the
//! real operator runs, and that it refuses nothing.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod agreement;
mod applying;
mod edges;
mod ground;
#[path = "../suite/mod.rs"]
mod suite;
mod upkeep;
