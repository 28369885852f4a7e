//! Whether the creation time of a workload says when its service began. In a rebuilt cluster it does not:
//! objects as old as the cluster, and those created in bulk with it, are older than they look. Nothing is
//! counted here.

use jiff::Timestamp;

use crate::api::Period;
use crate::assess::workload::Workload;

/// Objects created this soon after the cluster came with it.
const WITH_THE_CLUSTER: Period = Period::days(1);
/// A day on which most workloads were created came with the cluster, if it is this soon after its beginning.
const BULK_WITHIN: Period = Period::days(30);

/// Which creation times say nothing about births.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BirthRule {
    /// When the cluster began: the creation of the namespace `kube-system`, if known.
    cluster: Option<Timestamp>,
    /// The day on which most workloads were created, if there is one.
    bulk_day: Option<i64>,
}

impl BirthRule {
    /// The rule of a cluster that began at `cluster`, if known.
    pub(in crate::assess) fn new(cluster: Option<Timestamp>, bulk_day: Option<i64>) -> Self {
        let is_early =
            |born: Timestamp| bulk_day.filter(|day| *day <= day_of(BULK_WITHIN.after(born)));
        Self {
            cluster,
            bulk_day: cluster.and_then(is_early),
        }
    }

    /// Whether the birth of a workload is unknown: it states none, and it was created with the cluster.
    pub(crate) fn hides(&self, workload: &Workload) -> bool {
        let Some((cluster, created)) = self.cluster.zip(workload.created()) else {
            return false;
        };
        !workload.attributes.states_birth
            && (created <= WITH_THE_CLUSTER.after(cluster)
                || self.bulk_day == Some(day_of(created)))
    }
}

/// The number of a day in UTC.
pub(in crate::assess) fn day_of(instant: Timestamp) -> i64 {
    instant.as_second().div_euclid(86_400)
}
