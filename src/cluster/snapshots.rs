//! The latest report and the latest adoption metrics, shared by everyone who asks while they are
//! true. Building one holds the inventory's lock; serialising and sending it must not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use prometheus::proto::MetricFamily;

use crate::api::Period;
use crate::assess::inventory::{DELETED_PATH_GRACE, Inventory};
use crate::assess::source::Problem;
use crate::assess::verdict::AsOf;
use crate::report::document::Report;

/// The oldest snapshot that is given out: counts by age have no instant of change of their own.
const LONGEST: Period = Period::seconds(60);

/// The snapshots of one operator.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// The report.
    pub(super) report: Snapshot<Report>,
    /// Metrics computed from the inventory.
    pub(super) families: Snapshot<Vec<MetricFamily>>,
}

/// One value worked out from the inventory.
#[derive(Debug)]
pub(super) struct Snapshot<T>(Mutex<Option<Latest<T>>>);

#[derive(Debug)]
struct Latest<T> {
    value: Arc<T>,
    version: u64,
    problems: Vec<Problem>,
    as_of: Timestamp,
    until: Timestamp,
}

impl<T> Latest<T> {
    fn is_true(&self, inventory: &Inventory, now: Timestamp) -> bool {
        self.version == inventory.version() && self.as_of <= now && now < self.until
    }
}

impl<T> Default for Snapshot<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Snapshot<T> {
    /// The latest value while neither a change of the inventory, time nor `problems` makes it
    /// another one, else a new one. Callers that ask at the same time share one.
    pub(super) fn get<'a>(
        &self,
        lock: impl FnOnce() -> MutexGuard<'a, Inventory>,
        now: Timestamp,
        problems: Vec<Problem>,
        build: impl FnOnce(&Inventory, &AsOf, &[Problem]) -> T,
    ) -> Arc<T> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let inventory = lock();
        if let Some(known) = &*latest
            && known.is_true(&inventory, now)
            && known.problems == problems
        {
            return known.value.clone();
        }
        // The old value goes before the new one is built, so that memory never holds both.
        *latest = None;
        let as_of = AsOf::new(now);
        let value = Arc::new(build(&inventory, &as_of, &problems));
        let longest = LONGEST.after(now);
        let until = next_change(&inventory, &as_of).map_or(longest, |next| next.min(longest));
        *latest = Some(Latest {
            value: value.clone(),
            version: inventory.version(),
            problems,
            as_of: now,
            until,
        });
        value
    }

    /// Frees the memory of a value that is outdated.
    pub(super) fn drop_outdated(&self, inventory: &Inventory, now: Timestamp) {
        if let Ok(mut latest) = self.0.try_lock() {
            latest.take_if(|known| !known.is_true(inventory, now));
        }
    }
}

/// The next instant at which time alone changes an answer.
fn next_change(inventory: &Inventory, as_of: &AsOf) -> Option<Timestamp> {
    let ctx = inventory.judge_context(as_of);
    let graces = inventory
        .paths()
        .iter()
        .filter_map(|path| Some(DELETED_PATH_GRACE.after(path.deleted?)));
    let exceptions = inventory.namespaces().flat_map(|(_, ns)| {
        ns.exceptions()
            .filter_map(|exception| ctx.life(ns, exception).next_change)
    });
    inventory
        .paths()
        .iter()
        .filter_map(|path| path.next_change(as_of.now))
        .chain(graces)
        .chain(exceptions)
        .filter(|at| *at > as_of.now)
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::settings::Settings;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn asked(snapshot: &Snapshot<i64>, inventory: &Mutex<Inventory>, second: i64) -> i64 {
        let lock = || inventory.lock().unwrap();
        *snapshot.get(lock, at(second), Vec::new(), |_, as_of, _| {
            as_of.now.as_second()
        })
    }

    #[test]
    fn a_value_is_shared_until_the_inventory_or_time_changes_it() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = Snapshot::default();
        assert_eq!(asked(&snapshot, &inventory, 100), 100);
        assert_eq!(asked(&snapshot, &inventory, 130), 100);
        inventory.lock().unwrap().set_exceptions_kept(true);
        assert_eq!(asked(&snapshot, &inventory, 131), 131);
        assert_eq!(asked(&snapshot, &inventory, 190), 131);
        assert_eq!(asked(&snapshot, &inventory, 191), 191);
        assert_eq!(asked(&snapshot, &inventory, 150), 150);
    }

    #[test]
    fn a_problem_of_the_cluster_makes_a_new_value() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = Snapshot::default();
        let problem = Problem::new("Rollout", "cannot be followed");
        for (problems, known) in [
            (vec![], 0),
            (vec![problem.clone()], 1),
            (vec![problem], 1),
            (vec![], 0),
        ] {
            let lock = || inventory.lock().unwrap();
            let found = snapshot.get(lock, at(100), problems, |_, _, problems| problems.len());
            assert_eq!(*found, known);
        }
    }

    #[test]
    fn an_outdated_value_is_freed() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = Snapshot::default();
        assert_eq!(asked(&snapshot, &inventory, 100), 100);
        snapshot.drop_outdated(&inventory.lock().unwrap(), at(120));
        assert!(snapshot.0.lock().unwrap().is_some());
        snapshot.drop_outdated(&inventory.lock().unwrap(), at(160));
        assert!(snapshot.0.lock().unwrap().is_none());
    }
}
