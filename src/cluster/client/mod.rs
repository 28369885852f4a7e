//! The connection to a cluster, and errors, decoding, discovery and paging for all requests. Imports
//! nothing of `watch` and `write`.

pub mod bodies;
pub mod connect;
pub mod discovery;
pub mod error;
pub mod heartbeat;
pub mod identity;
pub mod names;
pub mod pager;
pub mod stored;
