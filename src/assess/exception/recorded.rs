//! The terms an exception lives by when nobody knows its path any more: read back from the status
//! that was stored while somebody did, so that the exceptions of a deleted path stay as they are
//! through a restart of the operator. It grants nothing that the path had not granted.

use jiff::Timestamp;

use crate::api::condition::APPROVED;
use crate::api::deviation_exception::Outcome;
use crate::api::golden_path::{ExceptionPolicy, SelfDeclare, Severity};
use crate::api::period::Period;
use crate::api::{DeviationExceptionSpec, DeviationExceptionStatus};
use crate::assess::exception::assurance::Assurance;

/// Longer than anything a path may say.
const LONGEST: Period = Period::days(9_999);

/// Terms without a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The rules for exceptions, as far as the status tells them; the default ones otherwise.
    pub policy: ExceptionPolicy,
    /// Whether its checks were light enough for its team to declare it.
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
        let is = |assurance: Assurance| says(status, assurance.as_str());
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
            // The end on record has seen to it.
            lapse_after: end.map_or(default.lapse_after, |_| LONGEST),
            self_declare: is_light.then(|| limits(status)),
            ..default
        };
        Self { policy, is_light }
    }
}

fn says(status: &DeviationExceptionStatus, reason: &str) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|stored| stored.type_ == APPROVED && stored.reason == reason)
}

/// What it has taken of what its path let its team do alone, and no more.
fn limits(status: &DeviationExceptionStatus) -> SelfDeclare {
    let before = status.previous.as_ref();
    let before = before.map_or(0, |previous| previous.renewals);
    let renewals = status.renewals.unwrap_or_default().saturating_add(before);
    SelfDeclare {
        max_severity: Severity::High,
        max_duration: LONGEST,
        max_renewals: u8::try_from(renewals).unwrap_or(u8::MAX),
    }
}

/// The decision the status counts from: a renewal that came later is not in it yet.
fn decided(
    spec: &DeviationExceptionSpec,
    status: &DeviationExceptionStatus,
    declared: Option<Timestamp>,
) -> Option<Timestamp> {
    let approval = spec.approval.as_ref().filter(|_| declared.is_none());
    let reviews = spec.reviews.iter();
    let renewed = reviews.filter(|review| review.outcome == Outcome::Renewed);
    let mut renewals: Vec<Timestamp> = renewed.map(|review| review.at.0).collect();
    renewals.sort_unstable();
    let counted = status.renewals.unwrap_or_default();
    renewals.truncate(usize::try_from(counted).unwrap_or(usize::MAX));
    let first = declared.or(approval.map(|approval| approval.at.0));
    first.max(renewals.last().copied())
}

/// Whole seconds, as a status has them.
fn between(start: Timestamp, end: Timestamp) -> Period {
    let seconds = end.as_second().saturating_sub(start.as_second());
    Period::seconds(u64::try_from(seconds).unwrap_or_default())
}
