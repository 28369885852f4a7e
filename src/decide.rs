//! `approve`, `reject`, `review`, `renew` and `close`: the word of a path's owner, or of the
//! exception's own, written into it under the name the cluster knows them by.

use std::io::Write as _;

use jiff::Timestamp;

use crate::api::DeviationException;
use crate::api::deviation_exception::{Decision, Outcome};
use crate::ask::Error;
use crate::assess::exception::record::EVERY_CHECK;
use crate::cli::{
    ApproveArgs, CloseArgs, Format, GlobalArgs, RejectArgs, RenewArgs, ReviewArgs, WordCommand,
};
use crate::cluster::{self, Named, Word};
use crate::report::terminal::plain::plain;
use crate::{operate, print};

/// `goldenpath approve`, `reject`, `review`, `renew` and `close`.
///
/// # Errors
/// When the cluster refuses, or the output does not take the answer.
pub fn say(word: &WordCommand, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    match word {
        WordCommand::Approve(args) => approve(args, global, now),
        WordCommand::Reject(args) => reject(args, global, now),
        WordCommand::Review(args) => review(args, global, now),
        WordCommand::Renew(args) => renew(args, global, now),
        WordCommand::Close(args) => close(args, global, now),
    }
}

fn approve(args: &ApproveArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let (decision, done) = if args.reject {
        (Decision::Rejected, "rejected")
    } else {
        (Decision::Approved, "approved")
    };
    let word = Word::Decide {
        decision,
        note: args.note.clone(),
    };
    let stored = said(&args.name, &word, global, now)?;
    let every = stored.spec.checks.iter().any(|check| check == EVERY_CHECK);
    let every = every && decision == Decision::Approved;
    let aside = if every {
        ": every step that may be excepted, later ones too"
    } else {
        ""
    };
    tell(&stored, &format!("{done}{aside}"), global)
}

fn review(args: &ReviewArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let word = Word::Review {
        outcome: args.outcome,
        until: args.expires.map(|end| end.at(now)),
        note: args.note.clone(),
    };
    let stored = said(&args.name, &word, global, now)?;
    tell(&stored, "reviewed", global)
}

fn reject(args: &RejectArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let same = ApproveArgs {
        name: args.name.clone(),
        reject: true,
        note: args.note.clone(),
    };
    approve(&same, global, now)
}

fn close(args: &CloseArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let word = Word::Review {
        outcome: Outcome::Closed,
        until: None,
        note: args.note.clone(),
    };
    let stored = said(&args.name, &word, global, now)?;
    tell(&stored, "closed", global)
}

fn renew(args: &RenewArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let word = Word::Renew {
        because: args.because.clone(),
    };
    let stored = said(&args.name, &word, global, now)?;
    let path = plain(&stored.spec.path);
    let done = format!("renewal requested: the owner of path {path} answers");
    tell(&stored, &done, global)
}

fn said(
    name: &str,
    word: &Word,
    global: &GlobalArgs,
    now: Timestamp,
) -> Result<DeviationException, Error> {
    let named = Named {
        target: operate::target(global),
        namespace: global.namespace.clone(),
        name: name.to_owned(),
    };
    Ok(operate::runtime()?.block_on(cluster::say(&named, word, now))?)
}

/// The stored object where a format is asked for, else a line as kubectl has it.
pub(crate) fn tell(
    stored: &DeviationException,
    done: &str,
    global: &GlobalArgs,
) -> Result<(), Error> {
    let mut out = print::stdout(global);
    match global.output {
        Format::Json | Format::Yaml => print::exception(stored, global, &mut out)?,
        Format::Table | Format::Wide => {
            let name = stored.metadata.name.as_deref().unwrap_or_default();
            let line = format!("deviationexception.goldenpath.dev/{} {done}", plain(name));
            writeln!(out, "{line}").map_err(print::Error::from)?;
        }
    }
    Ok(())
}
