//! `exceptions` and `inbox`: everything is read once, and shown by what needs a human next.

use std::io;

use jiff::Timestamp;

#[cfg(feature = "cluster")]
use crate::cli::InboxArgs;
use crate::cli::{ExceptionsArgs, GlobalArgs};
use crate::manifests::{self, Exit};
use crate::print;
use crate::report::document::Report;
use crate::report::register;
#[cfg(feature = "cluster")]
use crate::report::register::inbox::{self, Reader};
#[cfg(feature = "cluster")]
use crate::{ask, cluster, operate};

/// Why there is no register.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The manifests cannot be used.
    #[error(transparent)]
    Scan(#[from] manifests::Error),
    /// It cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// The cluster cannot be asked.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Ask(#[from] ask::Error),
    /// The cluster's side failed.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// The process cannot be set up.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Start(#[from] operate::Error),
    /// There is no client in this build.
    #[cfg(not(feature = "cluster"))]
    #[error("this build cannot reach a cluster: use manifests with --from")]
    NotBuilt,
}

impl Error {
    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Scan(error) => error.is_broken_pipe(),
            Self::Print(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Ask(error) => error.is_broken_pipe(),
            #[cfg(feature = "cluster")]
            Self::Cluster(_) | Self::Start(_) => false,
            #[cfg(not(feature = "cluster"))]
            Self::NotBuilt => false,
        }
    }
}

/// `goldenpath exceptions`.
///
/// # Errors
/// When the cluster does not answer, the manifests cannot be read, or the output does not take it.
pub fn exceptions(
    args: &ExceptionsArgs,
    global: &GlobalArgs,
    now: Timestamp,
) -> Result<Exit, Error> {
    let now = global.as_of.unwrap_or(now);
    let (report, exit) = report(args, global, now)?;
    let register = register::register(&report, &args.filter());
    print::register(&register, global, &mut print::stdout(global))?;
    Ok(exit)
}

fn report(
    args: &ExceptionsArgs,
    global: &GlobalArgs,
    now: Timestamp,
) -> Result<(Report, Exit), Error> {
    if args.from.is_empty() {
        return live(args, global, now);
    }
    let question = manifests::Question {
        files: &args.from,
        paths: &args.paths,
        judging: &args.judging,
        global,
        now,
    };
    let answer = manifests::judge(&question, &mut io::stdin().lock())?;
    let exit = answer.exit();
    Ok((answer.report, exit))
}

#[cfg(feature = "cluster")]
fn live(
    args: &ExceptionsArgs,
    global: &GlobalArgs,
    now: Timestamp,
) -> Result<(Report, Exit), Error> {
    let listing = ask::everything(&args.judging, &args.paths, global)?;
    Ok((ask::judged(&listing, now), Exit::Fine))
}

#[cfg(not(feature = "cluster"))]
fn live(_: &ExceptionsArgs, _: &GlobalArgs, _: Timestamp) -> Result<(Report, Exit), Error> {
    Err(Error::NotBuilt)
}

/// `goldenpath inbox`.
///
/// # Errors
/// When the cluster does not answer, does not say who asks, or the output does not take it.
#[cfg(feature = "cluster")]
pub fn inbox(args: &InboxArgs, global: &GlobalArgs, now: Timestamp) -> Result<(), Error> {
    let listing = ask::everything(&args.judging, &[], global)?;
    let report = ask::judged(&listing, global.as_of.unwrap_or(now));
    let target = operate::target(global);
    let reader = operate::runtime()?.block_on(async {
        let identity = cluster::whoami(&target).await?;
        let decides_on = cluster::decides_on(&target, &inbox::paths_to_decide(&report)).await?;
        Ok::<_, cluster::Error>(Reader {
            decides_on,
            ..Reader::new(&identity.user, &identity.groups, &args.teams)
        })
    })?;
    let inbox = inbox::inbox(&report, reader);
    Ok(print::inbox(&inbox, global, &mut print::stdout(global))?)
}
