//! Flags of the register and of the inbox: which exceptions to show, and whose.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::judging::{JudgingArgs, PathsFrom};
use crate::assess::state::Phase;
use crate::report::register::Filter;

pub(super) const HELP: &str = "\
The register of exceptions: who left which path, until when, what it costs them, whether it is still \
needed, and what comes next. What needs a human next comes first: decisions that are waited for, \
looks that are late, what ended and is still needed, looks that are near, what nobody needs any more.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath exceptions
  kubectl goldenpath exceptions --team shop --phase Pending,ReviewOverdue
  kubectl goldenpath exceptions -n shop -o wide
  goldenpath exceptions --from deploy/ -o json   (manifests instead of a cluster)";

#[cfg(feature = "cluster")]
pub(super) const INBOX_HELP: &str = "\
What waits for you, and nothing else: requests you may decide (you have the verb approve on the \
golden path, and did not ask yourself), and exceptions of your teams, or that you asked for, that \
need a look, have ended, or are no longer needed. Each with the command that answers it.

Your teams are those that your user and groups are called by, or those --team names; the inbox says \
which.";
#[cfg(feature = "cluster")]
pub(super) const INBOX_EXAMPLES: &str = "\
Examples:
  kubectl goldenpath inbox
  kubectl goldenpath inbox --team shop
  kubectl goldenpath inbox -n shop -o json";

/// Flags of `exceptions`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExceptionsArgs {
    /// Only those of these owners
    #[arg(long = "team", value_name = "TEAM", value_delimiter = ',')]
    pub teams: Vec<String>,

    /// Only those from these paths
    #[arg(long = "path", value_name = "NAME", value_delimiter = ',')]
    pub of_paths: Vec<String>,

    /// Only those in these phases
    #[arg(
        long = "phase",
        value_enum,
        value_name = "PHASE",
        value_delimiter = ',',
        ignore_case = true
    )]
    pub phases: Vec<Phase>,

    /// Golden paths to judge by instead of the cluster's: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Read the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

impl ExceptionsArgs {
    /// Which exceptions are wanted.
    pub fn filter(&self) -> Filter {
        Filter {
            teams: self.teams.clone(),
            paths: self.of_paths.clone(),
            phases: self.phases.clone(),
        }
    }
}

/// Flags of `inbox`.
#[derive(Args, Clone, Debug, Default)]
pub struct InboxArgs {
    /// Your teams [default: as your user and groups are called]
    #[arg(long = "team", value_name = "TEAM", value_delimiter = ',')]
    pub teams: Vec<String>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

impl ValueEnum for Phase {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}
