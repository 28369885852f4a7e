//! The Platform Wins digest: every format against files and the limits of its receiver, the sending to a
//! real receiver, whole months on a real API server, and the chart's Job there.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod cluster;
mod golden;
mod job;
mod limits;
#[path = "../receiver/mod.rs"]
mod receiver;
mod sending;
#[path = "../suite/mod.rs"]
mod suite;

use std::fs;

use goldenpath::assess::goals::wins::Digest;

/// A file of the fixtures.
fn fixture(file: &str) -> String {
    format!("{}/tests/fixtures/wins/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// A digest of the fixtures.
fn digest(name: &str) -> Digest {
    let text = fs::read_to_string(fixture(&format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}
