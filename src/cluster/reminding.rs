//! Sends reminders, and announces new entries of changelogs. Messages are planned from the inventory,
//! when it or the time asks for it, and compared with the stored exceptions and paths.
//! For each message the intent is recorded, the message sent, and the sending recorded, in this order,
//! before the next one: after a crash the same message is sent again under the same key. Only the
//! leader sends, and only once everything was listed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::future::{BoxFuture, join_all, try_join_all};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::client::error::{Error, Result};
use super::client::failure::chain;
use super::context::Context;
use super::counters::NotifiedAbout;
use super::event_queue::{EventTrigger, SentReminder};
use super::readiness::Stage;
use super::write::apply::{ApiWriter, WriteOutcome};
use super::write::reminder_records::{RecordRequest, StatusRecord};
use crate::assess::reminders::{
    Announcement, Delivery, DeliveryFailure, MessageItem, PlanContext, PlanTrigger, Recheck,
    Recipient, RecordChange, ReminderMessage, ReminderPlan, ReminderSettings, accepted, plan,
};

mod announcing;

/// The longest time between two looks for due reminders.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Pause after reading a stored exception failed.
const READ_AGAIN: Duration = Duration::from_secs(60);
/// Pause of one item after the API server refused to record its intent.
const WRITE_AGAIN: Duration = Duration::from_secs(3_600);
/// Pause between two messages: chats limit the rate of one sender.
const PACE: Duration = Duration::from_secs(1);
/// The longest pause between two attempts to record something.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Pauses between these attempts.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(LONGEST_PAUSE)
    .without_max_times();
/// How long a stopping operator waits until a message is sent and recorded: a little longer than one
/// attempt may take.
pub const DRAIN: Duration = Duration::from_secs(13);

/// Delivers messages to chats and other receivers.
pub trait ReminderSender: fmt::Debug + Send + Sync {
    /// Makes one attempt, which ends by itself.
    fn send<'a>(&'a self, message: &'a ReminderMessage) -> BoxFuture<'a, Delivery>;

    /// As [`Self::send`], what is new on a path.
    fn announce<'a>(&'a self, announcement: &'a Announcement) -> BoxFuture<'a, Delivery>;
}

/// When reminders are due, and what sends them.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// When reminders are due, and which channel each goes to.
    pub settings: ReminderSettings,
    /// Sends messages.
    pub sender: Arc<dyn ReminderSender>,
}

/// The task that sends reminders.
pub struct Reminding {
    reminders: Reminders,
    context: Arc<Context>,
    api: ApiWriter,
    /// To the writer, which carries them out.
    records: mpsc::Sender<RecordRequest>,
    stop: watch::Receiver<bool>,
    /// When a plan is due.
    trigger: PlanTrigger,
    /// When the last plan was made.
    planned_at: Instant,
    /// Until when nothing is sent, after reading a stored exception failed.
    paused_until: Option<Instant>,
    /// Until when nothing is sent to a channel.
    held_until: BTreeMap<Arc<str>, Instant>,
    /// When a recipient was last reminded: the watch delivers that record only later.
    reminded_at: BTreeMap<Recipient, Timestamp>,
    /// Channels that refused the last message: the Event is written once.
    refusing: HashSet<Arc<str>>,
    /// Sent items that could not be recorded: this process does not send them again.
    unrecorded: BTreeSet<String>,
    /// Items whose intent the API server refused, and when that is retried.
    unwritable: BTreeMap<String, Instant>,
}

