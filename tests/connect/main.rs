//! How commands and the operator reach a cluster: proxies, kubeconfigs and credentials as kubectl has
//! them, and what is printed where a cluster cannot be reached. Against a real API server.

#![cfg(feature = "cluster")]
#![allow(clippy::unwrap_used)]

mod ground;
mod kinds;
mod kubeconfigs;
mod operator_report;
mod owners;
#[path = "../suite/page.rs"]
mod page;
mod proxies;
#[path = "../suite/proxy.rs"]
mod proxy;
#[path = "../receiver/mod.rs"]
mod receiver;
#[path = "../suite/mod.rs"]
mod suite;
mod words;
