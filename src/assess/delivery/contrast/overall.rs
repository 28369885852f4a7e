//! Figures of all rollouts, of either side or none, for a figure that is compared with a target instead
//! of another side. They are withheld by the same rules.

use jiff::Timestamp;

use super::Figures;
use super::pool::{Pool, Within};
use crate::assess::delivery::side::Side;
use crate::assess::delivery::tracked::WithRecord;

/// Collects the rollouts of the last days, one record after another.
#[derive(Debug)]
pub struct Overall<'a> {
    within: Within,
    pool: Pool<'a>,
}

impl<'a> Overall<'a> {
    /// So many days, today included.
    pub fn last(days: u32, now: Timestamp) -> Self {
        Self {
            within: Within::last(days, now),
            pool: Pool::default(),
        }
    }

    /// Adds a workload with its record.
    pub fn add(&mut self, it: &WithRecord<'a>) {
        self.pool.add_whole(it, &self.within);
    }

    /// The figures. Deployments per week are not among them: a service has a pace on one side.
    pub fn figures(&self) -> Figures {
        self.pool.figures(Side::Deviating)
    }
}
