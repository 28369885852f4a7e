//! `goldenpath request-renewal`: the owner of an exception asks for it to be renewed.

use clap::Args;

use super::decision;
use super::error::Result;
use super::output::ObjectFormat;
use super::{Exit, Invocation};
use crate::cluster::DecisionRequest;
use crate::report::terminal::plain::plain;

pub(super) const HELP: &str = "\
Ask for an exception of yours to be renewed: sets spec.renewal, with your name as the cluster knows \
it and the time. The exception does not expire while the request is open, and its status shows that \
the platform team has to answer. The owner of the path answers with renew or close.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath request-renewal web-spread -n shop --because 'The contract was extended until May.'";

/// Flags of `request-renewal`.
#[derive(Args, Clone, Debug, Default)]
pub struct RequestRenewalArgs {
    /// The exception
    pub name: String,

    /// Why it is still needed
    #[arg(long, value_name = "TEXT")]
    pub because: String,

    /// Print the exception in this format instead of one line
    #[arg(short, long, value_enum, value_name = "FORMAT")]
    pub output: Option<ObjectFormat>,
}

/// Requests the renewal.
pub(super) fn run(args: &RequestRenewalArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let request = DecisionRequest::RequestRenewal {
        because: args.because.clone(),
    };
    let stored = decision::write(&args.name, &request, invocation)?;
    let path = plain(&stored.spec.path);
    let done = format!("renewal requested: the owner of path {path} answers");
    decision::print(&stored, &done, args.output, invocation)?;
    Ok(Exit::Fine)
}
