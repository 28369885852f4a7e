//! The operator on a real API server, used as people use it: kubectl, labels, `/metrics`, the
//! command line. Only what needs a real cluster; pure logic has other tests.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod agreement;
mod cleanup;
mod exceptions;
mod extremes;
mod handover;
mod lifecycle;
mod paths;
mod readiness;
#[path = "../receiver/mod.rs"]
mod receiver;
mod reminders;
mod rest;
mod roadmap;
mod stage;
#[path = "../suite/mod.rs"]
mod suite;
mod texts;
mod words;
mod workloads;
