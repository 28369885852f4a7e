//! The view that reports are written from, and the latest adoption metrics, shared by all requests while
//! they are current. Building one reads a view, and never holds the inventory's lock.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use jiff::Timestamp;

use crate::api::Period;
use crate::assess::adoption::index::Contributions;
use crate::assess::delivery::tallies::Tallies;
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;
use crate::assess::source::Problem;
use crate::report::document::Summary;
use crate::report::document::service_index::ServiceIndex;
use crate::report::document::view::ReportView;

/// The oldest snapshot that is served, although nothing that it counts changed.
const LONGEST: Period = Period::seconds(60);

/// A copy of the inventory and its counts at one instant, behind no lock.
#[derive(Debug)]
pub struct View {
    pub inventory: Inventory,
    pub contributions: Contributions,
    pub register: Register,
    /// Rollouts counted so far.
    pub tallies: Tallies,
    pub now: Timestamp,
    /// When time alone next changes an answer.
    pub next_change: Option<Timestamp>,
}

impl View {
    /// Grows with every change of what the view shows.
    fn version(&self) -> u64 {
        self.inventory.version() + self.tallies.version()
    }
}

/// The snapshots of one operator.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// What reports are written from.
    pub(super) report: ReportSnapshot,
    /// Metrics computed from the inventory, as text.
    pub(super) metrics: Snapshot<String>,
}

/// The facts that a snapshot is true for.
#[derive(Debug)]
struct Validity {
    version: u64,
    as_of: Timestamp,
    until: Timestamp,
}

impl Validity {
    fn of(view: &View) -> Self {
        let longest = LONGEST.after(view.now);
        Self {
            version: view.version(),
            as_of: view.now,
            until: view.next_change.map_or(longest, |next| next.min(longest)),
        }
    }

    fn holds(&self, version: u64, now: Timestamp) -> bool {
        self.version == version && self.as_of <= now && now < self.until
    }
}

/// One value computed from the inventory.
#[derive(Debug)]
pub(super) struct Snapshot<T>(Mutex<Option<(Arc<T>, Validity)>>);

impl<T> Default for Snapshot<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Snapshot<T> {
    /// The latest value while version and time leave it current, else a new one. Callers that ask at the
    /// same time share one.
    pub(super) fn get(
        &self,
        version: impl FnOnce() -> u64,
        now: Timestamp,
        view: impl FnOnce() -> View,
        build: impl FnOnce(&View) -> T,
    ) -> Arc<T> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, validity)) = &*latest
            && validity.holds(version(), now)
        {
            return value.clone();
        }
        // Drop the old value before the new one is built, so that memory never holds both.
        *latest = None;
        let view = view();
        let value = Arc::new(build(&view));
        *latest = Some((value.clone(), Validity::of(&view)));
        value
    }
}

/// The view that reports are written from. Its readers alone hold it, because the writer copies what
/// changes meanwhile; the numbers are small and stay. The list of services, some 100 B each, stays while it
/// is read.
#[derive(Debug, Default)]
pub(super) struct ReportSnapshot(Mutex<Option<LatestReport>>);

#[derive(Debug)]
struct LatestReport {
    view: Weak<ReportView>,
    validity: Validity,
    /// The instant of the report, in whole seconds.
    as_of: Timestamp,
    problems: Vec<Problem>,
    summary: Arc<OnceLock<Summary>>,
    services: Arc<OnceLock<ServiceIndex>>,
    /// Whether a reader has asked for a view since the last tick of the clock.
    is_read: bool,
}

impl LatestReport {
    fn holds(&self, version: u64, now: Timestamp, problems: &[Problem]) -> bool {
        self.validity.holds(version, now) && self.problems == problems
    }
}

