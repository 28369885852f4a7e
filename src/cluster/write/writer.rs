//! The one task that writes what planners want. It knows two lanes and no kind of write: the urgent
//! lane first, then the slow one, a few writes at a time. It writes only while this replica leads and no
//! faster than the server allows; at rest it sends nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{debug, warn};

use super::apply::{ApiWriter, WriteOutcome};
use super::lanes::{Lane, SlowPlan, WriteJob};
use super::reminder_records::RecordRequest;
use super::throttle::Throttle;
use super::{delivery_records, labels, policies, policy_reports, service_labels, statuses};
use crate::cluster::context::Context;
use crate::cluster::readiness::Stage;
use crate::cluster::snapshots::View;

/// The longest time between two looks for due writes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest time between two plans of the slow lane.
const SLOW_EVERY: Duration = Duration::from_secs(2);
/// Slow writes under way at once while labels are written.
const SLOW_WIDTH: usize = 8;
/// Slow writes under way at once while no label waits: half of all, so that labels find room at once.
const SLOW_WIDTH_ALONE: usize = 32;
/// The share of the time that planning the slow lane may take: one part in twenty.
const SHARE: u32 = 20;
/// How long the slow lane is planned without a change after a failure: until the last retry is over.
const RETRIES_LAST: Duration = Duration::from_secs(330);
/// The longest time between two plans of the slow lane, in case a change was missed.
const SAFETY_NET: Duration = Duration::from_secs(600);
/// How long a stopping operator waits for writes under way.
const DRAIN: Duration = Duration::from_secs(5);
/// How long it stores statuses that wait for their pace.
const FLUSH: Duration = Duration::from_secs(3);

/// Plans one kind of write of the slow lane.
type SlowPlanner = fn(&Context, &View) -> SlowPlan;

/// The slow lane, one row for each planner; what comes first is sent first.
const SLOW_PLANNERS: [SlowPlanner; 5] = [
    statuses::plan,
    policies::plan,
    service_labels::plan,
    delivery_records::plan,
    policy_reports::plan,
];

type Job = Box<dyn WriteJob>;

/// The writer.
pub struct Writer {
    context: Arc<Context>,
    api: ApiWriter,
    records: mpsc::Receiver<RecordRequest>,
    throttle: Throttle,
    under_way: JoinSet<(Job, WriteOutcome)>,
    slow: Slow,
    waiting: VecDeque<Job>,
    slow_under_way: usize,
}

/// When the slow lane is planned next.
struct Slow {
    not_before: Instant,
    version: Option<u64>,
    again_at: Option<Timestamp>,
    retries_until: Option<Instant>,
    last: Instant,
}

impl Slow {
    fn is_due(&self, version: u64, now: Instant, wall: Timestamp) -> bool {
        let asked_for = self.version != Some(version)
            || self.again_at.is_some_and(|at| at <= wall)
            || self.retries_until.is_some_and(|until| now < until)
            || now.duration_since(self.last) >= SAFETY_NET;
        now >= self.not_before && asked_for
    }
}

impl Writer {
    /// A writer that sends with `api` and receives the records of reminders.
    pub fn new(
        context: Arc<Context>,
        api: ApiWriter,
        records: mpsc::Receiver<RecordRequest>,
    ) -> Self {
        let now = Instant::now();
        Self {
            context,
            api,
            records,
            throttle: Throttle::default(),
            under_way: JoinSet::new(),
            waiting: VecDeque::new(),
            slow_under_way: 0,
            slow: Slow {
                not_before: now,
                version: None,
                again_at: None,
                retries_until: None,
                last: now,
            },
        }
    }

