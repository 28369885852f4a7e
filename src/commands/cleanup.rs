//! `goldenpath cleanup`: removes everything the operator wrote to objects of users.

use std::io::Write;

use clap::Args;

use super::error::{CommandError, ErrorKind, Result};
use super::judging::JudgingArgs;
use super::{Exit, Invocation, output, runtime, terminal};
use crate::cluster::{self, CleanupSettings};
use crate::report::terminal::plain::plain;

pub(super) const HELP: &str = "\
Remove every label this operator ever wrote, from workloads and Services, by merge patch; also its \
policy reports and its policies that warn on apply. Labels and annotations of users stay. Stop the \
operator first, or it writes them again.";

/// Flags of `cleanup`.
#[derive(Args, Clone, Debug, Default)]
pub struct CleanupArgs {
    /// Print what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Remove the operator's Lease in this namespace too
    #[arg(long, value_name = "NAME")]
    pub lease_namespace: Option<String>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// Cleans up, and fails where something is still there afterwards.
pub(super) fn run(args: &CleanupArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let settings = CleanupSettings {
        target: invocation.global.target(),
        kinds: args.judging.settings().kinds,
        extra_kinds: args.judging.kinds.extra_kind.clone(),
        lease_namespace: args.lease_namespace.clone(),
        dry_run: args.dry_run,
    };
    let progress = |kind: &str, cleaned: &cluster::Cleaned| {
        if cleaned.found > 0 && !args.dry_run {
            terminal::note(&format!("{kind}: {} cleaned\n", cleaned.cleaned));
        }
    };
    let done = runtime::start()?.block_on(cluster::cleanup(&settings, progress))?;
    print(&done, args.dry_run, &mut output::stdout(invocation.global))
        .map_err(CommandError::output)?;
    if done.problems.is_empty() {
        return Ok(Exit::Fine);
    }
    let error = CommandError::from(ErrorKind::NotClean);
    Err(error.with_hint("run it again, with rights to list and patch"))
}

fn print(done: &cluster::Cleanup, dry_run: bool, out: &mut dyn Write) -> std::io::Result<()> {
    for (kind, cleaned) in &done.kinds {
        if dry_run {
            writeln!(out, "{kind}: {} would be cleaned", cleaned.found)?;
        } else {
            writeln!(out, "{kind}: {} cleaned", cleaned.cleaned)?;
        }
    }
    for problem in &done.problems {
        let (source, message) = (plain(&problem.source), plain(&problem.message));
        writeln!(out, "{source}: {message}")?;
    }
    Ok(())
}
