//! `goldenpath renew`: the path owner renews an exception. The exception's owner asks for that with
//! `request-renewal`.

use clap::Args;

use super::decision;
use super::error::Result;
use super::judging::end;
use super::output::ObjectFormat;
use super::{Exit, Invocation};
use crate::api::deviation_exception::ReviewOutcome;
use crate::cluster::DecisionRequest;
use crate::report::draft::End;

pub(super) const HELP: &str = "\
Renew an exception, as the owner of its path: adds a review with the outcome Renewed to \
spec.reviews, with your name as the cluster knows it and the time. The next review is due after the \
path's review interval.

Owners of an exception ask for a renewal with request-renewal. To end an exception, use close.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath renew web-spread -n shop
  kubectl goldenpath renew web-spread -n shop --expires 90d --note 'One more quarter.'";

/// Flags of `renew`.
#[derive(Args, Clone, Debug, Default)]
pub struct RenewArgs {
    /// The exception
    pub name: String,

    /// New expiry: a time such as 90d, or a date [default: set by the path]
    #[arg(long, value_name = "PERIOD|DATE", value_parser = end)]
    pub expires: Option<End>,

    /// What the review found
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,

    /// Print the exception in this format instead of one line
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,
}

/// Renews the exception.
pub(super) fn run(args: &RenewArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let request = DecisionRequest::Review {
        outcome: ReviewOutcome::Renewed,
        until: args.expires.map(|end| end.at(invocation.now)),
        note: args.note.clone(),
    };
    let stored = decision::write(&args.name, &request, invocation)?;
    decision::print(&stored, "renewed", args.output, invocation)?;
    Ok(Exit::Fine)
}
