//! Sends reminders. Messages are planned from the inventory, when it or the time asks for it, and
//! compared with the stored exceptions.
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

use super::client::error::Result;
use super::context::Context;
use super::event_queue::{EventTrigger, SentReminder};
use super::readiness::Stage;
use super::write::apply::{ApiWriter, WriteOutcome};
use super::write::reminder_records::ReminderRecord;
use crate::assess::reminders::{
    Addressee, Change, Delivery, Item, Look, Mark, Message, Occasion, PlanTrigger, Setback,
    Settings, accepted, plan,
};

/// Time between two looks at whether to plan.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Pause after reading a stored exception failed.
const READ_AGAIN: Duration = Duration::from_secs(60);
/// Pause of one reminder after the API server refused to record its intent.
const WRITE_AGAIN: Duration = Duration::from_secs(3_600);
/// Time between two messages: the rate chats allow one sender.
const PACE: Duration = Duration::from_secs(1);
/// The longest pause between two attempts to record something.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Pauses between these attempts.
const BACKOFF: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(LONGEST_PAUSE)
    .without_max_times();
/// How long a stopping operator waits until a message is answered and recorded: a little more than
/// sending may take.
pub const DRAIN: Duration = Duration::from_secs(13);

/// Delivers messages to chats and other receivers.
pub trait ReminderSender: fmt::Debug + Send + Sync {
    /// Makes one attempt, which ends by itself.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Delivery>;
}

/// When reminders are due, and what sends them.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// What is due when, and to whom.
    pub settings: Settings,
    /// Sends messages.
    pub sender: Arc<dyn ReminderSender>,
}

/// The task that sends reminders.
pub struct Reminding {
    reminders: Reminders,
    context: Arc<Context>,
    api: ApiWriter,
    /// To the writer, which records reminders.
    records: mpsc::Sender<ReminderRecord>,
    stop: watch::Receiver<bool>,
    /// When a plan is due.
    trigger: PlanTrigger,
    /// When the last plan was made.
    planned_at: Instant,
    /// Until when nothing is sent, after reading a stored exception failed.
    paused_until: Option<Instant>,
    /// Until when nothing is sent to a channel.
    held_until: BTreeMap<Arc<str>, Instant>,
    /// When an owner was last reminded: the watch delivers that record only later.
    reminded_at: BTreeMap<Addressee, Timestamp>,
    /// Channels that refused the last message: the Event is written once.
    refusing: HashSet<Arc<str>>,
    /// Sent items whose record the API server refused: this process does not send them again.
    unrecorded: BTreeSet<String>,
    /// Items whose intent the API server refused to record, and when that is retried.
    unwritable: BTreeMap<String, Instant>,
}

impl Reminding {
    /// A task that records its reminders with the writer at the other end of `records`.
    pub fn new(
        reminders: Reminders,
        context: Arc<Context>,
        api: ApiWriter,
        records: mpsc::Sender<ReminderRecord>,
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
        let occasion = self.occasion();
        if !self.is_plan_due(occasion) {
            return;
        }
        self.record_accepted().await;
        for message in self.plan(occasion) {
            if !self.is_free(&message, occasion.now) {
                continue;
            }
            // Sent or not, the next plan may be another one.
            self.trigger.reset();
            match self.refreshed(message).await {
                Ok(Some(message)) if self.may_send() => self.send(message).await,
                Ok(Some(_)) => return,
                Ok(None) => {}
                Err(error) => {
                    self.context.counters.failed(error.reason());
                    warn!(reason = error.reason(), %error, "failed to read exceptions; sending no reminders");
                    self.paused_until = Some(Instant::now() + READ_AGAIN);
                    return;
                }
            }
        }
    }

    fn occasion(&self) -> Occasion {
        let now = Timestamp::now();
        let installed = self.context.leadership.installed();
        let dry_run = self.reminders.settings.dry_run.lasts(installed, now);
        Occasion { now, dry_run }
    }

