//! Rules, alerts and dashboards against Prometheus itself: `promtool` tests the rules, and a real
//! Prometheus that scrapes the real operator answers every query of every panel.

#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

#[allow(dead_code)] // the pictures show more of them
#[path = "../../pictures/answers.rs"]
mod answers;
#[allow(dead_code)] // the pictures show more of them
#[path = "../../pictures/boards.rs"]
mod boards;
mod chart;
mod dashboards;
mod fleet;
mod live;
mod promtool;
mod rules;
#[path = "../../pictures/scene.rs"]
mod scene;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;
