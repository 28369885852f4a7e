//! `goldenpath close`: ends an exception for good.

use clap::Args;

use super::decision;
use super::error::Result;
use super::output::ObjectFormat;
use super::{Exit, Invocation};
use crate::api::deviation_exception::ReviewOutcome;
use crate::cluster::DecisionRequest;

pub(super) const HELP: &str = "\
End an exception for good: adds a review with the outcome Closed to spec.reviews, with your name as \
the cluster knows it and the time. The exception stays as a record.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath close web-spread -n shop --note 'Runs twice since 4.2.'";

/// Flags of `close`.
#[derive(Args, Clone, Debug, Default)]
pub struct CloseArgs {
    /// The exception
    pub name: String,

    /// What changed
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,

    /// Print the exception in this format instead of one line
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,
}

/// Closes the exception.
pub(super) fn run(args: &CloseArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let request = DecisionRequest::Review {
        outcome: ReviewOutcome::Closed,
        until: None,
        note: args.note.clone(),
    };
    let stored = decision::write(&args.name, &request, invocation)?;
    decision::print(&stored, "closed", args.output, invocation)?;
    Ok(Exit::Fine)
}