    fn is_plan_due(&self, occasion: Occasion) -> bool {
        let version = self.context.inventory().version();
        self.trigger.is_due(version, occasion) || self.has_pause_ended(Instant::now())
    }

    /// Whether a channel or an item was held back at the last plan and is no longer.
    fn has_pause_ended(&self, now: Instant) -> bool {
        self.held_until
            .values()
            .chain(self.unwritable.values())
            .any(|until| self.planned_at < *until && *until <= now)
    }

    fn plan(&mut self, occasion: Occasion) -> Vec<Message> {
        self.planned_at = Instant::now();
        let excluded = self.excluded(self.planned_at);
        let facts = self.context.inventory();
        let plan = plan(&facts, &self.reminders.settings, occasion, &excluded);
        self.trigger
            .planned(facts.version(), occasion, plan.wake_at);
        plan.messages
    }

    /// Completes the record of a message that another process sent and recorded in part.
    async fn record_accepted(&mut self) {
        let mut marks = accepted(&self.context.inventory());
        marks.retain(|mark| !self.unrecorded.contains(&mark.item));
        self.put_on_record(marks).await;
    }

    /// Items that cannot be recorded now, and are therefore not sent.
    fn excluded(&mut self, now: Instant) -> BTreeSet<String> {
        self.unwritable.retain(|_, until| now < *until);
        let unwritable = self.unwritable.keys().cloned();
        self.unrecorded.iter().cloned().chain(unwritable).collect()
    }

    /// Whether the channel takes messages now, and its owner was not reminded already.
    fn is_free(&self, message: &Message, now: Timestamp) -> bool {
        let held_until = self.held_until.get(&message.owner.channel);
        let mode = &self.reminders.settings.mode;
        let since = mode.latest(now);
        let was_reminded = mode.is_daily()
            && self
                .reminded_at
                .get(&message.owner)
                .is_some_and(|at| *at >= since && *at <= now);
        held_until.is_none_or(|until| *until <= Instant::now()) && !was_reminded
    }

    /// The message without items that the stored exceptions no longer call for. A replica that has
    /// just taken over, or whose watch lags, does not know what another one recorded: the API server
    /// does.
    async fn refreshed(&self, message: Message) -> Result<Option<Message>> {
        let looks = message.items.iter().map(|item| self.look(item, &message));
        let looks: Vec<Look> = try_join_all(looks).await?;
        Ok(message.looked_at(&looks))
    }

    async fn look(&self, item: &Item, message: &Message) -> Result<Look> {
        let live = self.api.read_exception(&item.namespace, &item.name).await?;
        Ok(item.look(live.as_ref(), message))
    }

    /// Records which message its items belong to. False where that failed: the next plan continues
    /// from what was recorded.
    async fn record_intents(&mut self, message: &Message) -> bool {
        let marks = message.intents();
        let outcomes = join_all(marks.iter().map(|mark| self.record(mark.clone()))).await;
        let mut are_recorded = true;
        for (mark, outcome) in marks.into_iter().zip(outcomes) {
            let is_refused = outcome.is_some_and(is_refusal);
            let is_recorded = match mark.change {
                Change::Intended { .. } => matches!(outcome, Some(WriteOutcome::Landed(_))),
                Change::LeftOut | Change::Sent(_) => {
                    outcome.is_some_and(WriteOutcome::is_final) || is_refused
                }
            };
            if !is_recorded && is_refused {
                warn!(
                    namespace = &*mark.namespace,
                    name = &*mark.name,
                    "API server refused to record a reminder; not sending it"
                );
                self.unwritable
                    .insert(mark.item, Instant::now() + WRITE_AGAIN);
            }
            are_recorded &= is_recorded;
        }
        are_recorded
    }

