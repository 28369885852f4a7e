//! Sends reminders. What is due is planned from the inventory and compared with what is stored now.
//! The intent is recorded, the message sent, and the sending recorded, in this order, before
//! anything else is sent: after a crash the same message is sent again under the same key. Only the
//! leader sends, and only once everything was listed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{BoxFuture, join_all};
use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info, warn};

use super::client::error::Result;
use super::context::Context;
use super::readiness::Stage;
use super::write::apply::{Hand, Outcome};
use super::write::events::{News, Reminded};
use super::write::reminder_records::Record;
use crate::assess::reminders::{
    Addressee, Change, Delivery, Item, Look, Mark, Message, Occasion, Setback, Settings, accepted,
    plan,
};

/// How often it looks for what is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How long nothing is looked up after that failed.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(60);
/// How long a reminder is left out after the API server refused to record its intent.
const WRITE_AGAIN: Duration = Duration::from_secs(3_600);
/// Time between two messages: what chats let one sender send.
const PACE: Duration = Duration::from_secs(1);
/// Time between two attempts to put something on record, at first and at most.
const RETRY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(30)];
/// How long a message under way may take to be answered and put on record when the operator is
/// asked to end: a little more than the post waits for an answer.
pub const DRAIN: Duration = Duration::from_secs(13);

/// Takes a message to where people read it, and says how that ended.
pub trait Courier: fmt::Debug + Send + Sync {
    /// One attempt, which ends by itself.
    fn carry<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Delivery>;
}

/// What reminding needs.
#[derive(Clone, Debug)]
pub struct Reminders {
    /// What is due when, and to whom.
    pub settings: Settings,
    /// Who carries messages.
    pub courier: Arc<dyn Courier>,
}

/// Reminds until `stop` says so; a message under way is put on record first. Without reminders it
/// waits for the end.
pub fn run(
    reminders: Option<Reminders>,
    context: Arc<Context>,
    hand: Hand,
) -> impl FnOnce(watch::Receiver<bool>) -> BoxFuture<'static, ()> {
    move |mut stop| {
        Box::pin(async move {
            let Some(reminders) = reminders else {
                let _ = stop.wait_for(|stop| *stop).await;
                return;
            };
            let reminding = Reminding {
                reminders,
                context,
                hand,
                stop,
                looks_from: None,
                held: BTreeMap::new(),
                told: BTreeMap::new(),
                refusing: HashSet::new(),
                unrecorded: BTreeSet::new(),
                unwritable: BTreeMap::new(),
            };
            reminding.run().await;
        })
    }
}

struct Reminding {
    reminders: Reminders,
    context: Arc<Context>,
    hand: Hand,
    stop: watch::Receiver<bool>,
    /// When looking up is tried again after it failed.
    looks_from: Option<Instant>,
    /// Until when a channel is left alone.
    held: BTreeMap<Arc<str>, Instant>,
    /// When an owner was last told something: the inventory hears of it a moment later.
    told: BTreeMap<Addressee, Timestamp>,
    /// Channels that refused the last message; said once.
    refusing: HashSet<Arc<str>>,
    /// Items that were sent and that the API server refused to record: not sent again from here.
    unrecorded: BTreeSet<String>,
    /// Items whose intent the API server refused to record, and when it is tried again.
    unwritable: BTreeMap<String, Instant>,
}

