//! Terms of an exception whose path is deleted, reconstructed from its last status, so that it keeps
//! its phase when the operator restarts. They never grant more than the path granted.

use jiff::Timestamp;

use crate::api::condition::APPROVED;
use crate::api::deviation_exception::ReviewOutcome;
use crate::api::golden_path::{ExceptionPolicy, SelfDeclare, Severity};
use crate::api::period::Period;
use crate::api::{DeviationExceptionSpec, DeviationExceptionStatus};
use crate::assess::exception::assurance::Assurance;

/// Longer than any limit of a path.
const LONGEST: Period = Period::days(9_999);

/// Terms without a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The rules for exceptions, as far as the status shows them; otherwise the defaults.
    pub policy: ExceptionPolicy,
    /// Whether the team declared it itself, so that its checks were within `selfDeclare.maxSeverity`.
    pub is_light: bool,
}

impl Recorded {
    /// The terms in `status` of an exception created at `created`.
    pub fn read(
        spec: &DeviationExceptionSpec,
        created: Timestamp,
        status: Option<&DeviationExceptionStatus>,
    ) -> Self {
        let Some(status) = status else {
            return Self::default();
        };
        let is = |assurance: Assurance| has_reason(status, assurance.as_str());
        let is_light = is(Assurance::SelfDeclared);
        let is_own_word = is_light || is(Assurance::NotRequired);
        let decided = decided(spec, status, is_own_word.then_some(created));
        let since = |end: Timestamp| decided.map(|decided| between(decided, end));
        let default = ExceptionPolicy::default();
        let review = status.next_review_at.as_ref().and_then(|at| since(at.0));
        let end = status.effective_expiry.as_ref().and_then(|at| since(at.0));
        let policy = ExceptionPolicy {
            require_approval: !is(Assurance::NotRequired),
            review_every: review.unwrap_or(default.review_every),
            max_duration: end.unwrap_or(default.max_duration),
            // The recorded end already accounts for lapsing.
            lapse_after: end.map_or(default.lapse_after, |_| LONGEST),
            self_declare: is_light.then(|| limits(status)),
            ..default
        };
        Self { policy, is_light }
    }
}

/// Whether the condition `Approved` has this reason.
fn has_reason(status: &DeviationExceptionStatus, reason: &str) -> bool {
    status
        .conditions
        .iter()
        .any(|stored| stored.type_ == APPROVED && stored.reason == reason)
}

/// Limits that allow exactly what the exception already used.
fn limits(status: &DeviationExceptionStatus) -> SelfDeclare {
    let earlier = status
        .previous
        .as_ref()
        .map_or(0, |previous| previous.renewals);
    let renewals = status.renewals.unwrap_or_default().saturating_add(earlier);
    SelfDeclare {
        max_severity: Severity::High,
        max_duration: LONGEST,
        max_renewals: u8::try_from(renewals).unwrap_or(u8::MAX),
    }
}

/// The decision that the status is based on. A later renewal is not in it yet.
fn decided(
    spec: &DeviationExceptionSpec,
    status: &DeviationExceptionStatus,
    declared: Option<Timestamp>,
) -> Option<Timestamp> {
    let approval = spec.approval.as_ref().filter(|_| declared.is_none());
    let mut renewals: Vec<Timestamp> = spec
        .reviews
        .iter()
        .filter(|review| review.outcome == ReviewOutcome::Renewed)
        .map(|review| review.at.0)
        .collect();
    renewals.sort_unstable();
    let counted = status.renewals.unwrap_or_default();
    renewals.truncate(usize::try_from(counted).unwrap_or(usize::MAX));
    let first = declared.or(approval.map(|approval| approval.at.0));
    first.max(renewals.last().copied())
}

/// The time from `start` to `end` in whole seconds, the precision of a status.
fn between(start: Timestamp, end: Timestamp) -> Period {
    let seconds = end.as_second().saturating_sub(start.as_second());
    Period::seconds(u64::try_from(seconds).unwrap_or_default())
}
