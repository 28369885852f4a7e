//! goldenpath beside Argo CD, Flux and other appliers: the health that Argo CD and Flux find in our objects,
//! with the checks in `examples/`, and labels that survive what others apply. Lua runs as in Argo CD and kstatus is
//! the real one; Flux's expressions are evaluated by our own CEL.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod checks;
mod health;
mod labels;
#[path = "../suite/mod.rs"]
mod suite;
