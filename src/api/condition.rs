//! Condition types and reasons, and the one way conditions are set.
//! `lastTransitionTime` moves only when a status flips, so that writing the same truth twice
//! is the same object and the operator never triggers itself.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::Instant;
use super::text::plain;

/// This generation was read and can be processed. Stays True for pending, overdue, expired and
/// rejected exceptions, so that no wait in a delivery pipeline hangs on governance.
pub const READY: &str = "Ready";
/// No part of the spec can be used.
pub const STALLED: &str = "Stalled";
/// Every check of a path compiles and stays within its budget.
pub const CHECKS_VALID: &str = "ChecksValid";
/// Some check of a path is announced and not yet enforced.
pub const ANNOUNCED: &str = "Announced";
/// The exceptions of a path are followed. Only there while they are not.
pub const EXCEPTIONS_FOLLOWED: &str = "ExceptionsFollowed";
/// The path's policy that warns on apply exists.
pub const WARN_ON_APPLY: &str = "WarnOnApply";
/// An exception was approved; the reason gives the assurance.
pub const APPROVED: &str = "Approved";
/// The next review of an exception is not past.
pub const REVIEW_CURRENT: &str = "ReviewCurrent";
/// An exception names a workload that is judged by its path.
pub const IN_USE: &str = "InUse";
/// A target of an exception still fails an excepted check.
pub const NEEDED: &str = "Needed";
/// Every check an exception names exists and may be excepted.
pub const CHECKS_KNOWN: &str = "ChecksKnown";
/// The path an exception names exists.
pub const PATH_FOUND: &str = "PathFound";

/// The current value of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// One of this module's condition types.
    pub kind: &'static str,
    /// `Some(true)` is True, `Some(false)` False, `None` Unknown.
    pub status: Option<bool>,
    /// A `PascalCase` word for machines.
    pub reason: &'static str,
    /// A sentence for people; made safe to show and bounded to 1,024 characters when stored.
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

/// An instant as the API server gives it back: instants are written in whole seconds, and a status
/// that holds more never equals the one that was stored.
pub fn stored(at: Timestamp) -> Instant {
    Instant(Timestamp::from_second(at.as_second()).unwrap_or(at))
}
