//! Shared by all tasks of the operator: the inventory behind its lock, readiness, counters, the queues
//! between tasks, and the signal that wakes the writer. It sends nothing to the API server.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::Notify;

use super::client::heartbeat::Heartbeat;
use super::counters::{Counters, WriteVerb};
use super::delivery_events::DeliveryEvents;
use super::event_queue::{EventQueue, EventTrigger};
use super::incidents::IncidentQueue;
use super::lease::Leadership;
use super::readiness::Gates;
use super::snapshots::{Snapshots, View};
use crate::api::golden_path::KindRef;
use crate::assess::adoption::index::AdoptionIndex;
use crate::assess::delivery::tallies::{Labels, Tallies};
use crate::assess::delivery::tracked::{tracked, tracked_one};
use crate::assess::exception::assurance::Vouching;
use crate::assess::inventory::{Inventory, Reread};
use crate::assess::object::kind::WatchedKind;
use crate::assess::planner::Planners;
use crate::assess::planner::delivery::Recorded;
use crate::assess::planner::policy_reports::{ReportPlan, ReportPlanner};
use crate::assess::register::index::Register;
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::assess::verdict::AsOf;
use crate::report::metrics;
use crate::report::policy_report::{Format, render};

/// Workloads counted again, and workloads read to assess exceptions again, while the inventory is locked:
/// a few milliseconds.
const FOLLOWED_AT_ONCE: usize = 1_000;
/// Policy reports planned in one round.
const REPORTS_A_ROUND: usize = 200;

/// Shared by all tasks.
#[derive(Debug)]
pub struct Context {
    inventory: Mutex<Inventory>,
    planners: Mutex<Planners>,
    counts: Mutex<Counts>,
    tallies: Mutex<Tallies>,
    judging: RwLock<Arc<Settings>>,
    /// The operator's own namespace, whose release it never labels.
    pub own_namespace: Option<String>,
    /// Which kinds were listed, and which cannot be watched.
    pub gates: Gates,
    /// When bytes of each kind last arrived.
    pub heartbeat: Arc<Heartbeat>,
    /// The operator's metrics about itself.
    pub counters: Counters,
    /// Whether the inventory keeps the messages of checks.
    pub messages: bool,
    /// Whether this replica may write.
    pub leadership: Leadership,
    /// Workloads to list again.
    pub rereads: RereadQueue,
    /// Wakes the writer.
    pub changed: Notify,
    /// Wakes the task that looks at rollouts.
    pub observed: Notify,
    events: EventQueue,
    /// Received incidents on their way to records.
    pub incidents: IncidentQueue,
    /// Rollouts on their way to the CDEvents sink.
    pub deliveries: DeliveryEvents,
    /// Options of the adoption metrics.
    pub metrics: metrics::Options,
    /// The latest report and metrics.
    pub(super) snapshots: Snapshots,
    /// The policy reports of this cluster.
    pub reports: PolicyReportState,
}

impl Context {
    /// A context with an empty inventory.
    pub fn new(settings: Settings, heartbeat: Arc<Heartbeat>, events: EventQueue) -> Self {
        let mut inventory = Inventory::new(settings.clone());
        inventory.set_vouching(Vouching::AsWritten);
        let mut planners = Planners::default();
        if let Some(delivery) = &settings.delivery {
            planners.delivery.configure(delivery);
        }
        Self {
            judging: RwLock::new(Arc::new(settings)),
            inventory: Mutex::new(inventory),
            planners: Mutex::new(planners),
            counts: Mutex::default(),
            tallies: Mutex::default(),
            own_namespace: None,
            messages: false,
            gates: Gates::default(),
            heartbeat,
            counters: Counters::default(),
            leadership: Leadership::default(),
            rereads: RereadQueue::default(),
            changed: Notify::new(),
            observed: Notify::new(),
            events,
            incidents: IncidentQueue::default(),
            deliveries: DeliveryEvents::default(),
            metrics: metrics::Options::default(),
            snapshots: Snapshots::default(),
            reports: PolicyReportState::default(),
        }
    }

    /// The inventory alone.
    pub fn into_inventory(self) -> Inventory {
        self.inventory.into_inner()
    }

