//! Handing messages over, to receivers that take them, fail, delay, limit and drop: no cluster, a
//! real connection.

#![cfg(feature = "cluster")]
#![allow(clippy::unwrap_used)]

mod documentation;
mod fixtures;
#[path = "../receiver/mod.rs"]
mod receiver;
mod slack;
mod webhook;
