//! Policy reports: their results for every standing, when they are written, and that the published
//! definitions of both formats accept them.

#![allow(clippy::unwrap_used)]

#[cfg(feature = "demo")]
#[path = "../suite/account.rs"]
mod account;
mod boundaries;
mod cost;
#[path = "../judgement/fixtures.rs"]
#[allow(dead_code)] // shared with the tests of the judgement
mod fixtures;
mod ledger;
#[cfg(feature = "demo")]
mod live;
#[cfg(feature = "demo")]
#[path = "../e2e/words.rs"]
#[allow(dead_code)] // shared with the tests of the operator
mod manifests;
mod scene;
mod shipped;
#[cfg(feature = "demo")]
#[path = "../e2e/stage.rs"]
#[allow(dead_code)] // shared with the tests of the operator
mod stage;
#[cfg(feature = "demo")]
#[path = "../suite/mod.rs"]
mod suite;
mod table;
#[cfg(feature = "demo")]
mod turning;
mod words;
