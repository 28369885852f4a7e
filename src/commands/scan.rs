//! `goldenpath scan`: judges manifests without a cluster, and fails where a service is in a state that
//! `--fail-on` names.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::error::{CommandError, Result};
use super::evidence::{Evidence, EvidenceArgs};
use super::judging::JudgingArgs;
use super::output::{self, ReportFormat, TableFormat};
use super::{Exit, Invocation, terminal};
use crate::assess::state::{Standing, Status};
use crate::manifests::PathsFrom;
use crate::report::document::Workload;
use crate::report::terminal::text::Style;
use crate::report::terminal::{text, why};
use crate::report::{html, markdown};

pub(super) const HELP: &str = "\
Judge manifests, without a cluster. Reads files, directories (every .yaml, .yml and .json below \
them) and standard input (-). Golden paths, exceptions and namespaces among them are used; \
--paths adds more. Built-in kinds get the API server's defaults first, so that a manifest and \
its stored object get the same verdict.

Exit code: 0 no workload reaches the state of --fail-on, 1 at least one does, 2 part of the input \
cannot be read, or nothing was judged.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath scan deploy/ paths/
  goldenpath scan deploy/ --paths starter
  helm template . | goldenpath scan - --paths paths/web-service.yaml
  kustomize build overlays/prod | goldenpath scan - --paths paths/ -n shop -o json
  goldenpath scan . --explain --fail-on none
  goldenpath scan . -o markdown >> $GITHUB_STEP_SUMMARY";

/// Flags of `scan`.
#[derive(Args, Clone, Debug, Default)]
pub struct ScanArgs {
    /// Files and directories; - is standard input
    #[arg(required = true, value_name = "PATH")]
    pub files: Vec<PathBuf>,

    /// More golden paths: a file or directory, or `starter` for the built-in ones
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Lowest state that makes the command exit with 1
    #[arg(
        long,
        value_enum,
        value_name = "STATE",
        default_value_t,
        env = "GOLDENPATH_FAIL_ON"
    )]
    pub fail_on: FailOn,

    /// Exit with 0 although nothing was judged
    #[arg(long)]
    pub allow_empty: bool,

    /// Explain every workload that is not on its path, and list every problem
    #[arg(long)]
    pub explain: bool,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ReportFormat,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// The lowest state that makes `scan` exit with 1. Each includes those before it.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailOn {
    /// Never
    None,
    /// Undocumented deviations, and those whose exception has expired
    #[default]
    Undocumented,
    /// Also deviations whose exception is requested and not yet decided
    Pending,
    /// Also deviations whose exception is overdue for review
    ReviewOverdue,
    /// Every deviation, also with an approved exception
    Deviating,
    /// Also workloads whose checks could not be evaluated
    Unknown,
}

/// Judges the manifests and prints the report.
pub(super) fn run(args: &ScanArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let evidence = EvidenceArgs {
        paths: args.paths.clone(),
        from: args.files.clone(),
        judging: args.judging.clone(),
    };
    let evidence = Evidence::from_manifests(&evidence, invocation)?;
    let mut out = output::stdout(invocation.global);
    print(args, &evidence, invocation, &mut out)?;
    if let Some(reason) = evidence.nothing_judged().filter(|_| !args.allow_empty) {
        terminal::note(&format!("{reason}\n"));
        return Ok(Exit::Unreadable);
    }
    let is_found = evidence
        .report
        .workloads
        .iter()
        .any(|workload| fails(workload, args.fail_on));
    Ok(match evidence.exit() {
        Exit::Unreadable => Exit::Unreadable,
        Exit::Fine | Exit::Found if is_found => Exit::Found,
        Exit::Fine | Exit::Found => Exit::Fine,
    })
}

fn print(
    args: &ScanArgs,
    evidence: &Evidence,
    invocation: &Invocation<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let format = match args.output {
        ReportFormat::Html => return output::text(&html::file(&evidence.view()), out),
        ReportFormat::Markdown => return output::text(&markdown::render(&evidence.report), out),
        ReportFormat::Table => TableFormat::Table,
        ReportFormat::Wide => TableFormat::Wide,
        ReportFormat::Json => TableFormat::Json,
        ReportFormat::Yaml => TableFormat::Yaml,
    };
    format.write(&evidence.report, invocation.global, out, |report, style| {
        let all_problems = args.explain;
        let style = Style {
            all_problems,
            ..style
        };
        text::render(report, style, &evidence.flags)
    })?;
    if args.explain {
        explain(evidence, format, invocation, out)?;
    }
    Ok(())
}

fn explain(
    evidence: &Evidence,
    format: TableFormat,
    invocation: &Invocation<'_>,
    out: &mut dyn Write,
) -> Result<()> {
    let report = &evidence.report;
    for workload in text::ordered(report) {
        let is_open = match workload.status {
            Status::Deviating | Status::Unknown => true,
            Status::GoldenPath | Status::Unscoped | Status::Ignored => false,
        };
        if is_open {
            writeln!(out).map_err(CommandError::output)?;
            format.write(workload, invocation.global, out, |workload, style| {
                why::render(workload, report.as_of, style, &evidence.flags)
            })?;
        }
    }
    Ok(())
}

/// Whether a workload reaches the threshold.
fn fails(workload: &Workload, threshold: FailOn) -> bool {
    let lowest = match (workload.status, workload.deviation) {
        (Status::Unknown, _) => FailOn::Unknown,
        (Status::Deviating, Some(standing)) => lowest_for(standing),
        (Status::Deviating, None) => FailOn::Undocumented,
        (Status::GoldenPath | Status::Unscoped | Status::Ignored, _) => return false,
    };
    threshold >= lowest
}

/// The lowest threshold that a standing reaches.
const fn lowest_for(standing: Standing) -> FailOn {
    match standing {
        Standing::Undocumented | Standing::Expired => FailOn::Undocumented,
        Standing::Pending => FailOn::Pending,
        Standing::ReviewOverdue => FailOn::ReviewOverdue,
        Standing::ReviewDue | Standing::Predates | Standing::Documented => FailOn::Deviating,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{documented, undocumented, workload};

    #[test]
    fn a_threshold_includes_what_is_less_settled() {
        let mut pending = undocumented();
        pending.deviation = Some(Standing::Pending);
        let unknown = workload("x", Status::Unknown);
        for (threshold, found) in [
            (FailOn::None, [false, false, false, false]),
            (FailOn::Undocumented, [true, false, false, false]),
            (FailOn::Pending, [true, true, false, false]),
            (FailOn::Deviating, [true, true, true, false]),
            (FailOn::Unknown, [true, true, true, true]),
        ] {
            let all = [&undocumented(), &pending, &documented(), &unknown];
            assert_eq!(all.map(|workload| fails(workload, threshold)), found);
        }
    }
}
