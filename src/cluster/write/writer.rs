//! The one task that writes to objects of others: it plans, carries out each write with
//! [`ApiWriter`], and reports the outcome to the inventory. It writes only while this replica leads and
//! no faster than the server allows; at rest it sends nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tracing::{debug, warn};

use super::apply::{ApiWriter, WriteOutcome};
use super::reminder_records::ReminderRecord;
use super::throttle::Throttle;
use crate::api::{DeviationExceptionStatus, GoldenPathStatus};
use crate::assess::planner::labels::{LabelPlan, LabelWrite};
use crate::assess::planner::policy_reports::ReportWrite;
use crate::assess::planner::service_labels::ServiceWrite;
use crate::assess::planner::statuses::StatusWrite;
use crate::assess::planner::warning_policies::{PolicyOutcome, PolicyWrite};
use crate::cluster::context::{Context, Settled};
use crate::cluster::event_queue::EventTrigger;
use crate::cluster::readiness::Stage;
use crate::report::policy_report::Format;

/// How often it looks for what is due without having been rung for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Statuses and Services are planned this often at most, and only after a change.
const SLOW_EVERY: Duration = Duration::from_secs(2);
/// Service labels a round: each makes EndpointSlices be written again.
const SERVICES_A_ROUND: usize = 20;
/// Statuses and Service labels under way at once: they are not urgent.
const SLOW_WIDTH: usize = 8;
/// A round of slow plans may take this share of the time at most: one part in twenty.
const SHARE: u32 = 20;
/// After a failure slow plans are made without a change, until the last retry is over.
const RETRIES_LAST: Duration = Duration::from_secs(330);
/// Slow plans are made this often even if nothing seems to have changed.
const SAFETY_NET: Duration = Duration::from_secs(600);
/// How long writes under way may take to end when the operator is asked to.
pub const DRAIN: Duration = Duration::from_secs(5);

/// One write.
enum Job {
    Label(LabelWrite),
    Service(ServiceWrite),
    Exception(Box<StatusWrite<DeviationExceptionStatus>>),
    Path(Box<StatusWrite<GoldenPathStatus>>),
    Record(Box<ReminderRecord>),
    Policy(Box<PolicyJob>),
    Report(Box<ReportWrite>, Format),
}

/// A policy or binding to write, and how that ended, in more words than an outcome has.
struct PolicyJob {
    write: PolicyWrite,
    ended: PolicyOutcome,
}

impl Job {
    fn policy(write: PolicyWrite) -> Self {
        let ended = PolicyOutcome::NotTaken;
        Self::Policy(Box::new(PolicyJob { write, ended }))
    }

    const fn verb(&self) -> &'static str {
        match self {
            Self::Label(_) => "label",
            Self::Service(_) => "service-label",
            Self::Exception(_) | Self::Path(_) => "status",
            Self::Record(_) => "reminder",
            Self::Policy(_) => "policy",
            Self::Report(..) => "report",
        }
    }

    const fn is_slow(&self) -> bool {
        match self {
            Self::Label(_) | Self::Record(_) => false,
            Self::Service(_)
            | Self::Exception(_)
            | Self::Path(_)
            | Self::Policy(_)
            | Self::Report(..) => true,
        }
    }

    async fn carry_out(&mut self, writer: &ApiWriter) -> WriteOutcome {
        match self {
            Self::Label(write) => writer.label_workload(write).await,
            Self::Service(write) => writer.label_service(write).await,
            Self::Exception(write) => writer.status(write).await,
            Self::Path(write) => writer.status(write).await,
            Self::Record(record) => writer.record_reminder(&record.mark).await,
            Self::Policy(job) => {
                let (outcome, ended) = writer.policy(&job.write).await;
                job.ended = ended;
                outcome
            }
            Self::Report(write, format) => writer.policy_report(write, *format).await,
        }
    }
}

/// The writer.
pub struct Writer {
    context: Arc<Context>,
    api: ApiWriter,
    records: mpsc::Receiver<ReminderRecord>,
    throttle: Throttle,
    under_way: JoinSet<(Job, WriteOutcome)>,
    slow: Slow,
    waiting: VecDeque<Job>,
    slow_under_way: usize,
}

