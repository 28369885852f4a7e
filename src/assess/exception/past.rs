//! The part of an exception's history that its spec does not show: a rejection that was removed from
//! the spec, and deleted exceptions of the same name. The operator records it in `status`, which the
//! requester cannot write.

use jiff::Timestamp;

use super::counts_from;
use crate::api::condition::stored;
use crate::api::deviation_exception::{Decision, Outcome};
use crate::api::previous::Previous;
use crate::api::{DeviationExceptionSpec, DeviationExceptionStatus};

/// What counts against an exception beside its spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The latest rejection of this exception that was recorded or seen. It counts.
    pub rejected: Option<Rejection>,
    /// The deleted exceptions of its name.
    pub previous: Option<Previous>,
}

/// A rejection by an approver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejection {
    /// When.
    pub at: Timestamp,
    /// By whom, where that is recorded.
    pub by: Option<String>,
}

impl Rejection {
    /// The rejection that stands in the spec.
    pub fn in_spec(spec: &DeviationExceptionSpec) -> Option<Self> {
        let approval = spec.approval.as_ref()?;
        (approval.decision == Decision::Rejected).then(|| Self {
            at: approval.at.0,
            by: Some(approval.by.clone()),
        })
    }

    /// Whether it counts at `now`.
    pub fn counts(&self, now: Timestamp) -> bool {
        counts_from(self.at) <= now
    }

    fn recorded(status: &DeviationExceptionStatus) -> Option<Self> {
        Some(Self {
            at: status.rejected_at.as_ref()?.0,
            by: status.rejected_by.clone(),
        })
    }
}

impl Past {
    /// Reads what the operator recorded.
    pub fn read(status: Option<&DeviationExceptionStatus>) -> Self {
        Self {
            rejected: status.and_then(Rejection::recorded),
            previous: status.and_then(|status| status.previous.clone()),
        }
    }

    /// The past of the same object, whose record may be older than what was seen of it before.
    #[must_use]
    pub fn with(&self, seen: &Self) -> Self {
        let previous = self.previous.iter().chain(&seen.previous);
        Self {
            rejected: self.rejected.clone().max(seen.rejected.clone()),
            previous: previous.max_by_key(|previous| previous.times).cloned(),
        }
    }

    /// When an approver last rejected this exception or a deleted one of its name.
    pub fn rejected_at(&self) -> Option<Timestamp> {
        let previous = self.previous.as_ref();
        let before = previous.and_then(|previous| previous.rejected_at.as_ref());
        let own = self.rejected.as_ref().map(|rejection| rejection.at);
        own.max(before.map(|at| at.0))
    }

    /// Renewals of deleted exceptions of its name.
    pub fn renewals(&self) -> u32 {
        self.previous.as_ref().map_or(0, |before| before.renewals)
    }

    /// What is recorded of an exception with this spec and past in one that is created under its
    /// name. A self-declared exception that is created again gets a new period without an approval,
    /// as by a renewal, so it counts as one.
    pub fn after_deletion(
        &self,
        spec: &DeviationExceptionSpec,
        was_self_declared: bool,
        deleted_at: Timestamp,
    ) -> Previous {
        let reviews = spec.reviews.iter();
        let renewed = reviews.filter(|review| review.outcome == Outcome::Renewed);
        let renewals = u32::try_from(renewed.count()).unwrap_or(u32::MAX);
        let times = self.previous.as_ref().map_or(0, |before| before.times);
        Previous {
            deleted_at: stored(deleted_at),
            times: times.saturating_add(1),
            renewals: self
                .renewals()
                .saturating_add(renewals)
                .saturating_add(u32::from(was_self_declared)),
            rejected_at: self.rejected_at().map(stored),
        }
    }
}
