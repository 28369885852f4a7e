//! `goldenpath demand`: what keeps services off the paths, ranked.

use clap::{Args, ValueEnum};

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::output;
use super::{Exit, Invocation, terminal};
use crate::report::demand::{self, Answers, Demand, ServiceRule};

pub(super) const HELP: &str = "\
List what keeps services off the golden paths, ranked by services, then hours, then age: steps that \
are not taken, what owners of exceptions wait for, requests to be ignored, workloads without a path, \
and checks that cannot be evaluated. For the platform team's weekly triage.

Exit code: 0, or 2 where part of the input cannot be read or nothing was judged.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath demand
  goldenpath demand -o markdown              (for an issue or a weekly note)
  goldenpath demand --from deploy/ --paths paths/ -o json";

/// Flags of `demand`.
#[derive(Args, Clone, Debug, Default)]
pub struct DemandArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: DemandFormat,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Formats of the list.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DemandFormat {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// JSON
    Json,
    /// A Markdown table
    Markdown,
}

/// Prints the list.
pub(super) fn run(args: &DemandArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let evidence = Evidence::read(&args.evidence, Extent::Overview, invocation)?;
    let demand = demand::demand(
        &evidence.report,
        &ServiceRule::of(&evidence.inventory),
        &Answers::of(&evidence.inventory),
    );
    print(&demand, args.output, invocation)?;
    if let Some(reason) = evidence.nothing_judged() {
        terminal::note(&format!("{reason}\n"));
        return Ok(Exit::Unreadable);
    }
    Ok(evidence.exit())
}

fn print(demand: &Demand, format: DemandFormat, invocation: &Invocation<'_>) -> Result<()> {
    let global = invocation.global;
    let out = &mut output::stdout(global);
    match format {
        DemandFormat::Table => {
            output::text(&demand::render(demand, output::style(global, false)), out)
        }
        DemandFormat::Wide => {
            output::text(&demand::render(demand, output::style(global, true)), out)
        }
        DemandFormat::Markdown => output::text(&demand::markdown(demand), out),
        DemandFormat::Json => output::json(demand, out),
    }
}
