//! `goldenpath approve`: the path owner approves an exception.

use clap::Args;

use super::decision;
use super::error::Result;
use super::output::ObjectFormat;
use super::{Exit, Invocation};
use crate::api::deviation_exception::Decision;
use crate::assess::exception::record::EVERY_CHECK;
use crate::cluster::DecisionRequest;

pub(super) const HELP: &str = "\
Approve an exception: sets spec.approval, with your name as the cluster knows it and the time. \
Nothing else of the exception changes.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath approve web-spread -n shop
  kubectl goldenpath approve web-spread -n shop --note 'Until the new contract.'";

/// Flags of `approve`.
#[derive(Args, Clone, Debug, Default)]
pub struct ApproveArgs {
    /// The exception
    pub name: String,

    /// Why, or under which condition
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,

    /// Print the exception in this format instead of one line
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,
}

/// Approves the exception.
pub(super) fn run(args: &ApproveArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let request = DecisionRequest::Decide {
        decision: Decision::Approved,
        note: args.note.clone(),
    };
    let stored = decision::write(&args.name, &request, invocation)?;
    let covers_all = stored.spec.checks.iter().any(|check| check == EVERY_CHECK);
    let done = if covers_all {
        "approved: every step that may be excepted, later ones too"
    } else {
        "approved"
    };
    decision::print(&stored, done, args.output, invocation)?;
    Ok(Exit::Fine)
}
