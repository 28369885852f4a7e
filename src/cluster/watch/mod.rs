//! Reads a cluster into the inventory: lists, watches and what their events mean. Nothing here writes
//! to the API server.

pub mod approval_policy;
pub mod definitions;
pub mod follow;
pub mod followed;
pub mod intake;
pub mod listing;
pub mod objects;
pub mod rereads;
