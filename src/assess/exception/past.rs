//! The part of an exception's history that its spec does not show: a removed rejection, and deleted
//! exceptions of the same name. The operator records it in `status`, which requesters cannot write.

use jiff::Timestamp;

use super::counts_from;
use crate::api::condition::stored;
use crate::api::deviation_exception::{Decision, ReviewOutcome};
use crate::api::previous::Previous;
use crate::api::{DeviationExceptionSpec, DeviationExceptionStatus};

/// History that counts in addition to the spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The latest rejection of this exception, recorded or seen.
    pub rejected: Option<Rejection>,
    /// The record of deleted exceptions of the same name.
    pub previous: Option<Previous>,
}

/// A rejection by an approver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rejection {
    /// Time of the decision.
    pub at: Timestamp,
    /// The approver, if recorded.
    pub by: Option<String>,
}

impl Rejection {
    /// The rejection in the spec.
    pub(crate) fn in_spec(spec: &DeviationExceptionSpec) -> Option<Self> {
        let approval = spec.approval.as_ref()?;
        (approval.decision == Decision::Rejected).then(|| Self {
            at: approval.at.0,
            by: Some(approval.by.clone()),
        })
    }

    /// Whether the rejection counts at `now`.
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
    /// Reads the operator's record.
    pub fn read(status: Option<&DeviationExceptionStatus>) -> Self {
        Self {
            rejected: status.and_then(Rejection::recorded),
            previous: status.and_then(|status| status.previous.clone()),
        }
    }

    /// Merged with what was seen of the same object before, which may be newer than its record.
    #[must_use]
    pub fn with(&self, seen: &Self) -> Self {
        let previous = self.previous.iter().chain(&seen.previous);
        Self {
            rejected: self.rejected.clone().max(seen.rejected.clone()),
            previous: previous.max_by_key(|previous| previous.times).cloned(),
        }
    }

    /// The latest rejection of this exception, or of a deleted one of the same name.
    pub fn rejected_at(&self) -> Option<Timestamp> {
        let of_deleted = self
            .previous
            .as_ref()
            .and_then(|previous| previous.rejected_at.as_ref())
            .map(|at| at.0);
        let own = self.rejected.as_ref().map(|rejection| rejection.at);
        own.max(of_deleted)
    }

    /// Renewals of deleted exceptions of the same name.
    pub fn renewals(&self) -> u32 {
        self.previous.as_ref().map_or(0, |before| before.renewals)
    }

    /// The record that the next exception of the same name gets. Re-creating a self-declared exception
    /// starts a new period without an approval, so it counts as a renewal.
    pub(crate) fn after_deletion(
        &self,
        spec: &DeviationExceptionSpec,
        was_self_declared: bool,
        deleted_at: Timestamp,
    ) -> Previous {
        let renewed = spec
            .reviews
            .iter()
            .filter(|review| review.outcome == ReviewOutcome::Renewed);
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
