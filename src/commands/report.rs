//! `goldenpath report`: the adoption report of a cluster, or of manifests.

use clap::Args;

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::output::{self, TableFormat};
use super::{Exit, Invocation, terminal};
use crate::report::terminal::text;

pub(super) const HELP: &str = "\
Judge a cluster, without installing anything: list rights are enough. Counts the services on their \
path, with an approved exception, and with undocumented deviations; then lists each workload, \
closest to done first, and every exception.

Exit code: 0, or 2 where part of the input cannot be read or nothing was judged.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath report
  goldenpath report --paths starter          (nothing has to be installed)
  goldenpath report -n shop -o wide
  goldenpath report --from deploy/ -o json   (manifests instead of a cluster)";

/// Flags of `report`.
#[derive(Args, Clone, Debug, Default)]
pub struct ReportArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TableFormat,

    /// Exit with 0 although nothing was judged
    #[arg(long)]
    pub allow_empty: bool,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Prints the report.
pub(super) fn run(args: &ReportArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let evidence = Evidence::read(&args.evidence, Extent::Overview, invocation)?;
    let out = &mut output::stdout(invocation.global);
    args.output
        .write(&evidence.report, invocation.global, out, |report, style| {
            text::render(report, style, &evidence.flags)
        })?;
    if let Some(reason) = evidence.nothing_judged().filter(|_| !args.allow_empty) {
        terminal::note(&format!("{reason}\n"));
        return Ok(Exit::Unreadable);
    }
    Ok(evidence.exit())
}
