//! Talks to a cluster: the only room with a Kubernetes client. Watches feed the inventory, one writer
//! carries out its plans, and one Lease decides which replica writes. Verdicts and plans are made in
//! `assess`. Inside, `client <- watch, write <- run`.

mod client;
mod clock;
mod context;
mod counters;
mod deliveries;
mod delivery_events;
mod event_queue;
mod incidents;
mod lease;
mod measuring;
mod observer;
mod publishing;
mod readiness;
mod recording;
mod reminding;
mod run;
mod snapshots;
mod watch;
mod write;

pub use client::connect::Target;
pub use client::credentials::{CredentialError, PluginCredentials};
pub use client::error::{Error, Result};
pub use client::failure::{Cause, Failure, chain};
pub use client::identity::{Identity, decides_on, whoami};
pub use client::kubeconfig::{KubeconfigFailure, Place};
pub use client::names::{Nameable, names, namespaces_of};
pub use client::operator_report::{OperatorProxy, OperatorService, operator_report};
pub use measuring::{FigureSource, Measuring};
pub use observer::Observer;
pub use publishing::ServiceEventSender;
pub use reminding::{ReminderSender, Reminders};
pub use run::{Operator, RunSettings};
pub use watch::listing::{Listing, ListingSettings, Scope, list};
pub use watch::objects::{Objects, objects};
pub use write::cleanup::{Cleaned, Cleanup, CleanupSettings, cleanup};
pub use write::decision::{DecisionRequest, ExceptionRef, create, decide};
pub use write::survey::{publish_survey, surveys};
pub use write::wins_record::{ConfigMapRef, StoredText, read_text, write_text};