    /// The inventory. Hold it briefly, and never across an await.
    pub fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.inventory.lock()
    }

    /// The planners. Hold them briefly, and never across an await; where the inventory is needed too,
    /// lock it first.
    pub fn planners(&self) -> MutexGuard<'_, Planners> {
        self.planners.lock()
    }

    /// Rollouts counted since the start. Hold them briefly, and never across an await; lock them last.
    pub fn tallies(&self) -> MutexGuard<'_, Tallies> {
        self.tallies.lock()
    }

    /// Counts what a stored status adds to its record; a workload without a path has no labels to count by.
    pub fn count_rollouts(&self, facts: &Inventory, recorded: &Recorded, now: Timestamp) {
        let as_of = AsOf::new(now);
        let tracked = tracked_one(facts, &recorded.of, &as_of);
        if let Some((path, team)) = tracked.and_then(|it| Some((it.path?, it.team))) {
            let labels = Labels { path, team };
            let mut tallies = self.tallies();
            tallies.count(recorded.before.as_ref(), &recorded.after, labels);
        }
    }

    /// A copy of the tallies, with zeros for every workload whose rollouts will be counted.
    fn tallies_of(&self, inventory: &Inventory, now: Timestamp) -> Tallies {
        let as_of = AsOf::new(now);
        let exposed: BTreeSet<_> = tracked(inventory, &as_of)
            .filter_map(|it| Some((it.path?, it.team, it.side?)))
            .collect();
        let mut tallies = self.tallies();
        for (path, team, side) in exposed {
            tallies.expose(Labels { path, team }, side);
        }
        tallies.clone()
    }

    /// The inventory and its counts, after every pending change was counted. The lock is released between
    /// the steps of a long count, for the writer. It may take long: call [`Self::settle`] first on a thread
    /// that serves other tasks. Hold it briefly, and never across an await.
    fn settled(&self) -> Settled<'_> {
        loop {
            if let Some(settled) = self.count_some() {
                return settled;
            }
            std::thread::yield_now();
        }
    }

    /// Lets time pass and counts what changed, so that no reader finds much to do. Other tasks run between
    /// the steps of a long count.
    pub async fn settle(&self) {
        while self.count_some().is_none() {
            tokio::task::yield_now().await;
        }
    }

    /// One step of the counts; what it locked once nothing is left to count.
    fn count_some(&self) -> Option<Settled<'_>> {
        let mut inventory = self.inventory();
        let now = Timestamp::now();
        self.reread(inventory.tick(now));
        let mut counts = self.counts.lock();
        let is_behind = counts.follow(&mut inventory, now)
            || inventory.next_change().is_some_and(|at| at <= now);
        (!is_behind).then_some(Settled {
            inventory,
            counts,
            now,
        })
    }

    /// The facts and counts of this instant, for readers: a copy behind no lock.
    pub fn view(&self) -> View {
        let settled = self.settled();
        let next = settled.inventory.next_change().into_iter();
        let next_change = next.chain(settled.counts.adoption.next_age()).min();
        let (inventory, now) = (settled.inventory.snapshot(), settled.now);
        let contributions = settled.counts.adoption.contributions().clone();
        let register = settled.counts.register.clone();
        drop(settled);
        View {
            tallies: self.tallies_of(&inventory, now),
            inventory,
            contributions,
            register,
            now,
            next_change,
        }
    }

    /// Grows with every change of what a view shows.
    pub fn view_version(&self) -> u64 {
        let facts = self.inventory().version();
        facts + self.tallies().version()
    }

    /// How workloads are read and counted.
    pub fn judging(&self) -> Arc<Settings> {
        self.judging.read().clone()
    }

    /// Judges workloads of one more kind from now on.
    pub fn add_kind(&self, kind: Arc<WatchedKind>) {
        let mut judging = self.judging.write();
        let mut settings = Settings::clone(&judging);
        settings.kinds.push(kind);
        self.inventory().settings = settings.clone();
        *judging = Arc::new(settings);
    }

    /// Kinds that scopes of paths name and that are not judged yet.
    pub fn missing_kinds(&self) -> Vec<KindRef> {
        let judging = self.judging();
        let is_judged = |wanted: &KindRef| {
            let mut kinds = judging.kinds.iter();
            kinds.any(|kind| kind.group == wanted.group && kind.kind == wanted.kind)
        };
        let paths = self.inventory().paths().clone();
        let mut missing: Vec<KindRef> = Vec::new();
        for kind in paths.iter().flat_map(|path| &path.spec.scope.kinds) {
            if !is_judged(kind) && !missing.contains(kind) {
                missing.push(kind.clone());
            }
        }
        missing
    }

    /// Queues the lists a change asks for.
    pub fn reread(&self, reread: Reread) {
        match reread {
            Reread::Nothing => {}
            Reread::Everything => self.rereads.everything(),
        }
    }

    /// One problem for each kind that cannot be watched.
    pub fn problems(&self) -> Vec<Problem> {
        self.gates
            .failures()
            .into_iter()
            .map(|(kind, failure)| Problem::new(kind, format!("cannot be followed: {failure}")))
            .collect()
    }

    /// A number that grows with every change that may ask for a slow write.
    pub fn plan_version(&self, facts: &Inventory) -> u64 {
        facts.version() + self.planners().version() + self.reports.ledger().version()
    }

    /// Queues events about rollouts that a stored status shows as available; those that do not fit are
    /// counted and dropped.
    pub fn publish(&self, recorded: &Recorded) {
        for _ in 0..self.deliveries.push(recorded) {
            self.counters.event_sent("dropped");
        }
    }

    /// Queues an Event; one that does not fit is counted and dropped.
    pub fn record_event(&self, trigger: EventTrigger) {
        if !self.events.push(trigger) {
            self.counters.wrote(WriteVerb::Event, "dropped");
        }
    }
}