impl ReportSnapshot {
    /// The view that a reader holds, while version, time and `problems` leave it current, else a new one.
    /// A new one of the same facts shares the numbers of the last one.
    pub(super) fn get(
        &self,
        version: impl FnOnce() -> u64,
        now: Timestamp,
        problems: Vec<Problem>,
        view: impl FnOnce() -> View,
    ) -> Arc<ReportView> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*latest
            && let Some(view) = known.view.upgrade()
            && known.holds(version(), now, &problems)
        {
            return view;
        }
        let view = view();
        let same = latest
            .take()
            .filter(|known| known.holds(view.version(), view.now, &problems));
        let mut report = same.unwrap_or_else(|| LatestReport {
            view: Weak::new(),
            validity: Validity::of(&view),
            as_of: Timestamp::from_second(view.now.as_second()).unwrap_or(view.now),
            problems,
            summary: Arc::default(),
            services: Arc::default(),
            is_read: true,
        });
        let shared = Arc::new(ReportView {
            version: view.inventory.version(),
            inventory: view.inventory,
            contributions: view.contributions,
            register: view.register,
            as_of: report.as_of,
            problems: report.problems.clone(),
            summary: report.summary.clone(),
            services: report.services.clone(),
        });
        report.is_read = true;
        report.view = Arc::downgrade(&shared);
        *latest = Some(report);
        shared
    }

    /// Drops the list of services, unless a reader came since the tick before.
    pub(super) fn tick(&self) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(report) = &mut *latest
            && !std::mem::take(&mut report.is_read)
        {
            report.services = Arc::default();
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
            tallies: Tallies::default(),
            now: at(second),
            next_change: None,
        }
    }

    fn asked(snapshot: &Snapshot<i64>, inventory: &Mutex<Inventory>, second: i64) -> i64 {
        let version = || inventory.lock().unwrap().version();
        let view = || view(inventory, second);
        *snapshot.get(version, at(second), view, |view| view.now.as_second())
    }

    /// Asks for a report view.
    fn reported(
        snapshot: &ReportSnapshot,
        inventory: &Mutex<Inventory>,
        second: i64,
        problems: &[Problem],
    ) -> Arc<ReportView> {
        let version = || inventory.lock().unwrap().version();
        let view = || view(inventory, second);
        snapshot.get(version, at(second), problems.to_vec(), view)
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
    fn readers_at_the_same_time_share_a_view_until_the_inventory_or_time_changes_it() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = ReportSnapshot::default();
        let asked = |second| reported(&snapshot, &inventory, second, &[]);
        let first = asked(100);
        assert!(Arc::ptr_eq(&first, &asked(130)));
        inventory.lock().unwrap().set_exceptions_kept(true);
        let second = asked(131);
        assert!(!Arc::ptr_eq(&first, &second));
        assert!(Arc::ptr_eq(&second, &asked(190)));
        assert_eq!(asked(191).as_of, at(191));
    }

    #[test]
    fn a_view_is_freed_with_its_last_reader_and_its_numbers_stay() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = ReportSnapshot::default();
        let first = reported(&snapshot, &inventory, 100, &[]);
        first.summary();
        let freed = Arc::downgrade(&first);
        drop(first);
        assert!(freed.upgrade().is_none());
        let again = reported(&snapshot, &inventory, 120, &[]);
        assert_eq!(again.as_of, at(100));
        assert!(again.summary.get().is_some());
        drop(again);
        let later = reported(&snapshot, &inventory, 160, &[]);
        assert_eq!(later.as_of, at(160));
        assert!(later.summary.get().is_none());
    }

    #[test]
    fn the_list_of_services_stays_while_it_is_read() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = ReportSnapshot::default();
        let list = || Arc::downgrade(&reported(&snapshot, &inventory, 100, &[]).services);
        let first = list();
        snapshot.tick();
        assert!(first.ptr_eq(&list()));
        snapshot.tick();
        assert!(first.upgrade().is_some());
        snapshot.tick();
        assert!(first.upgrade().is_none());
    }

    #[test]
    fn a_problem_of_the_cluster_makes_a_new_view() {
        let inventory = Mutex::new(Inventory::new(Settings::default()));
        let snapshot = ReportSnapshot::default();
        let problem = Problem::new("Rollout", "cannot be followed");
        let mut views = Vec::new();
        for (problems, known) in [
            (vec![], 0),
            (vec![problem.clone()], 1),
            (vec![problem], 1),
            (vec![], 0),
        ] {
            views.push(reported(&snapshot, &inventory, 100, &problems));
            let found = views.last().unwrap().report().problems;
            assert_eq!(found.len(), known);
        }
        assert!(Arc::ptr_eq(&views[1], &views[2]));
        assert!(!Arc::ptr_eq(&views[0], &views[1]));
    }
}
