//! `goldenpath objectives`: objectives and their key results, as the operator stored them, or measured here
//! where none did.

use clap::{Args, ValueEnum};
use futures::stream::{self, StreamExt as _};

use super::error::{CommandError, ErrorKind, Result};
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::output;
use super::prometheus::PrometheusArgs;
use super::{Exit, Invocation, runtime};
use crate::assess::goals::objective::wanted::Figure;
use crate::report::document::objectives::{ObjectivesDocument, objectives};
use crate::report::objectives as text;

pub(super) const HELP: &str = "\
List the platform team's objectives (OKRs): each below the objective that it serves, with its key \
results, their progress from baseline to target, and whether each is on track against the time that \
has passed. A guardrail must hold meanwhile. A key result without data keeps its last figure and says \
why.

A cluster is read as the operator measured it. Where none has yet, and of files (--from), built-in \
figures are computed here, and PromQL is asked with --prometheus-url.

Exit code: 0, or 2 where part of the input cannot be read.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath objectives
  goldenpath objectives first-deploy -o markdown         (for a review)
  goldenpath objectives --prometheus-url http://localhost:9090    (without an operator)
  goldenpath objectives --from deploy/ --prometheus-url http://localhost:9090";

/// Queries under way at once.
const WIDTH: usize = 4;

/// Flags of `objectives`.
#[derive(Args, Clone, Debug, Default)]
pub struct ObjectivesArgs {
    /// Only this objective
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: ObjectivesFormat,

    /// What measures PromQL key results that no operator follows.
    #[command(flatten)]
    pub prometheus: PrometheusArgs,

    /// What is read.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Formats of the list.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObjectivesFormat {
    /// Text for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// JSON
    Json,
    /// Markdown
    Markdown,
}

/// Prints the objectives.
pub(super) fn run(args: &ObjectivesArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let mut evidence = Evidence::read(&args.evidence, Extent::Page, invocation)?;
    let as_of = evidence.report.as_of;
    ask_prometheus(args, &mut evidence)?;
    let mut lines = objectives(evidence.inventory.goals());
    if let Some(name) = &args.name {
        lines.retain(|line| line.name == *name);
        if lines.is_empty() {
            let error = CommandError::from(ErrorKind::NoSuchObjective { name: name.clone() });
            return Err(error.with_hint("list them: goldenpath objectives"));
        }
    }
    let global = invocation.global;
    let out = &mut output::stdout(global);
    match args.output {
        ObjectivesFormat::Table => {
            let text = text::render(&lines, as_of, output::style(global, false));
            output::text(&text, out)?;
        }
        ObjectivesFormat::Wide => {
            let text = text::render(&lines, as_of, output::style(global, true));
            output::text(&text, out)?;
        }
        ObjectivesFormat::Json => output::json(&ObjectivesDocument::new(&lines, as_of), out)?,
        ObjectivesFormat::Markdown => output::text(&text::markdown(&lines, as_of), out)?,
    }
    Ok(evidence.exit())
}

/// Measures PromQL key results that no operator follows, where a Prometheus is named.
fn ask_prometheus(args: &ObjectivesArgs, evidence: &mut Evidence) -> Result<()> {
    let now = evidence.report.as_of;
    let Some(source) = args.prometheus.source()? else {
        return Ok(());
    };
    let queries = evidence.unfollowed.queries(&evidence.inventory, now);
    let asked = queries.into_iter().map(|it| {
        let source = &source;
        async move {
            let query = match &it.from {
                Figure::PromQl(query) => query.as_str(),
                Figure::Builtin(_) | Figure::Missed(_) => "",
            };
            let value = source.ask(query, it.at).await;
            (it, value)
        }
    });
    let answers = stream::iter(asked).buffer_unordered(WIDTH).collect();
    let answers = runtime::start()?.block_on(answers);
    let unfollowed = &evidence.unfollowed;
    unfollowed.measure(&mut evidence.inventory, answers, now);
    Ok(())
}