/// The inventory and its counts at one instant, locked.
struct Settled<'a> {
    inventory: MutexGuard<'a, Inventory>,
    counts: MutexGuard<'a, Counts>,
    now: Timestamp,
}

/// What follows the inventory.
#[derive(Debug, Default)]
struct Counts {
    adoption: AdoptionIndex,
    register: Register,
}

impl Counts {
    /// Takes in some changes. Returns whether more wait.
    fn follow(&mut self, inventory: &mut Inventory, now: Timestamp) -> bool {
        let services = self.adoption.follow(inventory, now, FOLLOWED_AT_ONCE);
        let exceptions = self.register.follow(inventory, now, FOLLOWED_AT_ONCE);
        services || exceptions
    }
}

/// Which workloads have to be listed and judged again.
#[derive(Debug, Default)]
pub struct RereadQueue {
    pending: Mutex<PendingRereads>,
    added: Notify,
}

/// The content of [`RereadQueue`].
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PendingRereads {
    /// Every workload.
    pub everything: bool,
    /// The workloads of these namespaces.
    pub namespaces: BTreeSet<String>,
}

impl RereadQueue {
    /// Adds every workload.
    pub fn everything(&self) {
        self.add(|pending| pending.everything = true);
    }

    /// Adds the workloads of one namespace.
    pub fn namespace(&self, name: &str) {
        self.add(|pending| {
            pending.namespaces.insert(name.to_owned());
        });
    }

    /// Empties the queue.
    pub fn take(&self) -> PendingRereads {
        std::mem::take(&mut *self.pending())
    }

    /// Waits until something was added.
    pub async fn added(&self) {
        self.added.notified().await;
    }

    fn add(&self, change: impl FnOnce(&mut PendingRereads)) {
        change(&mut self.pending());
        self.added.notify_one();
    }

    fn pending(&self) -> MutexGuard<'_, PendingRereads> {
        self.pending.lock()
    }
}

/// The policy reports of a running operator: their format in this cluster, and the ledger of stored and
/// wanted reports.
#[derive(Debug, Default)]
pub struct PolicyReportState {
    ledger: Mutex<ReportPlanner>,
    format: OnceLock<Format>,
}

impl PolicyReportState {
    /// The ledger. Hold it briefly, and never across an await.
    pub fn ledger(&self) -> MutexGuard<'_, ReportPlanner> {
        self.ledger.lock()
    }

    /// The format reports are written in, once it is known.
    pub fn format(&self) -> Option<Format> {
        self.format.get().copied()
    }

    /// Sets the format, once.
    pub fn set_format(&self, format: Format) {
        self.format.get_or_init(|| format);
    }

    /// The reports to write now; none before the format is known.
    pub fn plan(&self, inventory: &Inventory, now: Timestamp) -> ReportPlan {
        let Some(format) = self.format() else {
            return ReportPlan::default();
        };
        self.ledger()
            .plan(inventory, now, REPORTS_A_ROUND, |found| {
                render(found, format)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_that_come_together_are_read_once() {
        let rereads = RereadQueue::default();
        rereads.namespace("shop");
        rereads.namespace("shop");
        rereads.everything();
        let pending = rereads.take();
        assert!(pending.everything);
        assert_eq!(pending.namespaces.len(), 1);
        assert_eq!(rereads.take(), PendingRereads::default());
    }
}
