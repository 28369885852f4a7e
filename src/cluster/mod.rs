//! The operator: the only module that talks to a cluster. Watches feed the inventory, one writer
//! carries out its plans, and one Lease says who may. It decides nothing itself.

mod apply;
mod bodies;
mod cleanup;
mod clock;
mod connect;
mod context;
mod counters;
mod decide;
mod definitions;
mod error;
mod followed;
mod gates;
mod identity;
mod intake;
mod kinds;
mod lease;
mod listing;
mod names;
mod objects;
mod paging;
mod policies;
mod pulse;
mod remember;
mod reminding;
mod reports;
mod rereads;
mod run;
mod source;
mod stored;
mod tell;
mod throttle;
mod vouch;
mod watch;
mod writer;

pub use cleanup::{Cleaned, Cleanup, CleanupSettings, cleanup};
pub use connect::Target;
pub use decide::{Named, Word, create, say};
pub use error::{Error, Result};
pub use identity::{Identity, decides_on, whoami};
pub use listing::{Listing, ListingSettings, Scope, list};
pub use names::{Nameable, names};
pub use objects::{Objects, objects};
pub use reminding::{Courier, Reminders};
pub use run::{Operator, RunSettings};
pub use source::Observer;
