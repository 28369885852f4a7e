//! The chart, installed by Helm on a real API server.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod answers;
mod conform;
mod helm;
mod lifecycle;
mod readme;
mod rights;
mod schemas;
mod values;
