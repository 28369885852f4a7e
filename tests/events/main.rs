//! The listener for incidents and the CDEvents sink over real sockets: their answers, the published
//! schemas of CDEvents, a real Alertmanager, and hostile requests. Without a cluster.

#![cfg(feature = "cluster")]
#![allow(clippy::unwrap_used)]

mod alertmanager;
mod documentation;
mod ground;
mod hostile;
#[path = "../receiver/mod.rs"]
mod receiver;
mod requests;
mod schema;
mod schemas;
#[path = "../suite/serving.rs"]
mod serving;
mod sink;
