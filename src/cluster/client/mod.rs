//! The connection to a cluster, and errors, decoding, discovery and paging for all requests. Imports
//! nothing of `watch` and `write`.

pub mod bodies;
pub mod connect;
pub mod credentials;
pub mod discovery;
pub mod error;
pub mod failure;
pub mod heartbeat;
pub mod identity;
pub mod kubeconfig;
pub mod names;
pub mod operator_report;
pub mod pager;
pub mod stored;
