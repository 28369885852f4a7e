//! goldenpath makes golden-path adoption visible: it judges workloads, labels them, tracks
//! exceptions and reports adoption. It never blocks a workload.
//!
//! Imports point one way: `api <- assess <- report <- {manifests, server, cluster, notify} <- main`.
//! Everything left of the braces is pure: no IO, no clock, no client.

pub mod api;
#[cfg(feature = "cluster")]
pub mod ask;
pub mod assess;
pub mod cli;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod complete;
#[cfg(feature = "cluster")]
pub mod decide;
#[cfg(feature = "demo")]
pub mod demo;
#[cfg(feature = "cluster")]
pub mod digest;
pub mod except;
pub mod import;
pub mod manifests;
#[cfg(feature = "cluster")]
pub mod notify;
#[cfg(feature = "cluster")]
pub mod operate;
pub mod preview;
pub mod print;
#[cfg(feature = "cluster")]
pub mod probe;
pub mod register;
pub mod report;
pub mod screen;
#[cfg(feature = "cluster")]
pub mod server;
