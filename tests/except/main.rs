//! The off-ramp as users take it: an exception drafted from manifests and from a cluster, the
//! preview before anything is written, and the path owner's decision.

#![allow(clippy::unwrap_used)]

#[cfg(feature = "demo")]
mod completion;
mod import;
#[cfg(feature = "demo")]
mod inbox;
#[cfg(feature = "demo")]
mod live;
mod offline;
mod preview;
#[cfg(feature = "demo")]
#[path = "../suite/mod.rs"]
mod suite;
