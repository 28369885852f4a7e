//! `goldenpath report`: the adoption report of a cluster, or of manifests.

use std::io::Write;

use clap::Args;

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::operator_report::{self, OperatorPlace};
use super::output::{self, TableFormat};
use super::{Exit, Invocation, terminal};
use crate::report::document::Report;
use crate::report::terminal::text::Style;
use crate::report::terminal::{summary, text};

pub(super) const HELP: &str = "\
Judge a cluster, without installing anything: list rights are enough. Counts the services on their \
path, with an approved exception, and with undocumented deviations; then lists each workload, \
closest to done first, and every exception. Where that is more than 40 lines, it prints a summary \
of one screen instead: teams, the steps that keep most services off the path, and what to do next.

Exit code: 0, or 2 where part of the input cannot be read or nothing was judged.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath report
  goldenpath report --paths starter          (nothing has to be installed)
  goldenpath report --all | less             (every workload)
  goldenpath report -n shop -o wide
  goldenpath report --from deploy/ -o json   (manifests instead of a cluster)
  goldenpath report --operator goldenpath-system/goldenpath   (the operator's own report)";

/// Flags of `report`.
#[derive(Args, Clone, Debug, Default)]
pub struct ReportArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TableFormat,

    /// Print the summary of one screen, or the numbers alone as JSON or YAML
    #[arg(long)]
    pub summary: bool,

    /// Print every workload, exception and problem, however many there are
    #[arg(long, visible_alias = "explain", conflicts_with = "summary")]
    pub all: bool,

    /// Exit with 0 although nothing was judged
    #[arg(long)]
    pub allow_empty: bool,

    /// Print the report of a running operator, without rights to list workloads: its Service, which
    /// takes the right get on services/proxy, or an address such as that of kubectl port-forward
    #[arg(
        long,
        value_name = "NAMESPACE/SERVICE|URL",
        conflicts_with_all = ["paths", "from", "team_from", "service_from", "extra_kind"],
        help_heading = "What is read"
    )]
    pub operator: Option<OperatorPlace>,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Prints the report.
pub(super) fn run(args: &ReportArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    if let Some(place) = &args.operator {
        return run_of_operator(place, args, invocation);
    }
    let evidence = Evidence::read(&args.evidence, Extent::Overview, invocation)?;
    let out = &mut output::stdout(invocation.global);
    print(args, &evidence.report, &evidence.flags, invocation, out)?;
    if let Some(reason) = evidence.nothing_judged().filter(|_| !args.allow_empty) {
        terminal::note(&format!("{reason}\n"));
        return Ok(Exit::Unreadable);
    }
    Ok(evidence.exit())
}

fn print(
    args: &ReportArgs,
    report: &Report,
    flags: &str,
    invocation: &Invocation<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let global = invocation.global;
    match (args.output, args.summary) {
        (TableFormat::Json | TableFormat::Yaml, true) => {
            args.output
                .write(&report.numbers(), global, out, |_, _| String::new())
        }
        (TableFormat::Table | TableFormat::Wide, true) => {
            args.output.write(report, global, out, |report, style| {
                summary::render(report, style, flags)
            })
        }
        (TableFormat::Table, false) if !args.all => {
            args.output.write(report, global, out, |report, style| {
                summary::whole_or_summary(report, style, flags)
            })
        }
        (_, false) => args.output.write(report, global, out, |report, style| {
            let style = Style {
                all_problems: args.all,
                ..style
            };
            text::render(report, style, flags)
        }),
    }
}

/// Prints the report that an operator serves, as it judged it.
fn run_of_operator(
    place: &OperatorPlace,
    args: &ReportArgs,
    invocation: &Invocation<'_>,
) -> Result<Exit> {
    let report = operator_report::read(place, invocation)?;
    let out = &mut output::stdout(invocation.global);
    print(args, &report, "", invocation, out)?;
    if report.workloads.is_empty() && !args.allow_empty {
        terminal::note("the operator judges no workload\n");
        return Ok(Exit::Unreadable);
    }
    Ok(Exit::Fine)
}
