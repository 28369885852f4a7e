//! `goldenpath reject`: the path owner rejects an exception.

use clap::Args;

use super::decision;
use super::error::Result;
use super::output::ObjectFormat;
use super::{Exit, Invocation};
use crate::api::deviation_exception::Decision;
use crate::cluster::DecisionRequest;

pub(super) const HELP: &str = "\
Reject an exception: sets spec.approval to Rejected, with your name as the cluster knows it and the \
time. Use --note to explain what would help instead.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath reject web-spread -n shop --note 'Two replicas fit since March: see #123.'";

/// Flags of `reject`.
#[derive(Args, Clone, Debug, Default)]
pub struct RejectArgs {
    /// The exception
    pub name: String,

    /// Why, and what would help instead
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,

    /// Print the exception in this format instead of one line
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,
}

/// Rejects the exception.
pub(super) fn run(args: &RejectArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let request = DecisionRequest::Decide {
        decision: Decision::Rejected,
        note: args.note.clone(),
    };
    let stored = decision::write(&args.name, &request, invocation)?;
    decision::print(&stored, "rejected", args.output, invocation)?;
    Ok(Exit::Fine)
}
