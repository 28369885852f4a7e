//! A real Kubernetes control plane on loopback, for tests and for a first look:
//! etcd and kube-apiserver, and on request the controllers and nodes that only
//! seem to exist. Ready in 2–3 s once the binaries are there.
//!
//! Must not know golden paths: it is the ground they are tried on.
//!
//! ```no_run
//! use goldenpath_e2e::{ControlPlane, Options};
//!
//! let cluster = ControlPlane::start(&Options::default())?;
//! println!("export KUBECONFIG={}", cluster.kubeconfig().display());
//! cluster.apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")?;
//! # Ok::<(), goldenpath_e2e::Error>(())
//! ```
//!
//! Everything ends with the [`ControlPlane`] value, and with this process in
//! whatever way it ends (a value in a `static` is fine). Set
//! `GOLDENPATH_E2E_KEEP` to keep the directory with all logs for inspection.

mod alertmanager;
mod api_requests;
mod api_server;
mod audit;
mod binaries;
mod builder;
mod companion;
mod control_plane;
mod controllers;
mod credentials;
mod error;
mod exposition;
mod home;
mod http;
mod image;
mod kinds;
mod logs;
mod monitoring;
mod node;
mod operator;
mod operator_image;
mod pki;
mod process;
mod prometheus;
mod published;
mod random;
mod signal;
mod skip;
mod tools;
mod wait;

pub use alertmanager::Alertmanager;
pub use api_requests::{ApiRequest, ApiRequests};
pub use audit::AuditEvent;
pub use binaries::{Binaries, Progress};
pub use companion::Companion;
pub use control_plane::{ControlPlane, Options};
pub use credentials::{ADMIN, User};
pub use error::{Error, Result};
pub use exposition::{Sample, Samples};
pub use image::{Image, ImageFile, Written};
pub use node::{Forward, Node};
pub use operator::{Operator, OperatorOptions};
pub use operator_image::build_operator_image;
pub use prometheus::Prometheus;
pub use published::{published_directory, published_or_skip};
pub use random::free_port;
pub use skip::{binaries_or_skip, control_plane_or_skip, node_or_skip, shared_node_or_skip};
pub use tools::Tool;
pub use wait::{eventually, within, within_or_fail};