    /// Writes until `stop` turns true; then waits for the writes under way, and stores what delivery
    /// records wait for.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut leads = self.context.leadership.subscribe();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.context.changed.notified() => {}
                _ = leads.changed() => {}
                Some(ended) = self.under_way.join_next() => self.settle(ended),
                // At once: until it is recorded, the reminder could be sent twice.
                Some(record) = self.records.recv() => self.start(Box::new(record)),
                _ = look.tick() => {}
            }
            if self.may_write() {
                self.write_waiting();
                self.write_labels().await;
                self.plan_slowly().await;
            } else {
                self.give_back();
            }
        }
        self.give_back();
        self.drain().await;
        if self.may_write() {
            self.flush().await;
        }
    }

    fn may_write(&self) -> bool {
        self.context.leadership.holds() && self.context.gates.stage() == Stage::Ready
    }

    /// Plans while there is work and room for it.
    async fn write_labels(&mut self) {
        loop {
            let room = self.throttle.slots(self.under_way.len(), Instant::now());
            if room == 0 {
                return;
            }
            let started = Instant::now();
            let Some(labels) = labels::plan(&self.context, room) else {
                return;
            };
            self.context.counters.planned(started.elapsed());
            for write in labels {
                self.start(Box::new(write));
            }
            tokio::task::yield_now().await;
        }
    }

    /// Starts writes of the slow lane, as far as there is room.
    fn write_waiting(&mut self) {
        let room = self.throttle.slots(self.under_way.len(), Instant::now());
        let room = room.min(self.slow_width().saturating_sub(self.slow_under_way));
        for job in self
            .waiting
            .drain(..room.min(self.waiting.len()))
            .collect::<Vec<_>>()
        {
            self.slow_under_way += 1;
            self.start(job);
        }
    }

    fn slow_width(&self) -> usize {
        let are_urgent_under_way = self.under_way.len() > self.slow_under_way;
        if are_urgent_under_way || labels::is_due(&self.context) {
            SLOW_WIDTH
        } else {
            SLOW_WIDTH_ALONE
        }
    }

    /// Drops what waits: another replica leads and plans it, or this one stops.
    fn give_back(&mut self) {
        for job in std::mem::take(&mut self.waiting) {
            self.report_back(job, WriteOutcome::NotLeading, Instant::now());
        }
    }

    /// Plans the slow lane, once what was planned before is on its way. Other tasks, such as probes, run
    /// between its steps.
    async fn plan_slowly(&mut self) {
        let started = Instant::now();
        let version = self.context.plan_version(&self.context.inventory());
        if !self.waiting.is_empty() || !self.slow.is_due(version, started, Timestamp::now()) {
            return;
        }
        self.context.settle().await;
        // Watches go on while these plans are made from a copy.
        let view = self.context.view();
        let version = self.context.plan_version(&view.inventory);
        let mut plans = Vec::with_capacity(SLOW_PLANNERS.len());
        for plan in SLOW_PLANNERS {
            tokio::task::yield_now().await;
            plans.push(plan(&self.context, &view));
        }
        drop(view);
        let has_more = plans.iter().any(|plan| plan.has_more);
        self.slow.version = (!has_more).then_some(version);
        self.slow.again_at = plans.iter().filter_map(|plan| plan.again_at).min();
        self.slow.last = started;
        self.slow.not_before = started + SLOW_EVERY.max(started.elapsed() * SHARE);
        for plan in plans {
            for event in plan.events {
                self.context.record_event(event);
            }
            self.waiting.extend(plan.writes);
        }
        self.write_waiting();
    }

    fn start(&mut self, mut job: Job) {
        let (context, api) = (self.context.clone(), self.api.clone());
        self.under_way.spawn(async move {
            let outcome = if context.leadership.holds() {
                job.send(&api).await
            } else {
                WriteOutcome::NotLeading
            };
            (job, outcome)
        });
    }

    fn settle(&mut self, ended: Result<(Job, WriteOutcome), tokio::task::JoinError>) {
        let Ok((job, outcome)) = ended else {
            self.context.counters.failed("Panicked");
            return;
        };
        let verb = job.verb();
        self.context.counters.wrote(verb, outcome.as_str());
        self.slow_under_way -= usize::from(job.lane() == Lane::Slow);
        let now = Instant::now();
        match outcome {
            WriteOutcome::Landed(_) | WriteOutcome::Gone => self.throttle.went_well(),
            WriteOutcome::PushedBack(pause) => {
                debug!(?pause, "API server pushed back; pausing writes");
                self.throttle.pushed_back(pause, now);
            }
            WriteOutcome::NotLeading => {}
            WriteOutcome::Failed(reason) => {
                self.context.counters.failed(reason);
                let (verb, object) = (verb.as_str(), job.subject());
                warn!(verb, object, reason, "failed to write; retrying");
            }
        }
        self.report_back(job, outcome, now);
    }

    fn report_back(&mut self, job: Job, outcome: WriteOutcome, at: Instant) {
        let needs_plan = match outcome {
            WriteOutcome::Landed(_) | WriteOutcome::Gone => false,
            WriteOutcome::Failed(_) => !job.plan_schedules_retry(),
            WriteOutcome::PushedBack(_) | WriteOutcome::NotLeading => true,
        };
        if needs_plan && job.lane() == Lane::Slow {
            self.slow.retries_until = Some(at + RETRIES_LAST);
        }
        job.ended(&self.context, outcome, Timestamp::now());
    }

    async fn drain(&mut self) {
        let ended = timeout(DRAIN, async {
            while let Some(ended) = self.under_way.join_next().await {
                self.settle(ended);
            }
        });
        if ended.await.is_err() {
            warn!(
                writes = self.under_way.len(),
                "writes did not finish in time; giving up"
            );
        }
    }

    /// Stores the statuses of delivery records that wait for their pace. The next leader computes again
    /// what is not stored in time.
    async fn flush(&mut self) {
        self.waiting.extend(delivery_records::flush(&self.context));
        let flushed = timeout(FLUSH, async {
            self.write_waiting();
            while let Some(ended) = self.under_way.join_next().await {
                self.settle(ended);
                self.write_waiting();
            }
        });
        if flushed.await.is_err() || !self.waiting.is_empty() {
            let records = self.waiting.len() + self.under_way.len();
            warn!(
                records,
                "delivery records were not stored in time; giving up"
            );
        }
    }
}