impl Reminding {
    async fn run(mut self) {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stop = self.stop.clone();
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                _ = look.tick() => {}
            }
            self.send_due().await;
        }
    }

    fn may_send(&self) -> bool {
        self.context.leadership.holds()
            && self.context.gates.stage() == Stage::Ready
            && self.looks_from.is_none_or(|from| from <= Instant::now())
            && !*self.stop.borrow()
    }

    async fn send_due(&mut self) {
        if !self.may_send() {
            return;
        }
        self.record_accepted().await;
        let barred = self.barred();
        let now = Timestamp::now();
        let settings = &self.reminders.settings;
        let installed = self.context.leadership.installed();
        let occasion = Occasion {
            now,
            dry_run: settings.dry_run.lasts(installed, now),
        };
        let messages = plan(&self.context.inventory(), settings, occasion, &barred);
        for message in messages {
            if !self.is_free(&message, now) {
                continue;
            }
            match self.look_again(message).await {
                Ok(Some(message)) if self.may_send() => self.send(message).await,
                Ok(Some(_)) => return,
                Ok(None) => {}
                Err(error) => {
                    self.context.counters.failed(error.reason());
                    warn!(reason = error.reason(), %error, "lookup failed; sending no reminders");
                    self.looks_from = Some(Instant::now() + LOOK_UP_AGAIN);
                    return;
                }
            }
        }
    }

    /// Records the rest of a message that another process sent and recorded in part.
    async fn record_accepted(&mut self) {
        let mut marks = accepted(&self.context.inventory());
        marks.retain(|mark| !self.unrecorded.contains(&mark.item));
        self.put_on_record(marks).await;
    }

    /// Items that are not sent now: they cannot be recorded.
    fn barred(&mut self) -> BTreeSet<String> {
        let now = Instant::now();
        self.unwritable.retain(|_, until| now < *until);
        let unwritable = self.unwritable.keys().cloned();
        self.unrecorded.iter().cloned().chain(unwritable).collect()
    }

    /// Whether the channel is not left alone just now, nor was its owner told already.
    fn is_free(&self, message: &Message, now: Timestamp) -> bool {
        let held = self.held.get(&message.owner.channel);
        let mode = &self.reminders.settings.mode;
        let since = mode.latest(now);
        let told = self.told.get(&message.owner);
        let was_told = mode.is_daily() && told.is_some_and(|at| *at >= since && *at <= now);
        held.is_none_or(|until| *until <= Instant::now()) && !was_told
    }

    /// The message by what is stored now. A replica that has just taken over, or whose watch is
    /// behind, does not know what another one recorded: the API server does.
    async fn look_again(&self, message: Message) -> Result<Option<Message>> {
        let looks = message.items.iter().map(|item| self.look(item, &message));
        let looks: Result<Vec<Look>> = join_all(looks).await.into_iter().collect();
        let looks = looks?;
        Ok(message.looked_at(&looks))
    }

    async fn look(&self, item: &Item, message: &Message) -> Result<Look> {
        let live = self.hand.look(&item.namespace, &item.name).await?;
        Ok(item.look(live.as_ref(), message))
    }

    /// Records which message its items belong to. False where that failed: the next plan sees what
    /// was recorded and goes on from there.
    async fn record_intents(&mut self, message: &Message) -> bool {
        let marks = message.intents();
        let outcomes = join_all(marks.iter().map(|mark| self.record(mark.clone()))).await;
        let mut are_recorded = true;
        for (mark, outcome) in marks.into_iter().zip(outcomes) {
            let is_refused = outcome.is_some_and(is_no);
            let is_recorded = match mark.change {
                Change::Intended { .. } => matches!(outcome, Some(Outcome::Landed(_))),
                Change::LeftOut | Change::Sent(_) => outcome.is_some_and(is_over) || is_refused,
            };
            if !is_recorded && is_refused {
                warn!(
                    namespace = &*mark.namespace,
                    name = &*mark.name,
                    "recording a reminder was refused; not sending it"
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
        let delivery = self.reminders.courier.carry(&message).await;
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
                say(&message, &setback, "a reminder was not taken; trying again");
                self.hold(&message, setback.pause);
            }
        }
    }

    async fn accepted(&mut self, message: Message) {
        let now = Timestamp::now();
        let channel = &message.owner.channel;
        self.refusing.remove(channel);
        self.told.insert(message.owner.clone(), now);
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
            self.tell(item, channel, None);
        }
        tokio::time::sleep(PACE).await;
    }

    /// Nothing else is sent before this is recorded, or another replica leads. What the API server
    /// goes on refusing is given up: one exception must not hold up the reminders of others.
    async fn put_on_record(&mut self, mut marks: Vec<Mark>) {
        let [mut pause, longest] = RETRY;
        while !marks.is_empty() {
            let records = marks.iter().map(|mark| self.record(mark.clone()));
            let outcomes = join_all(records).await;
            let open = marks.into_iter().zip(outcomes);
            let open = open.filter(|(_, outcome)| !outcome.is_some_and(is_over));
            let outcomes: Vec<Option<Outcome>>;
            (marks, outcomes) = open.unzip();
            let is_refused = pause >= longest && outcomes.iter().all(|how| how.is_some_and(is_no));
            if !marks.is_empty() && (is_refused || !self.context.leadership.holds()) {
                warn!(
                    reminders = marks.len(),
                    "sent, and not recorded: another replica may send them again under the same key"
                );
                self.unrecorded
                    .extend(marks.drain(..).map(|mark| mark.item));
            }
            if !marks.is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(longest);
            }
        }
    }

    /// How recording it ended; none where the writer has ended.
    async fn record(&self, mark: Mark) -> Option<Outcome> {
        let (done, outcome) = oneshot::channel();
        let record = Record { mark, done };
        self.context.records.send(record).await.ok()?;
        outcome.await.ok()
    }

    fn refused(&mut self, message: &Message, setback: &Setback) {
        let channel = &message.owner.channel;
        say(message, setback, "a reminder was refused");
        self.hold(message, setback.pause);
        if self.refusing.insert(channel.clone()) {
            for item in &message.items {
                let why = format!("{}: {}", setback.reason, setback.message);
                self.tell(item.clone(), channel, Some(why));
            }
        }
    }

    fn hold(&mut self, message: &Message, pause: Duration) {
        let until = Instant::now() + pause;
        self.held.insert(message.owner.channel.clone(), until);
    }

    fn tell(&self, item: Item, channel: &Arc<str>, refused: Option<String>) {
        debug!(item = item.id, refused = refused.is_some(), "telling");
        self.context.tell(News::Reminded(Box::new(Reminded {
            item,
            channel: channel.clone(),
            refused,
        })));
    }
}

const fn is_over(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Landed(_) | Outcome::Gone => true,
        Outcome::PushedBack(_) | Outcome::Failed(_) | Outcome::NotLeading => false,
    }
}

/// Whether the server has said no, and will say so again.
fn is_no(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Failed(reason) => matches!(reason, "Forbidden" | "Invalid" | "Refused"),
        Outcome::Landed(_) | Outcome::Gone | Outcome::PushedBack(_) | Outcome::NotLeading => false,
    }
}

fn say(message: &Message, setback: &Setback, what: &str) {
    warn!(
        channel = &*message.owner.channel,
        items = message.items.len(),
        reason = setback.reason,
        said = setback.message,
        pause = setback.pause.as_secs(),
        "{what}"
    );
}
