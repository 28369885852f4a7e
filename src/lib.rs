//! goldenpath makes golden-path adoption visible: it judges workloads, labels them, tracks
//! exceptions and reports adoption. It never blocks a workload.
//!
//! Imports point one way:
//! `api <- assess <- report <- {manifests, notify, prometheus, server, cluster} <- commands <- main`;
//! `notify` and `prometheus` send requests through `outbound`; it and `cluster` connect through `proxy`,
//! which imports nothing of ours.
//! `api`, `assess` and `report` are pure: no IO, no clock, no client. Without the feature `cluster`
//! the library is these and `manifests`; the binary always has the feature.

// Without the commands, much of the pure part has no user.
#![cfg_attr(not(feature = "cluster"), allow(dead_code, unused_imports))]

pub mod api;
pub mod assess;
#[cfg(feature = "cluster")]
pub mod cluster;
#[cfg(feature = "cluster")]
pub mod commands;
pub mod manifests;
#[cfg(feature = "cluster")]
pub mod notify;
#[cfg(feature = "cluster")]
pub mod outbound;
#[cfg(feature = "cluster")]
pub mod prometheus;
#[cfg(feature = "cluster")]
pub mod proxy;
pub mod report;
#[cfg(feature = "cluster")]
pub mod server;
