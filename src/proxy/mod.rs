//! Connects to HTTP and HTTPS addresses, through a proxy where one is set, as kubectl does: the rules
//! of Go's `ProxyFromEnvironment`. The Kubernetes client and `outbound` both connect
//! through this room. It sends no request and imports nothing of ours.

mod connector;
mod rules;

pub use connector::{Connector, ProxyFailure, Route};
pub use rules::{Environment, Proxy, ProxyError};
