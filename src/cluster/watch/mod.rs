//! Reads a cluster into the inventory: lists, watches and their events. Writes nothing to the API server
//! and imports nothing of `write`.

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