impl Reminding {
    /// A task that records its reminders with the writer at the other end of `records`.
    pub fn new(
        reminders: Reminders,
        context: Arc<Context>,
        api: ApiWriter,
        records: mpsc::Sender<RecordRequest>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            reminders,
            context,
            api,
            records,
            stop,
            trigger: PlanTrigger::default(),
            planned_at: Instant::now(),
            paused_until: None,
            held_until: BTreeMap::new(),
            reminded_at: BTreeMap::new(),
            refusing: HashSet::new(),
            unrecorded: BTreeSet::new(),
            unwritable: BTreeMap::new(),
        }
    }

    /// Sends until `stop` turns true; a message under way is recorded first.
    pub async fn run(mut self) {
        let mut leads = self.context.leadership.subscribe();
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = leads.changed() => self.trigger.reset(),
                _ = look.tick() => {}
            }
            self.send_due().await;
        }
    }

    fn may_send(&self) -> bool {
        self.context.leadership.holds()
            && self.context.gates.stage() == Stage::Ready
            && self
                .paused_until
                .is_none_or(|until| until <= Instant::now())
            && !*self.stop.borrow()
    }

    async fn send_due(&mut self) {
        if !self.may_send() {
            self.trigger.reset();
            return;
        }
        let ctx = self.plan_context();
        if !self.is_plan_due(ctx) {
            return;
        }
        self.record_accepted().await;
        let plan = self.plan(ctx);
        if self.remind_due(plan.messages, ctx).await {
            self.announce_due(plan.announcements).await;
        }
    }

    /// Sends these messages, unless their channel takes nothing now. False where nothing more may be
    /// sent.
    async fn remind_due(&mut self, due: Vec<ReminderMessage>, ctx: PlanContext) -> bool {
        for message in due {
            if !self.is_free(&message, ctx.now) {
                continue;
            }
            // Sent or not, the next plan may be another one.
            self.trigger.reset();
            match self.refreshed(message).await {
                Ok(Some(message)) if self.may_send() => self.send(message).await,
                Ok(Some(_)) => return false,
                Ok(None) => {}
                Err(error) => {
                    self.pause_after(&error, "failed to read exceptions; sending no reminders");
                    return false;
                }
            }
        }
        true
    }

    /// Sends nothing for a while, because the record could not be read.
    fn pause_after(&mut self, error: &Error, event: &str) {
        self.context.counters.failed(error.reason());
        warn!(reason = error.reason(), error = %chain(error), "{event}");
        self.paused_until = Some(Instant::now() + READ_AGAIN);
    }

    fn plan_context(&self) -> PlanContext {
        let now = Timestamp::now();
        let installed = self.context.leadership.installed();
        let dry_run = self.reminders.settings.dry_run.lasts(installed, now);
        PlanContext { now, dry_run }
    }

    fn is_plan_due(&self, ctx: PlanContext) -> bool {
        let version = self.context.inventory().version();
        self.trigger.is_due(version, ctx) || self.has_pause_ended(Instant::now())
    }

    /// Whether a channel or an item was held back at the last plan and is no longer.
    fn has_pause_ended(&self, now: Instant) -> bool {
        self.held_until
            .values()
            .chain(self.unwritable.values())
            .any(|until| self.planned_at < *until && *until <= now)
    }

    fn plan(&mut self, ctx: PlanContext) -> ReminderPlan {
        self.planned_at = Instant::now();
        let excluded = self.excluded(self.planned_at);
        let facts = self.context.inventory().snapshot();
        let plan = plan(&facts, &self.reminders.settings, ctx, &excluded);
        self.trigger.planned(facts.version(), ctx, plan.wake_at);
        plan
    }

    /// Completes the records of messages that another process sent and recorded in part.
    async fn record_accepted(&mut self) {
        let mut writes = accepted(&self.context.inventory().snapshot());
        writes.retain(|write| !self.unrecorded.contains(&write.item));
        self.put_on_record(writes.into_iter().map(StatusRecord::Reminder).collect())
            .await;
    }

    /// Items that cannot be recorded now and are therefore not sent.
    fn excluded(&mut self, now: Instant) -> BTreeSet<String> {
        self.unwritable.retain(|_, until| now < *until);
        let unwritable = self.unwritable.keys().cloned();
        self.unrecorded.iter().cloned().chain(unwritable).collect()
    }

    /// Whether the channel takes messages now and the recipient was not reminded yet.
    fn is_free(&self, message: &ReminderMessage, now: Timestamp) -> bool {
        let mode = &self.reminders.settings.mode;
        let since = mode.latest(now);
        let was_reminded = mode.is_daily()
            && self
                .reminded_at
                .get(&message.owner)
                .is_some_and(|at| *at >= since && *at <= now);
        !self.is_held(&message.owner.channel) && !was_reminded
    }

    fn is_held(&self, channel: &Arc<str>) -> bool {
        let until = self.held_until.get(channel);
        until.is_some_and(|until| Instant::now() < *until)
    }

    /// The message without items that are no longer due by the stored exceptions. A replica that has
    /// just taken over, or whose watch lags, does not know yet what another one recorded.
    async fn refreshed(&self, message: ReminderMessage) -> Result<Option<ReminderMessage>> {
        let results = message
            .items
            .iter()
            .map(|item| self.recheck(item, &message));
        let results = try_join_all(results).await?;
        Ok(message.rechecked(&results))
    }

    async fn recheck(&self, item: &MessageItem, message: &ReminderMessage) -> Result<Recheck> {
        let live = self.api.read_exception(&item.namespace, &item.name).await?;
        Ok(item.recheck(live.as_ref(), message))
    }

    /// Records which message the items belong to. False where that failed: the next plan continues from
    /// what was recorded.
    async fn record_intents(&mut self, message: &ReminderMessage) -> bool {
        let writes = message.intents();
        let outcomes = join_all(
            writes
                .iter()
                .map(|write| self.record(StatusRecord::Reminder(write.clone()))),
        )
        .await;
        let mut are_recorded = true;
        for (write, outcome) in writes.into_iter().zip(outcomes) {
            let is_refused = outcome.is_some_and(is_refusal);
            let is_recorded = match write.change {
                RecordChange::Intended { .. } => matches!(outcome, Some(WriteOutcome::Landed(_))),
                RecordChange::LeftOut | RecordChange::Sent(_) => {
                    outcome.is_some_and(WriteOutcome::is_final) || is_refused
                }
            };
            if !is_recorded && is_refused {
                warn!(
                    namespace = &*write.namespace,
                    name = &*write.name,
                    "API server refused to record a reminder; not sending it"
                );
                self.bar(write.item);
            }
            are_recorded &= is_recorded;
        }
        are_recorded
    }

    /// Sends this item no earlier than in an hour.
    fn bar(&mut self, item: String) {
        self.unwritable.insert(item, Instant::now() + WRITE_AGAIN);
    }

    /// **Invariant:** a message is sent only after every item's status names its key and its items.
    async fn send(&mut self, message: ReminderMessage) {
        if !self.record_intents(&message).await || !self.may_send() {
            return;
        }
        let delivery = self.reminders.sender.send(&message).await;
        for item in &message.items {
            let sink = &message.owner.channel;
            self.context.counters.notified(
                sink,
                NotifiedAbout::Exception(item.stage),
                delivery.as_str(),
            );
        }
        match delivery {
            Delivery::Accepted => self.accepted(message).await,
            Delivery::Refused(failure) => self.refused(&message, &failure),
            Delivery::Failed(failure) => {
                log_failure(&message, &failure, "failed to send a reminder; retrying");
                self.hold(&message.owner.channel, failure.pause);
            }
        }
    }

    async fn accepted(&mut self, message: ReminderMessage) {
        let now = Timestamp::now();
        let channel = &message.owner.channel;
        self.refusing.remove(channel);
        self.reminded_at.insert(message.owner.clone(), now);
        info!(
            channel = &**channel,
            team = &*message.owner.team,
            items = message.items.len(),
            dry_run = message.dry_run,
            id = message.id,
            "reminder sent"
        );
        let sent = message.sent(now).into_iter();
        self.put_on_record(sent.map(StatusRecord::Reminder).collect())
            .await;
        for item in message.items {
            self.record_event(item, channel, None);
        }
        tokio::time::sleep(PACE).await;
    }

    /// Makes these record writes before anything else is sent, unless another replica leads. Gives up
    /// when the API server refuses all that is left: one exception must not hold up the reminders of
    /// others. `backon`'s `retry` cannot retry a part of a batch, so only the pauses are taken from it.
    async fn put_on_record(&mut self, mut writes: Vec<StatusRecord>) {
        let mut pauses = BACKOFF.build();
        while !writes.is_empty() {
            let records = writes.iter().map(|write| self.record(write.clone()));
            let outcomes = join_all(records).await;
            let open: Vec<Option<WriteOutcome>>;
            (writes, open) = writes
                .into_iter()
                .zip(outcomes)
                .filter(|(_, outcome)| !outcome.is_some_and(WriteOutcome::is_final))
                .unzip();
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            let is_refused = pause >= LONGEST_PAUSE
                && open.iter().all(|outcome| outcome.is_some_and(is_refusal));
            if !writes.is_empty() && (is_refused || !self.context.leadership.holds()) {
                warn!(
                    messages = writes.len(),
                    "failed to record what was sent; another replica may send them again under the same key"
                );
                self.unrecorded
                    .extend(writes.drain(..).map(StatusRecord::into_item));
            }
            if !writes.is_empty() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// The outcome of one record write; `None` where the writer has ended.
    async fn record(&self, write: StatusRecord) -> Option<WriteOutcome> {
        let (done, outcome) = oneshot::channel();
        let request = RecordRequest { write, done };
        self.records.send(request).await.ok()?;
        outcome.await.ok()
    }

    fn refused(&mut self, message: &ReminderMessage, failure: &DeliveryFailure) {
        let channel = &message.owner.channel;
        log_failure(message, failure, "channel refused a reminder");
        self.hold(&message.owner.channel, failure.pause);
        if self.refusing.insert(channel.clone()) {
            for item in &message.items {
                let why = format!("{}: {}", failure.reason, failure.message);
                self.record_event(item.clone(), channel, Some(why));
            }
        }
    }

    fn hold(&mut self, channel: &Arc<str>, pause: Duration) {
        let until = Instant::now() + pause;
        self.held_until.insert(channel.clone(), until);
    }

    fn record_event(&self, item: MessageItem, channel: &Arc<str>, refused: Option<String>) {
        let sent = SentReminder {
            item,
            channel: channel.clone(),
            refused,
        };
        self.context
            .record_event(EventTrigger::Reminder(Box::new(sent)));
    }
}

/// Whether the API server refused the write and would refuse it again.
fn is_refusal(outcome: WriteOutcome) -> bool {
    match outcome {
        WriteOutcome::Failed(reason) => matches!(reason, "Forbidden" | "Invalid" | "Refused"),
        WriteOutcome::Landed(_)
        | WriteOutcome::Gone
        | WriteOutcome::PushedBack(_)
        | WriteOutcome::NotLeading => false,
    }
}

fn log_failure(message: &ReminderMessage, failure: &DeliveryFailure, event: &str) {
    warn!(
        channel = &*message.owner.channel,
        items = message.items.len(),
        reason = failure.reason,
        message = failure.message,
        pause = failure.pause.as_secs(),
        "{event}"
    );
}
