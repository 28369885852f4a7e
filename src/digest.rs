//! `goldenpath digest`: what owners would be reminded of now, printed instead of sent. The cluster is
//! read once, with rights to list; nothing is sent and nothing put on record.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::assess::reminders::{DryRun, Mode, Occasion, Routes, Settings, plan};
use crate::cli::{DigestArgs, GlobalArgs};
use crate::notify::{self, Config};
use crate::report::reminder::Digest;
use crate::{ask, print};

/// Why there is no digest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The cluster cannot be asked.
    #[error(transparent)]
    Ask(#[from] ask::Error),
    /// The configuration cannot be used.
    #[error(transparent)]
    Notify(#[from] notify::Error),
    /// It cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
}

impl Error {
    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Ask(error) => error.is_broken_pipe(),
            Self::Notify(_) => false,
            Self::Print(error) => error.is_broken_pipe(),
        }
    }
}

/// `goldenpath digest`. The time of sending and the dry run are left aside: what is due and was not
/// told its owner yet is shown.
///
/// # Errors
/// When the configuration cannot be used, the cluster does not answer, or the output does not take
/// the digest.
pub fn run(args: &DigestArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let routes = match &args.config {
        Some(file) => Config::read(file)?.settings.routes,
        None => one_channel(),
    };
    let settings = Settings {
        routes,
        mode: Mode::Immediate,
        dry_run: DryRun::Days(0),
    };
    let listing = ask::everything(&args.judging, &[], global)?;
    let occasion = Occasion {
        now: global.as_of.unwrap_or(now),
        dry_run: false,
    };
    let nothing = BTreeSet::new();
    let digest = Digest(plan(&listing.inventory, &settings, occasion, &nothing));
    Ok(print::digest(&digest, global, &mut print::stdout(global))?)
}

/// Without a configuration everybody reads one channel.
fn one_channel() -> Routes {
    Routes {
        channels: ["default".into()].into(),
        default: "default".into(),
        platform: "default".into(),
        ..Routes::default()
    }
}
