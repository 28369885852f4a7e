//! The flags of the off-ramp: what a person says to draft an exception, and what the owner of a
//! path says to it. Whether the answers make a valid one is decided where it is drafted.

use std::path::PathBuf;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::judging::{JudgingArgs, PathsFrom, instant};
use super::selector::LabelQuery;
use super::workload_name::WorkloadName;
use crate::api::Period;
use crate::api::deviation_exception::{Category, Outcome};
use crate::report::draft::{Answers, End, hours};

pub(super) const HELP: &str = "\
Draft an exception: say what a workload does differently, why, what it costs and who carries the \
cost. What it would cover and how the labels would change is shown first, on standard error; the \
manifest goes to standard output. Nothing is written to a cluster without --apply.

What is left out is taken from the workload: its path, the steps it fails that may be excepted, \
its team. On a terminal what is still missing is asked for.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath except deploy/web -n shop
  goldenpath except deploy/web -n shop --check spread --cost 6h --expires 90d \\
    --reason 'The vendor licenses a single replica until the new contract in May.'
  goldenpath except deploy/web deploy/api -n shop
  goldenpath except -l app.kubernetes.io/part-of=legacy -n shop
  goldenpath except sts/db --cost 2h --reason '…' > db-exception.yaml
  goldenpath except deploy/web --from deploy/ --paths paths/   (manifests instead of a cluster)
  kubectl goldenpath except deploy/web -n shop --apply";

/// Flags of `except`.
#[derive(Args, Clone, Debug, Default)]
pub struct ExceptArgs {
    /// The workloads, as KIND/NAME; kinds may be short as with kubectl
    #[arg(value_name = "KIND/NAME", required_unless_present = "selector")]
    pub targets: Vec<WorkloadName>,

    /// Workloads of the namespace by label, those to come too
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    pub selector: Option<LabelQuery>,

    /// What is said of the exception.
    #[command(flatten)]
    pub said: SaidArgs,

    /// Create it in the cluster, instead of writing the manifest
    #[arg(long, conflicts_with = "from")]
    pub apply: bool,

    /// Golden paths to judge by instead of the cluster's: a file or directory, or `starter`
    #[arg(long, value_name = "FILE|starter")]
    pub paths: Vec<PathsFrom>,

    /// Judge the manifests in this directory instead of a cluster
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,

    /// How workloads are found, attributed and counted.
    #[command(flatten)]
    pub judging: JudgingArgs,
}

/// What is said of an exception.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The exception")]
pub struct SaidArgs {
    /// The steps to leave, or '*' for all that may be left [default: those it fails now]
    #[arg(long = "check", value_name = "NAME", value_delimiter = ',')]
    pub checks: Vec<String>,

    /// Why this is right, for somebody who reads it in a year; 20 characters or more
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// What it costs its owner a month, in hours, such as 6h
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub cost: Option<f64>,

    /// What it costs once, to set it up, in hours
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub once: Option<f64>,

    /// When it ends: after a time such as 90d, or on a date [default: when the path says]
    #[arg(long, value_name = "PERIOD|DATE", value_parser = end)]
    pub expires: Option<End>,

    /// The team that carries the cost [default: the workload's]
    #[arg(long, value_name = "TEAM")]
    pub owner: Option<String>,

    /// Where its owner is reached
    #[arg(long, value_name = "TEXT")]
    pub contact: Option<String>,

    /// Why teams deviate, in one word
    #[arg(long, value_enum, value_name = "CATEGORY", ignore_case = true)]
    pub category: Option<Category>,

    /// A ticket or a decision record
    #[arg(long, value_name = "URL")]
    pub ticket: Option<String>,

    /// What the platform would have to offer for you to return: read as demand for the roadmap
    #[arg(long, value_name = "TEXT")]
    pub would_return_if: Option<String>,

    /// The golden path left [default: the one the workload is judged by]
    #[arg(long, value_name = "NAME")]
    pub path: Option<String>,

    /// The exception's name [default: workload and first step]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Who asks [default: you, as the cluster knows you]
    #[arg(long, value_name = "USER")]
    pub requested_by: Option<String>,
}

impl SaidArgs {
    /// As the draft takes it.
    pub fn answers(&self) -> Answers {
        let said = self.clone();
        Answers {
            path: said.path,
            checks: said.checks,
            reason: said.reason,
            hours_per_month: said.cost,
            one_off_hours: said.once,
            end: said.expires,
            owner: said.owner,
            contact: said.contact,
            category: said.category,
            ticket: said.ticket,
            would_return_if: said.would_return_if,
            name: said.name,
            requested_by: said.requested_by,
        }
    }
}

#[cfg(feature = "cluster")]
pub(super) const APPROVE_HELP: &str = "\
Agree to an exception, or with --reject do not: sets spec.approval, with your name as the cluster \
knows it and the time. Nothing else of the exception changes.";
#[cfg(feature = "cluster")]
pub(super) const REVIEW_HELP: &str = "\
Look at an exception again: adds one entry to spec.reviews, with your name as the cluster knows it \
and the time. Renewed goes on, Closed ends it for good.";

/// Flags of `approve`.
#[derive(Args, Clone, Debug, Default)]
pub struct ApproveArgs {
    /// The exception
    pub name: String,

    /// Do not agree to it
    #[arg(long)]
    pub reject: bool,

    /// Why, or under which condition
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// Flags of `review`.
#[derive(Args, Clone, Debug)]
pub struct ReviewArgs {
    /// The exception
    pub name: String,

    /// What was decided
    #[arg(long, value_enum, value_name = "OUTCOME", ignore_case = true)]
    pub outcome: Outcome,

    /// Until when it goes on: a time such as 90d, or a date [default: when the path says]
    #[arg(long, value_name = "PERIOD|DATE", value_parser = end)]
    pub expires: Option<End>,

    /// What was found
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

impl ValueEnum for Outcome {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Renewed, Self::Closed]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::Renewed => "Renewed",
            Self::Closed => "Closed",
        }))
    }
}

impl ValueEnum for Category {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

/// An end as a period from now or as a date.
///
/// # Errors
/// When it is neither.
pub fn end(text: &str) -> Result<End, String> {
    if let Ok(period) = text.parse::<Period>() {
        return Ok(End::After(period));
    }
    let date = instant(text).map(End::At);
    date.map_err(|_| "write a time such as 90d, or a date such as 2027-03-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_period_or_a_date() {
        assert_eq!(end("90d"), Ok(End::After(Period::days(90))));
        assert_eq!(end("2027-03-31"), instant("2027-03-31").map(End::At));
        assert!(end("soon").unwrap_err().contains("90d"));
    }
}
