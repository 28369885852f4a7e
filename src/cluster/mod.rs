//! The operator: the only module that talks to a cluster. Watches feed the inventory, one writer
//! carries out its plans, and one Lease says who may. It decides nothing itself.

mod client;
mod clock;
mod context;
mod counters;
mod lease;
mod observer;
mod readiness;
mod reminding;
mod run;
mod snapshots;
mod watch;
mod write;

pub use client::connect::Target;
pub use client::error::{Error, Result};
pub use client::identity::{Identity, decides_on, whoami};
pub use client::names::{Nameable, names};
pub use observer::Observer;
pub use reminding::{Courier, Reminders};
pub use run::{Operator, RunSettings};
pub use watch::listing::{Listing, ListingSettings, Scope, list};
pub use watch::objects::{Objects, objects};
pub use write::cleanup::{Cleaned, Cleanup, CleanupSettings, cleanup};
pub use write::decision::{Named, Word, create, say};
