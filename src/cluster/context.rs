//! What every part of the operator may touch: the inventory behind its lock, the gates, the
//! counters, and the bells that wake the writer. It never talks to the API server.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::{Notify, mpsc};

use super::client::heartbeat::Pulse;
use super::counters::Counters;
use super::lease::Leadership;
use super::readiness::Gates;
use super::snapshots::Snapshots;
use super::watch::rereads::Rereads;
use super::write::events::News;
use super::write::reminder_records::Record;
use super::write::reports::Reports;
use crate::assess::exception::assurance::Vouching;
use crate::assess::inventory::{Inventory, Reread};
use crate::assess::object::kind::WatchedKind;
use crate::assess::settings::Settings;
use crate::assess::source::Problem;
use crate::report::metrics;

/// Shared by everything that runs.
#[derive(Debug)]
pub struct Context {
    inventory: Mutex<Inventory>,
    judging: RwLock<Arc<Settings>>,
    /// The operator's own objects, which it never labels.
    pub own_namespace: Option<String>,
    /// What is waited for.
    pub gates: Gates,
    /// When each kind was last heard from.
    pub pulse: Arc<Pulse>,
    /// The operator's metrics about itself.
    pub counters: Counters,
    /// Whether the messages of checks are kept.
    pub messages: bool,
    /// Whether this replica may write.
    pub leadership: Leadership,
    /// What has to be listed again.
    pub rereads: Rereads,
    /// Rings when there may be something to write.
    pub changed: Notify,
    /// What is to be told in Events.
    pub news: mpsc::Sender<News>,
    /// What the writer is to record of reminders.
    pub records: mpsc::Sender<Record>,
    /// What is exposed as metrics.
    pub metrics: metrics::Options,
    /// The latest report and metrics.
    pub(super) snapshots: Snapshots,
    /// The policy reports.
    pub reports: Reports,
}

impl Context {
    /// A context that knows nothing yet.
    pub fn new(settings: Settings, pulse: Arc<Pulse>, news: mpsc::Sender<News>) -> Self {
        // `run` replaces this with a sender to the writer.
        let (records, _no_receiver) = mpsc::channel(1);
        let mut inventory = Inventory::new(settings.clone());
        inventory.set_vouching(Vouching::AsWritten);
        Self {
            records,
            judging: RwLock::new(Arc::new(settings)),
            inventory: Mutex::new(inventory),
            own_namespace: None,
            messages: false,
            gates: Gates::default(),
            pulse,
            counters: Counters::default(),
            leadership: Leadership::default(),
            rereads: Rereads::default(),
            changed: Notify::new(),
            news,
            metrics: metrics::Options::default(),
            snapshots: Snapshots::default(),
            reports: Reports::default(),
        }
    }

    /// What was taken in.
    pub fn into_inventory(self) -> Inventory {
        let inventory = self.inventory.into_inner();
        inventory.unwrap_or_else(PoisonError::into_inner)
    }

    /// The inventory. Hold it briefly, and never across an await.
    pub fn inventory(&self) -> MutexGuard<'_, Inventory> {
        self.inventory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How workloads are read.
    pub fn judging(&self) -> Arc<Settings> {
        self.judging
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Judges workloads of one more kind from now on.
    pub fn add_kind(&self, kind: Arc<WatchedKind>) {
        let mut judging = self.judging.write().unwrap_or_else(PoisonError::into_inner);
        let mut settings = Settings::clone(&judging);
        settings.kinds.push(kind);
        self.inventory().settings = settings.clone();
        *judging = Arc::new(settings);
    }

    /// Lists again what a change asks for.
    pub fn ask(&self, reread: Reread) {
        match reread {
            Reread::Nothing => {}
            Reread::Everything => self.rereads.ask_everything(),
        }
    }

    /// Kinds that cannot be followed.
    pub fn problems(&self) -> Vec<Problem> {
        self.gates
            .troubles()
            .into_iter()
            .map(|(kind, trouble)| Problem::new(kind, format!("cannot be followed: {trouble}")))
            .collect()
    }

    /// Hands on what is to be told. What does not fit is counted, never waited for.
    pub fn tell(&self, news: News) {
        if self.news.try_send(news).is_err() {
            self.counters.wrote("event", "dropped");
        }
    }
}
