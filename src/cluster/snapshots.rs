//! The latest report and the latest adoption metrics, shared by all requests while they are current.
//! Building one reads a view, and never holds the inventory's lock.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use prometheus::proto::MetricFamily;

use crate::api::Period;
use crate::assess::adoption::index::Contributions;
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;
use crate::assess::source::Problem;
use crate::report::document::Report;

/// The oldest snapshot that is served, although nothing that it counts changed.
const LONGEST: Period = Period::seconds(60);

/// A copy of the inventory and its counts at one instant, behind no lock.
#[derive(Debug)]
pub struct View {
    pub inventory: Inventory,
    pub contributions: Contributions,
    pub register: Register,
    pub now: Timestamp,
    /// When time alone next changes an answer.
    pub next_change: Option<Timestamp>,
}

/// The snapshots of one operator.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// The report.
    pub(super) report: Snapshot<Report>,
    /// Metrics computed from the inventory.
    pub(super) families: Snapshot<Vec<MetricFamily>>,
}

/// One value computed from the inventory.
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
    fn is_true(&self, version: u64, now: Timestamp) -> bool {
        self.version == version && self.as_of <= now && now < self.until
    }
}

impl<T> Default for Snapshot<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Snapshot<T> {
    /// The latest value while version, time and `problems` leave it current, else a new one. Callers that
    /// ask at the same time share one.
    pub(super) fn get(
        &self,
        version: impl FnOnce() -> u64,
        now: Timestamp,
        problems: Vec<Problem>,
        view: impl FnOnce() -> View,
        build: impl FnOnce(&View, &[Problem]) -> T,
    ) -> Arc<T> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*latest
            && known.is_true(version(), now)
            && known.problems == problems
        {
            return known.value.clone();
        }
        // Drop the old value before the new one is built, so that memory never holds both.
        *latest = None;
        let view = view();
        let value = Arc::new(build(&view, &problems));
        let longest = LONGEST.after(view.now);
        *latest = Some(Latest {
            value: value.clone(),
            version: view.inventory.version(),
            problems,
            as_of: view.now,
            until: view.next_change.map_or(longest, |next| next.min(longest)),
        });
        value
    }

    /// Frees the memory of a value that is outdated.
    pub(super) fn drop_outdated(&self, version: u64, now: Timestamp) {
        if let Ok(mut latest) = self.0.try_lock() {
            latest.take_if(|known| !known.is_true(version, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::settings::Settings;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn view(inventory: &Mutex<Inventory>, second: i64) -> View {
        View {
            inventory: inventory.lock().unwrap().snapshot(),
            contributions: Contributions::default(),
            register: Register::default(),
            now: at(second),
            next_change: None,
        }
    }

    fn asked(snapshot: &Snapshot<i64>, inventory: &Mutex<Inventory>, second: i64) -> i64 {
        let version = || inventory.lock().unwrap().version();
        let view = || view(inventory, second);
        *snapshot.get(version, at(second), Vec::new(), view, |view, _| {
            view.now.as_second()
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
            let version = || inventory.lock().unwrap().version();
            let view = || view(&inventory, 100);
            let found = snapshot.get(version, at(100), problems, view, |_, problems| {
                problems.len()
            });
            assert_eq!(*found, known);
        }
    }

    #[test]
    fn an_outdated_value_is_freed() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = Snapshot::default();
        assert_eq!(asked(&snapshot, &inventory, 100), 100);
        snapshot.drop_outdated(inventory.lock().unwrap().version(), at(120));
        assert!(snapshot.0.lock().unwrap().is_some());
        snapshot.drop_outdated(inventory.lock().unwrap().version(), at(160));
        assert!(snapshot.0.lock().unwrap().is_none());
    }
}
