//! How many workloads were created on which day, counted as they come and go: a day with most of them is
//! the day a cluster was rebuilt. Workloads that state their birth do not count.

use std::collections::BTreeMap;

use crate::assess::inventory::Inventory;
use crate::assess::verdict::birth::{BirthRule, day_of};
use crate::assess::workload::Workload;

/// Fewer workloads on one day are no bulk.
const LEAST_BULK: usize = 20;
/// The namespace that is as old as its cluster.
pub(crate) const OLDEST_NAMESPACE: &str = "kube-system";

/// Workloads by day of creation.
#[derive(Debug, Default)]
pub(super) struct CreationDays {
    by_day: BTreeMap<i64, usize>,
    total: usize,
    bulk_day: Option<i64>,
}

impl CreationDays {
    /// What readers need of it.
    pub fn snapshot(&self) -> Self {
        Self {
            bulk_day: self.bulk_day,
            ..Self::default()
        }
    }

    /// Follows a workload from one day of creation to another; none is where it is not counted.
    pub fn follow(&mut self, before: Option<i64>, after: Option<i64>) {
        if before == after {
            return;
        }
        if let Some(day) = before
            && let Some(count) = self.by_day.get_mut(&day)
        {
            *count -= 1;
            self.total -= 1;
            if *count == 0 {
                self.by_day.remove(&day);
            }
        }
        if let Some(day) = after {
            *self.by_day.entry(day).or_default() += 1;
            self.total += 1;
        }
        self.bulk_day = match (before, after) {
            // Where one only joins, no day but its own can become the bulk.
            (None, Some(day)) => [Some(day), self.bulk_day]
                .into_iter()
                .flatten()
                .find(|day| self.is_bulk(*day)),
            _ => self.by_day.keys().copied().find(|day| self.is_bulk(*day)),
        };
    }

    /// More than half of all: at most one day is.
    fn is_bulk(&self, day: i64) -> bool {
        let count = self.by_day.get(&day).copied().unwrap_or_default();
        count >= LEAST_BULK && count * 2 > self.total
    }
}

/// The day of creation that counts.
pub(super) fn counted_day(workload: &Workload) -> Option<i64> {
    let created = workload
        .created()
        .filter(|_| !workload.attributes.states_birth);
    created.map(day_of)
}

impl Inventory {
    /// Which creation times say nothing about births now.
    pub(in crate::assess) fn birth_rule(&self) -> BirthRule {
        let oldest = self.namespaces.get(OLDEST_NAMESPACE);
        let cluster = oldest.and_then(|ns| ns.namespace.as_ref()?.created);
        BirthRule::new(cluster, self.creation_days.bulk_day)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_bulk_day_that_follows_changes_is_the_one_counted_anew(
            moves in prop::collection::vec((0_usize..60, prop::option::of(0_i64..3)), 1..200),
        ) {
            let mut days = CreationDays::default();
            let mut workloads = vec![None; 60];
            for (workload, day) in moves {
                days.follow(workloads[workload], day);
                workloads[workload] = day;
                let all = workloads.iter().flatten().count();
                let on = |day: i64| workloads.iter().filter(|at| **at == Some(day)).count();
                let bulk = (0..3).find(|day| on(*day) >= LEAST_BULK && on(*day) * 2 > all);
                prop_assert_eq!(days.bulk_day, bulk);
                prop_assert_eq!(days.total, all);
            }
        }
    }
}
