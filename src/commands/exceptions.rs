//! `goldenpath exceptions`: the register of exceptions, in the order in which they need attention.

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::error::Result;
use super::evidence::{Evidence, EvidenceArgs, Extent};
use super::output::{self, TableFormat};
use super::{Exit, Invocation};
use crate::assess::state::Phase;
use crate::report::register::{self, Filter};

pub(super) const HELP: &str = "\
List exceptions: who left which path, until when, at what cost, whether the exception is still \
needed, and what comes next. Exceptions that need attention come first: open requests, overdue \
reviews, expired exceptions that are still needed, reviews due soon, and exceptions that are no \
longer needed.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath exceptions
  kubectl goldenpath exceptions --team shop --phase Pending,ReviewOverdue
  kubectl goldenpath exceptions -n shop -o wide
  goldenpath exceptions --from deploy/ -o json   (manifests instead of a cluster)";

/// Flags of `exceptions`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExceptionsArgs {
    /// Only exceptions of these owners
    #[arg(long = "team", value_name = "TEAM", value_delimiter = ',')]
    pub teams: Vec<String>,

    /// Only exceptions from these paths
    #[arg(long = "path", value_name = "NAME", value_delimiter = ',')]
    pub of_paths: Vec<String>,

    /// Only exceptions in these phases
    #[arg(
        long = "phase",
        value_enum,
        value_name = "PHASE",
        value_delimiter = ',',
        ignore_case = true
    )]
    pub phases: Vec<Phase>,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output: TableFormat,

    /// What is reported on.
    #[command(flatten)]
    pub evidence: EvidenceArgs,
}

/// Prints the register.
pub(super) fn run(args: &ExceptionsArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let evidence = Evidence::read(&args.evidence, Extent::Register, invocation)?;
    let filter = Filter {
        teams: args.teams.clone(),
        paths: args.of_paths.clone(),
        phases: args.phases.clone(),
    };
    let register = register::register(&evidence.report, &filter);
    let out = &mut output::stdout(invocation.global);
    args.output
        .write(&register, invocation.global, out, register::render)?;
    Ok(evidence.exit())
}

impl ValueEnum for Phase {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}
