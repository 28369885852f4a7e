//! The judgement: pure functions of objects and `now`. No clock, no IO, no client, and no failure
//! the caller cannot act on. Every surface (labels, status, events, metrics, page, commands)
//! reads its answers from here, so that no two of them can disagree.

pub mod adoption;
pub mod cover;
pub mod defaults;
pub mod exception;
pub mod excuse;
pub mod intake;
pub mod inventory;
pub mod kind;
pub mod labels;
pub mod lists;
pub mod namespace;
pub mod next;
pub mod path;
pub mod path_set;
pub mod path_statuses;
pub mod plan;
pub mod policy_report;
pub mod preview;
pub mod progress;
pub mod quantity;
pub mod recreation;
pub mod register;
pub mod reminders;
pub mod report_ledger;
pub mod run;
pub mod service;
pub mod settings;
pub mod source;
pub mod space;
pub mod state;
pub mod status;
pub mod statuses;
pub mod template_hash;
pub mod undecodable;
pub mod verdict;
pub mod vouch;
pub mod warning;
pub mod workload;
