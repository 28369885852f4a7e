//! Reads a cluster into the inventory: lists, watches, and what their events mean. Nothing here writes
//! to the API server, and nothing of `write` is imported.

pub mod approval_policy;
pub mod definitions;
pub mod failure;
pub mod follow;
pub mod followed;
pub mod intake;
pub mod listing;
pub mod objects;
pub mod policy_reports;
pub mod rereads;
