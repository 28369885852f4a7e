//! Adoption in numbers: from workloads to services to ratios to the text of a scrape.

#![allow(clippy::unwrap_used)] // what cannot be built fails its test

mod adoption;
mod agreement;
mod cost;
mod delivery;
mod exposition;
#[path = "../judgement/fixtures.rs"]
#[allow(dead_code)] // shared with the tests of the judgement
mod fixtures;
mod fleet;
mod followed;
mod objectives;
mod problems;
mod properties;
mod readme;
#[path = "../suite/records.rs"]
mod records;
mod register;
mod streamed;
