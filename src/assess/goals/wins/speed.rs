//! Lead time and recovery time of a team's services on the path, this month beside the one before, from
//! the daily counts of delivery records. Only a clearly shorter time with enough observations on both
//! sides is a win; anything else is not said.

use jiff::Timestamp;

use super::content::{Comparison, Evidence, Median};
use super::month::Month;
use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::DayCount;
use crate::assess::delivery::contrast::{MIN_COVERAGE, MIN_PAIRED_ROLLOUTS};
use crate::assess::delivery::figures::{median, reaches_back_to};

/// The longest a time may be to count as shorter, in percent of the time before.
const SHORTER: u64 = 80;

/// What the records of a team's services hold of two months.
#[derive(Clone, Debug, Default)]
pub(super) struct Speed {
    before: Sample,
    after: Sample,
    services: usize,
}

#[derive(Clone, Debug, Default)]
struct Sample {
    leads: Vec<u32>,
    recoveries: Vec<u32>,
    rollouts: u32,
    failed: u32,
}

impl Sample {
    fn add(&mut self, day: &DayCount) {
        self.leads.extend(&day.lead_times);
        self.recoveries.extend(&day.recovery_times);
        self.rollouts = self.rollouts.saturating_add(day.counts.rollouts);
        self.failed = self.failed.saturating_add(day.counts.failed);
    }
}

impl Speed {
    /// Adds the records of one service.
    pub fn add(&mut self, records: &[DeliveryRecordStatus], month: Month) {
        let mut is_measured = false;
        for day in records.iter().flat_map(|record| &record.days) {
            if month.has_day(&day.day) {
                self.after.add(day);
                is_measured = true;
            } else if month.before().has_day(&day.day) {
                self.before.add(day);
            }
        }
        self.services += usize::from(is_measured);
    }

    /// The times that are shorter than in the month before. Records hold 90 days, so that a late digest
    /// has none.
    pub fn evidence(&self, month: Month, as_of: Timestamp) -> Vec<Evidence> {
        if !reaches_back_to(month.before().start(), as_of) {
            return Vec::new();
        }
        let times = |before, after| compare(before, after, self.services);
        let lead = times(
            (&self.before.leads, self.before.rollouts),
            (&self.after.leads, self.after.rollouts),
        );
        let recovery = times(
            (&self.before.recoveries, self.before.failed),
            (&self.after.recoveries, self.after.failed),
        );
        lead.map(Evidence::LeadTime)
            .into_iter()
            .chain(recovery.map(Evidence::Recovery))
            .collect()
    }
}

/// Observations, and how many there could be.
type Observed<'a> = (&'a Vec<u32>, u32);

fn compare(before: Observed<'_>, after: Observed<'_>, services: usize) -> Option<Comparison> {
    let (before, after) = (measured(before)?, measured(after)?);
    let is_shorter = u64::from(after.seconds) * 100 <= u64::from(before.seconds) * SHORTER;
    (is_shorter && before.seconds > 0).then_some(Comparison {
        before,
        after,
        services,
    })
}

fn measured((times, of): Observed<'_>) -> Option<Median> {
    let n = times.len();
    let is_covered = n as u64 * 100 >= u64::from(of) * u64::from(MIN_COVERAGE);
    if n < MIN_PAIRED_ROLLOUTS || !is_covered {
        return None;
    }
    let seconds = median(times.clone())?;
    Some(Median { seconds, n })
}
