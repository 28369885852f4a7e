//! Sums and medians of whole days over the records of each path, team and status.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::entries::day;
use super::figures::{WINDOWS, first_day, median, sum};
use super::side::Side;
use super::tracked::WithRecord;
use crate::api::delivery_record::DeliveryCounts;

/// What figures of a window are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowKey<'a> {
    /// Length of the window.
    pub days: u32,
    /// The path that judges the workloads.
    pub path: &'a str,
    /// Their team.
    pub team: &'a str,
    /// The status in force before each rollout.
    pub side: Side,
}

/// Figures of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowTotals {
    /// The numbers.
    pub counts: DeliveryCounts,
    /// Median lead time in seconds.
    pub lead_time: Option<u32>,
    /// Number of rollouts with a lead time.
    pub lead_times: usize,
    /// Median recovery time in seconds.
    pub recovery_time: Option<u32>,
    /// Number of failures with a recovery time.
    pub recovery_times: usize,
}

#[derive(Debug, Default)]
struct Collected {
    counts: DeliveryCounts,
    leads: Vec<u32>,
    recoveries: Vec<u32>,
}

/// Collects the figures of each group, one record after another. Zeros are included: the status that is in
/// force has a group before it counts.
#[derive(Debug)]
pub struct Windows<'a> {
    firsts: [(u32, String); WINDOWS.len()],
    today: String,
    groups: BTreeMap<WindowKey<'a>, Collected>,
}

impl<'a> Windows<'a> {
    /// Windows that end today.
    pub fn until(now: Timestamp) -> Self {
        Self {
            firsts: WINDOWS.map(|days| (days, first_day(now, days))),
            today: day(now),
            groups: BTreeMap::new(),
        }
    }

    /// Adds a record. `team` is the label of its team, which small teams may share.
    pub fn add(&mut self, it: &WithRecord<'a>, team: &'a str) {
        let Some(path) = it.of.path else {
            return;
        };
        let key = |days, side| WindowKey {
            days,
            path,
            team,
            side,
        };
        for (days, first) in &self.firsts {
            if let Some(side) = it.of.side {
                self.groups.entry(key(*days, side)).or_default();
            }
            let counted = it
                .record
                .days
                .iter()
                .filter(|day| day.day >= *first && day.day <= self.today);
            for day in counted {
                let Some(side) = Side::of(&day.standing) else {
                    continue;
                };
                let group = self.groups.entry(key(*days, side)).or_default();
                group.counts = sum(group.counts, day.counts);
                group.leads.extend(&day.lead_times);
                group.recoveries.extend(&day.recovery_times);
            }
        }
    }

    /// The figures of each group.
    pub fn totals(self) -> BTreeMap<WindowKey<'a>, WindowTotals> {
        let totals = |group: Collected| WindowTotals {
            counts: group.counts,
            lead_times: group.leads.len(),
            lead_time: median(group.leads),
            recovery_times: group.recoveries.len(),
            recovery_time: median(group.recoveries),
        };
        self.groups
            .into_iter()
            .map(|(key, group)| (key, totals(group)))
            .collect()
    }
}
