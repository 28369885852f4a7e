//! The connection to a cluster and what all requests share: errors, decoding, discovery, paging. Nothing of `watch` and `write` is imported.

pub mod bodies;
pub mod connect;
pub mod discovery;
pub mod error;
pub mod heartbeat;
pub mod identity;
pub mod names;
pub mod pager;
pub mod stored;
