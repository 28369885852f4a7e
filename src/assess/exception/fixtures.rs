//! Exceptions and policies for tests, created on 1 January 2026 under the default policy: 180 days at
//! most, a review every 90, a reminder 14 before, a lapse 30 after. No assertion is made here.

use jiff::Timestamp;

use super::Terms;
use crate::api::deviation_exception::{Approval, Decision, Renewal, Review, ReviewOutcome};
use crate::api::golden_path::{ExceptionPolicy, SelfDeclare, Severity};
use crate::api::period::Period;
use crate::api::{DeviationExceptionSpec, Instant};

/// Time of the creation and of the first approval.
pub(crate) fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

/// [`start`] plus this many days.
pub(crate) fn day(days: u64) -> Timestamp {
    Period::days(days).after(start())
}

/// An exception without a decision.
pub(crate) fn requested() -> DeviationExceptionSpec {
    serde_json::from_value(serde_json::json!({
        "path": "web",
        "checks": ["limits"],
        "targets": [{"kind": "Deployment", "name": "shop"}],
        "reason": "The vendor's image sizes its own heap and fails under a limit.",
        "owner": {"team": "shop"},
        "ownershipCost": {"hoursPerMonth": 2.0},
    }))
    .unwrap()
}

/// The same, approved at [`start`].
pub(crate) fn approved() -> DeviationExceptionSpec {
    DeviationExceptionSpec {
        approval: Some(approval(Decision::Approved, start())),
        ..requested()
    }
}

pub(crate) fn approval(decision: Decision, at: Timestamp) -> Approval {
    Approval {
        decision,
        by: "ada".into(),
        at: Instant(at),
        note: None,
    }
}

pub(crate) fn review(outcome: ReviewOutcome, at: Timestamp) -> Review {
    Review {
        by: "ada".into(),
        at: Instant(at),
        outcome,
        expires_at: None,
        note: None,
    }
}

pub(crate) fn renewed(at: Timestamp) -> Review {
    review(ReviewOutcome::Renewed, at)
}

pub(crate) fn renewed_until(at: Timestamp, end: Timestamp) -> Review {
    Review {
        expires_at: Some(Instant(end)),
        ..renewed(at)
    }
}

pub(crate) fn closed(at: Timestamp) -> Review {
    review(ReviewOutcome::Closed, at)
}

pub(crate) fn renewal_requested(at: Timestamp) -> Renewal {
    Renewal {
        requested_at: Instant(at),
        by: "sam".into(),
        still_needed_because: "The vendor has not answered yet.".into(),
    }
}

/// A policy that lets teams declare small deviations for 30 days and renew them once.
pub(crate) fn self_declare_policy() -> ExceptionPolicy {
    ExceptionPolicy {
        self_declare: Some(SelfDeclare {
            max_severity: Severity::Low,
            max_duration: Period::days(30),
            max_renewals: 1,
        }),
        ..ExceptionPolicy::default()
    }
}

/// Terms with light checks and an unchanged workload.
pub(crate) fn terms(policy: &ExceptionPolicy) -> Terms<'_> {
    Terms {
        policy,
        within_self_declare_severity: true,
        bound_to_matches: true,
    }
}
