//! The periods by which rollouts are counted. The defaults are the documented ones.

use crate::api::Period;

/// The periods by which rollouts are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// A rollback this soon after the availability of a revision marks the revision as failed.
    pub failure_window: Period,
    /// Time without progress after which a rollout fails, for kinds without a deadline of their own.
    pub deadline: Period,
    /// Longest rollout of a `Deployment`, whose deadline every ready pod renews.
    pub longest_rollout: Period,
    /// A change that is reverted sooner than this before it is available is not a failure: a
    /// controller restored what it manages.
    pub reverted_within: Period,
    /// Longest plausible lead time.
    pub longest_lead_time: Period,
    /// A commit time may lie this far in the future.
    pub clock_skew: Period,
    /// An incident is linked to the latest change that became available this long before it.
    pub incident_gap: Period,
    /// An incident that is not resolved counts as open for this long.
    pub longest_incident: Period,
    /// A workload this young at first sight is a new one.
    pub new_within: Period,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            failure_window: Period::days(1),
            deadline: Period::seconds(600),
            longest_rollout: Period::days(1),
            reverted_within: Period::seconds(60),
            longest_lead_time: Period::days(365),
            clock_skew: Period::seconds(300),
            incident_gap: Period::days(1),
            longest_incident: Period::days(7),
            new_within: Period::seconds(3_600),
        }
    }
}