    /// **Invariant:** a message is sent only after every item's status names its key and its items.
    async fn send(&mut self, message: Message) {
        if !self.record_intents(&message).await || !self.may_send() {
            return;
        }
        let delivery = self.reminders.sender.send(&message).await;
        for item in &message.items {
            let sink = &message.owner.channel;
            self.context
                .counters
                .notified(sink, item.stage, delivery.as_str());
        }
        match delivery {
            Delivery::Accepted => self.accepted(message).await,
            Delivery::Refused(setback) => self.refused(&message, &setback),
            Delivery::Failed(setback) => {
                log_setback(&message, &setback, "failed to send a reminder; retrying");
                self.hold(&message, setback.pause);
            }
        }
    }

    async fn accepted(&mut self, message: Message) {
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
        self.put_on_record(message.sent(now)).await;
        for item in message.items {
            self.record_event(item, channel, None);
        }
        tokio::time::sleep(PACE).await;
    }

    /// Records these marks before anything else is sent, unless another replica leads. Gives up what
    /// the API server keeps refusing: one exception must not hold up the reminders of others.
    /// This loop retries only what is still open, and its last rule looks at all of it: `backon`'s
    /// `retry` has no place for either, so it takes the pauses from it alone.
    async fn put_on_record(&mut self, mut marks: Vec<Mark>) {
        let mut pauses = BACKOFF.build();
        while !marks.is_empty() {
            let records = marks.iter().map(|mark| self.record(mark.clone()));
            let outcomes = join_all(records).await;
            let open: Vec<Option<WriteOutcome>>;
            (marks, open) = marks
                .into_iter()
                .zip(outcomes)
                .filter(|(_, outcome)| !outcome.is_some_and(WriteOutcome::is_final))
                .unzip();
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            let is_refused = pause >= LONGEST_PAUSE
                && open.iter().all(|outcome| outcome.is_some_and(is_refusal));
            if !marks.is_empty() && (is_refused || !self.context.leadership.holds()) {
                warn!(
                    reminders = marks.len(),
                    "failed to record sent reminders; another replica may send them again under the same key"
                );
                self.unrecorded
                    .extend(marks.drain(..).map(|mark| mark.item));
            }
            if !marks.is_empty() {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// The outcome of recording a mark; `None` where the writer has ended.
    async fn record(&self, mark: Mark) -> Option<WriteOutcome> {
        let (done, outcome) = oneshot::channel();
        let record = ReminderRecord { mark, done };
        self.records.send(record).await.ok()?;
        outcome.await.ok()
    }

    fn refused(&mut self, message: &Message, setback: &Setback) {
        let channel = &message.owner.channel;
        log_setback(message, setback, "channel refused a reminder");
        self.hold(message, setback.pause);
        if self.refusing.insert(channel.clone()) {
            for item in &message.items {
                let why = format!("{}: {}", setback.reason, setback.message);
                self.record_event(item.clone(), channel, Some(why));
            }
        }
    }

    fn hold(&mut self, message: &Message, pause: Duration) {
        let until = Instant::now() + pause;
        self.held_until.insert(message.owner.channel.clone(), until);
    }

    fn record_event(&self, item: Item, channel: &Arc<str>, refused: Option<String>) {
        let sent = SentReminder {
            item,
            channel: channel.clone(),
            refused,
        };
        self.context
            .record_event(EventTrigger::Reminder(Box::new(sent)));
    }
}

/// Whether the server refused the write, and would refuse it again.
fn is_refusal(outcome: WriteOutcome) -> bool {
    match outcome {
        WriteOutcome::Failed(reason) => matches!(reason, "Forbidden" | "Invalid" | "Refused"),
        WriteOutcome::Landed(_)
        | WriteOutcome::Gone
        | WriteOutcome::PushedBack(_)
        | WriteOutcome::NotLeading => false,
    }
}

fn log_setback(message: &Message, setback: &Setback, event: &str) {
    warn!(
        channel = &*message.owner.channel,
        items = message.items.len(),
        reason = setback.reason,
        message = setback.message,
        pause = setback.pause.as_secs(),
        "{event}"
    );
}
