//! Wanted writes as data: one planner for each kind of write, outside the inventory. A planner compares
//! the stored objects with the facts. `plan` returns the writes that are due, `ended` records the result
//! of one, and `wake_at` (or `again_at` of a plan) is when to plan again without a change.
//! **Invariant:** planning again after a plan was carried out yields nothing. Planners read no clock and
//! write nothing themselves; they pace each object with `pacing`.

use jiff::Timestamp;

use crate::assess::adoption::index::Contributions;
use crate::assess::goals::objective::measurement::Measurements;
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;

mod by_slot;
pub mod delivery;
pub mod labels;
pub mod objectives;
pub mod pacing;
pub mod policy_reports;
pub mod service_labels;
pub(crate) mod status;
pub mod statuses;
pub mod warning_policies;

/// The planners of every operator. Policy reports have their own planner, because not every cluster
/// serves them.
#[derive(Debug, Default)]
pub struct Planners {
    pub labels: labels::LabelPlanner,
    pub service_labels: service_labels::ServiceLabelPlanner,
    pub statuses: statuses::StatusPlanner,
    pub warning_policies: warning_policies::PolicyPlanner,
    pub delivery: delivery::DeliveryPlanner,
    /// What was measured of key results: an input of statuses.
    pub measurements: Measurements,
}

impl Planners {
    /// The statuses to store now. A path's status also reports the state of its warning policy, and an
    /// objective's what was measured.
    pub fn plan_statuses(
        &mut self,
        facts: &Inventory,
        contributions: &Contributions,
        register: &Register,
        now: Timestamp,
    ) -> statuses::StatusPlan {
        self.warning_policies.generate(facts, now);
        let beside = statuses::Beside {
            policies: &self.warning_policies,
            measurements: &self.measurements,
        };
        self.statuses
            .plan(facts, contributions, register, beside, now)
    }

    /// A counter of changes that only planners see. The inventory has its own version.
    pub fn version(&self) -> u64 {
        self.warning_policies.version() + self.delivery.version() + self.measurements.version()
    }

    /// Changes of our labels by other clients since the start.
    pub fn label_conflicts(&self) -> u64 {
        self.labels.conflicts() + self.service_labels.conflicts()
    }
}
