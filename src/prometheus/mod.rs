//! Asks a Prometheus, or what speaks its API, for the value of one expression. Credentials come from
//! files, which are read again for every request, and are never printed or sent to another address.
//! Which expressions are asked, and when, is decided by the cluster room and the commands.

mod answer;
mod client;
mod credentials;

pub use client::{PrometheusClient, PrometheusSettings, PrometheusUrl};
pub use credentials::{Credentials, Error, Result};
