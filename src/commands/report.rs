//! `goldenpath report`: the adoption report of a cluster, or of manifests.

use std::io::Write;

use clap::Args;

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::operator_report::{self, OperatorPlace};
use super::output::{self, ReportFormat, TableFormat};
use super::{Exit, Invocation, terminal};
use crate::report::document::Report;
use crate::report::document::contrast::ContrastDocument;
use crate::report::terminal::text::Style;
use crate::report::terminal::{summary, text};
use crate::report::{contrast, html, markdown};

pub(super) const HELP: &str = "\
Judge a cluster, without installing anything: list rights are enough. Counts the services on their \
path, with an approved exception, and with undocumented deviations; then lists each workload, \
closest to done first, and every exception. Where that is more than 40 lines, it prints a summary \
of one screen instead: teams, the steps that keep most services off the path, and what to do next.

With --contrast it prints how services on the path deliver beside deviating ones, from the rollouts \
that an operator with --delivery records.

-o html writes the operator's page as one file, for people without access: no script, no other file, \
and no names of checks marked sensitive. -o markdown writes tables for an issue or a wiki.

Exit code: 0, or 2 where part of the input cannot be read or nothing was judged.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath report
  goldenpath report --paths starter          (nothing has to be installed)
  goldenpath report --all | less             (every workload)
  goldenpath report -n shop -o wide
  goldenpath report --from deploy/ -o json   (manifests instead of a cluster)
  goldenpath report -o html > report.html    (one file, to send or to publish)
  goldenpath report --contrast -o markdown   (delivery on the path beside deviating)
  goldenpath report --operator goldenpath-system/goldenpath   (the operator's own report)";

/// Flags of `report`.
#[allow(clippy::struct_excessive_bools)] // one a flag
#[derive(Args, Clone, Debug, Default)]
pub struct ReportArgs {
    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ReportFormat,

    /// Print DORA's five measures and the time to first deploy on the path beside deviating
    #[arg(long, conflicts_with_all = ["summary", "all"])]
    pub contrast: bool,

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
        conflicts_with_all = [
            "paths",
            "from",
            "team_from",
            "service_from",
            "scaffolded_from",
            "extra_kind",
        ],
        help_heading = "What is read"
    )]
    pub operator: Option<OperatorPlace>,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

impl ReportArgs {
    /// Refuses a format that the other flags rule out.
    fn check_format(&self) -> Result<()> {
        let format = match self.output {
            ReportFormat::Table | ReportFormat::Wide | ReportFormat::Json | ReportFormat::Yaml => {
                return Ok(());
            }
            ReportFormat::Markdown => "markdown",
            ReportFormat::Html => "html",
        };
        let is_html = self.output == ReportFormat::Html;
        let flag = if self.summary {
            "--summary"
        } else if self.contrast && is_html {
            "--contrast"
        } else if self.operator.is_some() && is_html {
            let error = CommandError::from(ErrorKind::FormatWithFlag {
                format,
                flag: "--operator",
            });
            return Err(error.with_hint("the operator serves a page: goldenpath open"));
        } else {
            return Ok(());
        };
        Err(ErrorKind::FormatWithFlag { format, flag }.into())
    }

    fn extent(&self) -> Extent {
        if self.output == ReportFormat::Html {
            Extent::Page
        } else if self.contrast {
            Extent::Delivery
        } else {
            Extent::Overview
        }
    }
}

/// Prints the report.
pub(super) fn run(args: &ReportArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    args.check_format()?;
    if let Some(place) = &args.operator {
        return run_of_operator(place, args, invocation);
    }
    let evidence = Evidence::read(&args.evidence, args.extent(), invocation)?;
    if args.contrast {
        for problem in &evidence.problems {
            terminal::note(&format!("{} {}\n", problem.source, problem.message));
        }
    }
    let out = &mut output::stdout(invocation.global);
    if args.output == ReportFormat::Html {
        output::text(&html::file(&evidence.view()), out)?;
    } else {
        print(args, &evidence.report, &evidence.flags, invocation, out)?;
    }
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
    if args.contrast {
        return print_contrast(args.output, report, invocation, out);
    }
    let Some(format) = args.output.of_tables() else {
        return output::text(&markdown::render(report), out);
    };
    match (format, args.summary) {
        (TableFormat::Json | TableFormat::Yaml, true) => {
            format.write(&report.numbers(), global, out, |_, _| String::new())
        }
        (TableFormat::Table | TableFormat::Wide, true) => {
            format.write(report, global, out, |report, style| {
                summary::render(report, style, flags)
            })
        }
        (TableFormat::Table, false) if !args.all => {
            format.write(report, global, out, |report, style| {
                summary::whole_or_summary(report, style, flags)
            })
        }
        (_, false) => format.write(report, global, out, |report, style| {
            let style = Style {
                all_problems: args.all,
                ..style
            };
            text::render(report, style, flags)
        }),
    }
}

fn print_contrast(
    format: ReportFormat,
    report: &Report,
    invocation: &Invocation<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let known = report.summary.contrast.as_deref();
    let Some(format) = format.of_tables() else {
        return output::text(&contrast::markdown(known, report.as_of), out);
    };
    let document = ContrastDocument::new(known, report.as_of);
    format.write(&document, invocation.global, out, |_, style| {
        contrast::render(known, report.as_of, style)
    })
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
