//! Condition types, and the one function that sets conditions. `lastTransitionTime` moves only when a
//! status flips, so writing the same findings twice gives the same object and the operator never
//! triggers itself. What a condition reports is not decided here.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::Instant;
use super::text::plain;

/// The operator read this generation and can process it. Stays True for pending, overdue, expired
/// and rejected exceptions, so that a delivery pipeline that waits for it never waits for people.
pub(crate) const READY: &str = "Ready";
/// No part of the spec can be used.
pub(crate) const STALLED: &str = "Stalled";
/// Every check of a path compiles and stays within its budget.
pub(crate) const CHECKS_VALID: &str = "ChecksValid";
/// Some check of a path is announced and not yet enforced.
pub(crate) const ANNOUNCED: &str = "Announced";
/// The operator watches the exceptions of a path. Present only while it does not.
pub(crate) const EXCEPTIONS_FOLLOWED: &str = "ExceptionsFollowed";
/// The path's policy that warns on apply exists.
pub(crate) const WARN_ON_APPLY: &str = "WarnOnApply";
/// An exception was approved; the reason gives the assurance.
pub(crate) const APPROVED: &str = "Approved";
/// The next review of an exception is not past.
pub(crate) const REVIEW_CURRENT: &str = "ReviewCurrent";
/// An exception names a workload that is judged by its path.
pub(crate) const IN_USE: &str = "InUse";
/// A target of an exception still fails an excepted check.
pub(crate) const NEEDED: &str = "Needed";
/// Every check an exception names exists and may be excepted.
pub(crate) const CHECKS_KNOWN: &str = "ChecksKnown";
/// The path an exception names exists.
pub(crate) const PATH_FOUND: &str = "PathFound";
/// An earlier wave of a survey asked the same questions.
pub(crate) const COMPARABLE: &str = "Comparable";
/// Every roadmap item an exception waits for exists. Present only where it waits for one.
pub(crate) const WAITS_FOR_KNOWN: &str = "WaitsForKnown";
/// Everything a roadmap item names exists.
pub(crate) const REFERENCES_FOUND: &str = "ReferencesFound";
/// A launched golden path is meant for a persona.
pub(crate) const SERVED: &str = "Served";

/// Every key result of an objective has a figure, and the latest attempt to measure it succeeded.
pub(crate) const MEASURED: &str = "Measured";
/// Every measured target of an objective is on track and every guardrail holds.
pub(crate) const ON_TRACK: &str = "OnTrack";
/// The parent of an objective exists. Present only where it names one.
pub(crate) const PARENT_FOUND: &str = "ParentFound";

/// The current value of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// One of this module's condition types.
    pub kind: &'static str,
    /// `Some(true)` is True, `Some(false)` False, `None` Unknown.
    pub status: Option<bool>,
    /// A `PascalCase` word.
    pub reason: &'static str,
    /// A sentence for people. Stored with unsafe characters escaped, in at most 1,024 characters.
    pub message: String,
}

impl Statement {
    /// A statement with a message.
    pub fn new(
        kind: &'static str,
        status: bool,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            status: Some(status),
            reason,
            message: message.into(),
        }
    }
}

/// Conditions for `statements`, keeping each transition time of `before` whose status
/// did not flip. Conditions of other types in `before` are dropped: a status is written whole.
pub fn settle(
    before: &[Condition],
    statements: Vec<Statement>,
    generation: Option<i64>,
    now: Timestamp,
) -> Vec<Condition> {
    statements
        .into_iter()
        .map(|statement| settle_one(before, &statement, generation, now))
        .collect()
}

fn settle_one(
    before: &[Condition],
    statement: &Statement,
    generation: Option<i64>,
    now: Timestamp,
) -> Condition {
    let status = match statement.status {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let unchanged = before
        .iter()
        .find(|c| c.type_ == statement.kind && c.status == status);
    Condition {
        type_: statement.kind.to_owned(),
        status: status.to_owned(),
        reason: statement.reason.to_owned(),
        message: plain(&statement.message).chars().take(1_024).collect(),
        observed_generation: generation,
        last_transition_time: unchanged
            .map_or(Time(stored(now).0), |c| c.last_transition_time.clone()),
    }
}

/// An instant in whole seconds, as the API server returns it. A status with fractions would never
/// equal the stored one.
pub fn stored(at: Timestamp) -> Instant {
    Instant(Timestamp::from_second(at.as_second()).unwrap_or(at))
}
