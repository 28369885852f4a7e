//! Delivery of messages to receivers that accept, fail, delay, throttle and drop them: a real
//! connection, without a cluster.

#![cfg(feature = "cluster")]
#![allow(clippy::unwrap_used)]

mod announcements;
mod documentation;
mod fixtures;
#[path = "../receiver/mod.rs"]
mod receiver;
mod slack;
mod webhook;
