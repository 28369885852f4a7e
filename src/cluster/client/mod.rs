//! The connection to a cluster, and what every request shares: errors, decoding, discovery. Nothing
//! here follows objects or writes them.

pub mod bodies;
pub mod connect;
pub mod discovery;
pub mod error;
pub mod heartbeat;
pub mod identity;
pub mod names;
pub mod pager;
pub mod stored;
