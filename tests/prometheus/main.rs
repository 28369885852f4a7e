//! Rules, alerts and dashboards, held to Prometheus itself: `promtool` tries the rules, and a real
//! Prometheus that scrapes the real operator answers every query of every panel.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod answers;
mod boards;
mod chart;
mod live;
#[path = "../../pictures/picture.rs"]
mod picture;
mod promtool;
mod rules;
mod scene;
#[path = "../suite/mod.rs"]
mod suite;
