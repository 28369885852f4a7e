//! `goldenpath why`: explains the verdict on one workload.

use clap::Args;

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::output::{self, TextFormat};
use super::workload_name::WorkloadName;
use super::{Exit, Invocation};
use crate::report::terminal::why;

pub(super) const HELP: &str = "\
Explain one workload: every step of its path, what is right, what is missing and how to fix it, its \
exceptions, its latest rollouts where they are recorded, who has to act next, and how to record a \
deviation.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath why deploy/web -n shop
  goldenpath why sts/db
  goldenpath why deployment/web --from deploy/   (manifests instead of a cluster)";

/// Flags of `why`.
#[derive(Args, Clone, Debug, Default)]
pub struct WhyArgs {
    /// The workload, as KIND/NAME; short kinds work as with kubectl
    #[arg(value_name = "KIND/NAME")]
    pub target: WorkloadName,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TextFormat,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Prints the explanation.
pub(super) fn run(args: &WhyArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let evidence = Evidence::read(&args.evidence, Extent::Workload, invocation)?;
    let workload = evidence.find(&args.target)?;
    let out = &mut output::stdout(invocation.global);
    args.output
        .write(workload, invocation.global, out, |workload, style| {
            why::render(workload, evidence.report.as_of, style, &evidence.flags)
        })?;
    Ok(evidence.exit())
}
