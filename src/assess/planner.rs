//! Wanted writes as data: one planner for each kind of write, beside the facts and not in them. A
//! planner compares what is stored with what the facts ask for. `plan` gives the writes that are due,
//! `ended` takes how one of them ended, `wake_at` (or `again_at` of a plan) is when to plan again
//! although nothing changed. Planning again after a plan was carried out yields nothing. Planners read
//! no clock and write nothing themselves; they pace every object with the one `pacing`.

use jiff::Timestamp;

use crate::assess::adoption::index::Contributions;
use crate::assess::inventory::Inventory;

mod by_slot;
pub mod labels;
pub mod pacing;
pub mod policy_reports;
pub mod service_labels;
pub mod status;
pub mod statuses;
pub mod warning_policies;

/// The planners that every operator has. Policy reports are planned only where a cluster takes them.
#[derive(Debug, Default)]
pub struct Planners {
    pub labels: labels::LabelPlanner,
    pub service_labels: service_labels::ServiceLabelPlanner,
    pub statuses: statuses::StatusPlanner,
    pub warning_policies: warning_policies::PolicyPlanner,
}

impl Planners {
    /// The statuses to store now. A path's status also tells how its warning policy is stored.
    pub fn plan_statuses(
        &mut self,
        facts: &mut Inventory,
        contributions: &Contributions,
        now: Timestamp,
    ) -> statuses::StatusPlan {
        facts.count_faults(&contributions.faults());
        self.warning_policies.generate(facts, now);
        self.statuses
            .plan(facts, contributions, &self.warning_policies, now)
    }

    /// A number that grows with what only planners learn, beside the inventory's own version.
    pub fn version(&self) -> u64 {
        self.warning_policies.version()
    }

    /// Our labels that other clients changed, counted since the start.
    pub fn label_conflicts(&self) -> u64 {
        self.labels.conflicts() + self.service_labels.conflicts()
    }
}