/// When statuses and Services are planned next.
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
        records: mpsc::Receiver<ReminderRecord>,
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

    /// Writes until `stop` says so; then lets what is under way end.
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
                // At once, whatever else waits: until then it could be sent twice.
                Some(record) = self.records.recv() => self.start(Job::Record(Box::new(record))),
                _ = look.tick() => {}
            }
            if self.may_write() {
                self.write_waiting();
                self.write_labels().await;
                self.plan_slowly();
            } else {
                self.give_back();
            }
        }
        self.drain().await;
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
            let Some(plan) = self.plan(room) else { return };
            self.context.counters.planned(started.elapsed());
            for transition in plan.transitions {
                self.context.counters.changed(&transition);
                self.context
                    .record_event(EventTrigger::Transition(Box::new(transition)));
            }
            for write in plan.labels {
                self.start(Job::Label(write));
            }
            tokio::task::yield_now().await;
        }
    }

    fn plan(&self, room: usize) -> Option<LabelPlan> {
        let now = Timestamp::now();
        let mut inventory = self.context.inventory();
        let labels = &mut self.context.planners().labels;
        let has_work = labels.has_work(&inventory, now);
        has_work.then(|| labels.plan(&mut inventory, now, room))
    }

    /// Starts what was planned slowly, a few at a time.
    fn write_waiting(&mut self) {
        let room = self.throttle.slots(self.under_way.len(), Instant::now());
        let room = room.min(SLOW_WIDTH.saturating_sub(self.slow_under_way));
        for job in self
            .waiting
            .drain(..room.min(self.waiting.len()))
            .collect::<Vec<_>>()
        {
            self.slow_under_way += 1;
            self.start(job);
        }
    }

    /// What waits when leadership is lost is another replica's to plan.
    fn give_back(&mut self) {
        for job in std::mem::take(&mut self.waiting) {
            self.report_back(job, WriteOutcome::NotLeading, Instant::now());
        }
    }

    /// Plans statuses and Service labels, which are not urgent.
    fn plan_slowly(&mut self) {
        let started = Instant::now();
        if !self.waiting.is_empty() || !self.slow.is_due(self.version(), started, Timestamp::now())
        {
            return;
        }
        let Settled {
            mut inventory,
            adoption,
            now,
        } = self.context.settled();
        let mut planners = self.context.planners();
        let version =
            inventory.version() + planners.version() + self.context.reports.ledger().version();
        let statuses = planners.plan_statuses(&mut inventory, adoption.contributions(), now);
        drop(adoption);
        let services = planners
            .service_labels
            .plan(&inventory, now, SERVICES_A_ROUND);
        let warnings = planners.warning_policies.plan(&inventory, now);
        drop(planners);
        let reports = self.context.reports.plan(&inventory, now);
        drop(inventory);
        let more = services.len() == SERVICES_A_ROUND || reports.has_more;
        self.slow.version = (!more).then_some(version);
        let later = warnings.again_at.into_iter().chain(reports.again_at);
        self.slow.again_at = statuses.again_at.into_iter().chain(later).min();
        self.slow.last = started;
        self.slow.not_before = started + SLOW_EVERY.max(started.elapsed() * SHARE);
        for change in statuses.phases {
            self.context.record_event(EventTrigger::Phase(change));
        }
        let exceptions = statuses.exceptions.into_iter().map(Box::new);
        let paths = statuses.paths.into_iter().map(Box::new);
        let jobs = exceptions
            .map(Job::Exception)
            .chain(paths.map(Job::Path))
            .chain(warnings.writes.into_iter().map(Job::policy))
            .chain(services.into_iter().map(Job::Service))
            .chain(self.report_jobs(reports.writes));
        self.waiting.extend(jobs);
        self.write_waiting();
    }

    /// A number that grows with every change that statuses and Services are planned from.
    fn version(&self) -> u64 {
        let inventory = self.context.inventory().version();
        inventory + self.context.planners().version() + self.context.reports.ledger().version()
    }

    fn report_jobs(&self, writes: Vec<ReportWrite>) -> impl Iterator<Item = Job> + use<> {
        let format = self.context.reports.format();
        let writes = writes.into_iter().map(Box::new);
        writes.filter_map(move |write| Some(Job::Report(write, format?)))
    }

    fn start(&mut self, mut job: Job) {
        let (context, writer) = (self.context.clone(), self.api.clone());
        self.under_way.spawn(async move {
            let outcome = if context.leadership.holds() {
                job.carry_out(&writer).await
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
        self.context.counters.wrote(job.verb(), outcome.as_str());
        self.slow_under_way -= usize::from(job.is_slow());
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
                warn!(
                    verb = job.verb(),
                    of = job.of(),
                    reason,
                    "failed to write; retrying"
                );
            }
        }
        self.report_back(job, outcome, now);
    }

    fn report_back(&mut self, job: Job, outcome: WriteOutcome, at: Instant) {
        let (how, now) = (outcome.for_planner(), Timestamp::now());
        let is_slow = job.is_slow();
        // Plans of these say themselves when what failed is tried again.
        let comes_by_itself = match &job {
            Job::Report(..) | Job::Policy(_) => true,
            Job::Label(_) | Job::Service(_) | Job::Exception(_) | Job::Path(_) | Job::Record(_) => {
                false
            }
        };
        let (mut facts, mut planners) = (self.context.inventory(), self.context.planners());
        match job {
            Job::Label(write) => planners.labels.ended(&mut facts, &write, how, now),
            Job::Service(write) => planners.service_labels.ended(&mut facts, &write, how, now),
            Job::Exception(write) => planners
                .statuses
                .exception_ended(&mut facts, *write, how, now),
            Job::Path(write) => planners.statuses.path_ended(&mut facts, *write, how, now),
            // The sender retries; the watch updates the inventory.
            Job::Record(record) => record.report(outcome),
            Job::Policy(job) => planners.warning_policies.ended(&job.write, job.ended, now),
            Job::Report(write, _) => self.context.reports.ledger().ended(&write, how, now),
        }
        let is_over = match outcome {
            WriteOutcome::Landed(_) | WriteOutcome::Gone => true,
            WriteOutcome::PushedBack(_) | WriteOutcome::Failed(_) | WriteOutcome::NotLeading => {
                false
            }
        };
        let is_refused = matches!(outcome, WriteOutcome::Failed(_));
        if is_slow && !is_over && !(comes_by_itself && is_refused) {
            self.slow.retries_until = Some(at + RETRIES_LAST);
        }
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
}

impl Job {
    /// What it is about, for people.
    fn of(&self) -> String {
        match self {
            Self::Label(write) => write.id.to_string(),
            Self::Service(write) => format!("{}/Service/{}", write.namespace, write.name),
            Self::Exception(write) => format!("{:?}", write.of),
            Self::Path(write) => format!("{:?}", write.of),
            Self::Record(record) => format!("{}/{}", record.mark.namespace, record.mark.name),
            Self::Policy(job) => format!("{:?}/{}", job.write.part, job.write.name),
            Self::Report(write, _) => format!("{}/Report/{}", write.key.0, write.key.1),
        }
    }
}
