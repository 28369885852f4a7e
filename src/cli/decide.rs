//! The flags of a word said to an exception that is there: by the owner of its path, or by its own.
//! Approve and review stand with the drafting of exceptions, whose flags they share.

use clap::Args;
#[cfg(feature = "cluster")]
use clap::Subcommand;

#[cfg(feature = "cluster")]
use super::except;
#[cfg(feature = "cluster")]
use super::{ApproveArgs, ReviewArgs};

#[cfg(feature = "cluster")]
const APPROVE_EXAMPLES: &str = "\
Examples:
  kubectl goldenpath approve web-spread -n shop
  kubectl goldenpath approve web-spread -n shop --note 'Until the new contract.'";
#[cfg(feature = "cluster")]
const REJECT_HELP: &str = "\
Do not agree to an exception: sets spec.approval to Rejected, with your name as the cluster knows \
it and the time. Say with --note what would help instead.";
#[cfg(feature = "cluster")]
const REJECT_EXAMPLES: &str = "\
Examples:
  kubectl goldenpath reject web-spread -n shop --note 'Two replicas fit since March: see #123.'";
#[cfg(feature = "cluster")]
const REVIEW_EXAMPLES: &str = "\
Examples:
  kubectl goldenpath review web-spread -n shop --outcome Renewed
  kubectl goldenpath review web-spread -n shop --outcome Renewed --expires 90d --note 'One more quarter.'
  kubectl goldenpath review web-spread -n shop --outcome Closed";
#[cfg(feature = "cluster")]
const RENEW_HELP: &str = "\
Ask for an exception of yours to go on: sets spec.renewal, with your name as the cluster knows it \
and the time. It does not lapse while the owner of the path has not answered, and its state says \
that the platform team is asked.";
#[cfg(feature = "cluster")]
const RENEW_EXAMPLES: &str = "\
Examples:
  kubectl goldenpath renew web-spread -n shop --because 'The contract was extended until May.'";
#[cfg(feature = "cluster")]
const CLOSE_HELP: &str = "\
End an exception for good: adds a review with the outcome Closed to spec.reviews, with your name as \
the cluster knows it and the time. The exception stays as a record.";
#[cfg(feature = "cluster")]
const CLOSE_EXAMPLES: &str = "\
Examples:
  kubectl goldenpath close web-spread -n shop --note 'Runs twice since 4.2.'";

/// A word to an exception that is there.
#[cfg(feature = "cluster")]
#[derive(Subcommand, Debug)]
pub enum WordCommand {
    /// Agree to an exception
    #[command(long_about = except::APPROVE_HELP, after_long_help = APPROVE_EXAMPLES)]
    Approve(ApproveArgs),
    /// Do not agree to an exception
    #[command(long_about = REJECT_HELP, after_long_help = REJECT_EXAMPLES)]
    Reject(RejectArgs),
    /// Look at an exception again: renew or close it
    #[command(long_about = except::REVIEW_HELP, after_long_help = REVIEW_EXAMPLES)]
    Review(ReviewArgs),
    /// Ask for an exception of yours to go on
    #[command(long_about = RENEW_HELP, after_long_help = RENEW_EXAMPLES)]
    Renew(RenewArgs),
    /// End an exception for good
    #[command(long_about = CLOSE_HELP, after_long_help = CLOSE_EXAMPLES)]
    Close(CloseArgs),
}

/// Flags of `reject`.
#[derive(Args, Clone, Debug, Default)]
pub struct RejectArgs {
    /// The exception
    pub name: String,

    /// Why, and what would help instead
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Flags of `renew`.
#[derive(Args, Clone, Debug, Default)]
pub struct RenewArgs {
    /// The exception
    pub name: String,

    /// Why it is still needed
    #[arg(long, value_name = "TEXT")]
    pub because: String,
}

/// Flags of `close`.
#[derive(Args, Clone, Debug, Default)]
pub struct CloseArgs {
    /// The exception
    pub name: String,

    /// What changed
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}
