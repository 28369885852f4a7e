//! The chart, installed by Helm on a real API server.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod answers;
mod conform;
mod helm;
mod lifecycle;
mod observe;
mod readme;
#[path = "../receiver/mod.rs"]
mod receiver;
mod reminders;
mod rights;
mod schemas;
mod values;
