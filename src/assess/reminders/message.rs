//! A message as data: its items, its recipient, and the ids by which a receiver recognises a repetition.
//! The outcome of a delivery and what to record of it are data too. Nothing is worded or sent here.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::records::was_sent;
use super::records::{self, RecordChange, RecordWrite};
use super::{DueStage, PlanContext, Recipient, ReminderStage};
use crate::api::deviation_exception::Notifying;
use crate::assess::exception::record::Exception;
use crate::assess::object::digest::digest;
use crate::assess::register::{ExceptionView, Usage};

/// The most items in one message. The others stay due and come with the next message.
pub const LONGEST_MESSAGE: usize = 40;
/// The digits of a message's key that stand for its owner.
const OWNER_DIGITS: usize = 8;

/// One exception in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageItem {
    /// Identifies the exception, stage and decision, whatever message it is in.
    pub id: String,
    /// The exception's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object this is meant for.
    pub uid: Option<Box<str>>,
    /// The generation it was planned from.
    pub generation: Option<i64>,
    /// The path it names, by its current name.
    pub path: String,
    /// Its stage.
    pub stage: ReminderStage,
    /// The decision it counts from; for a request, when it was made.
    pub decision_at: Timestamp,
    /// The roadmap item that was shipped.
    pub shipped: Option<Arc<str>>,
    /// Who has to act, in a dry run too.
    pub owner: Recipient,
    /// What its sentences are made of.
    pub facts: ItemFacts,
    /// The recorded intent to send it, as the plan saw it.
    pub intent: Option<Notifying>,
}

/// What the sentences about an item are made of.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemFacts {
    /// The team that owns the exception.
    pub team: String,
    /// When it expires or expired.
    pub ends: Option<Timestamp>,
    /// When its review is or was due.
    pub review: Option<Timestamp>,
    /// When the owner requested a renewal.
    pub renewal_asked: Option<Timestamp>,
    /// Who requested it, where that is known.
    pub asked_by: Option<String>,
    /// The owner's reason: why it is needed, or still needed.
    pub words: String,
    /// Whether its workloads still fail a check it names, where that is known.
    pub needed: Option<bool>,
    /// Whether it is in use.
    pub usage: Usage,
    /// Title of the roadmap item that was shipped.
    pub shipped: Option<String>,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct ReminderMessage {
    /// The `Idempotency-Key`: made from owner and items for a new message, and unchanged until a
    /// receiver has accepted it.
    pub id: String,
    /// The team it is for and the channel it goes to.
    pub owner: Recipient,
    /// Whether it goes to the platform's channel, to show what owners would receive.
    pub dry_run: bool,
    /// Most urgent first.
    pub items: Vec<MessageItem>,
    /// Items that are due and come with the next message.
    pub more: usize,
    /// When it was planned.
    pub as_of: Timestamp,
    /// For a message under way: removals of its recorded intents for items that are no longer due.
    pub left_out: Option<Vec<RecordWrite>>,
}

/// How an exception as it is stored now compares with a planned item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// As the plan saw it.
    AsPlanned,
    /// Its exception is gone.
    Gone,
    /// It was sent, was changed, or belongs to another message: the plan is out of date.
    Changed,
}

impl MessageItem {
    /// Its stage, as it is stored.
    pub(super) fn word(&self, dry_run: bool) -> String {
        records::word(self.stage, self.shipped.as_deref(), dry_run)
    }

    /// A change of its records.
    fn record_write(&self, message: &ReminderMessage, change: RecordChange) -> RecordWrite {
        RecordWrite {
            item: self.id.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            word: self.word(message.dry_run),
            decision_at: self.decision_at,
            key: message.id.clone(),
            change,
        }
    }

    /// Compares it with the exception as it is stored now; `None` where that is gone.
    pub fn recheck(&self, live: Option<&Exception>, message: &ReminderMessage) -> Recheck {
        let Some(live) = live.filter(|live| live.uid == self.uid) else {
            return Recheck::Gone;
        };
        let due = DueStage {
            stage: self.stage,
            decision_at: self.decision_at,
            item: self.shipped.clone(),
        };
        let intent = records::intent(live, &due, message.dry_run);
        let is_as_planned = live.generation == self.generation
            && self.is_planned(intent, message)
            && !was_sent(live, &due, message.dry_run);
        if is_as_planned {
            Recheck::AsPlanned
        } else {
            Recheck::Changed
        }
    }

    /// Whether this intent is the one the plan saw, or this message's own.
    fn is_planned(&self, intent: Option<&Notifying>, message: &ReminderMessage) -> bool {
        let is_own = |intent: &Notifying| intent.key == message.id && intent.items == message.ids();
        intent == self.intent.as_ref() || intent.is_some_and(is_own)
    }
}

impl ReminderMessage {
    /// A new message of everything that is due to one recipient.
    pub(super) fn of(owner: Recipient, mut items: Vec<MessageItem>, ctx: PlanContext) -> Self {
        items.sort_by_cached_key(|item| {
            let date = match item.stage {
                ReminderStage::Expired => item.facts.ends,
                ReminderStage::ReviewOverdue | ReminderStage::ReviewDue => item.facts.review,
                ReminderStage::ItemShipped
                | ReminderStage::RenewalWaiting
                | ReminderStage::DecisionWaiting => Some(item.decision_at),
            };
            let of = ctx.dry_run.then(|| item.owner.clone());
            (
                of,
                item.stage,
                date,
                item.namespace.clone(),
                item.name.clone(),
            )
        });
        let more = items.len().saturating_sub(LONGEST_MESSAGE);
        items.truncate(LONGEST_MESSAGE);
        Self {
            id: id_of(&owner, ctx.dry_run, &items),
            owner,
            dry_run: ctx.dry_run,
            items,
            more,
            as_of: ctx.now,
            left_out: None,
        }
    }

    /// The message that is under way with this key; `more` items wait for the next one.
    pub(super) fn again(self, key: String, left_out: Vec<RecordWrite>, more: usize) -> Self {
        Self {
            id: key,
            left_out: Some(left_out),
            more,
            ..self
        }
    }

    /// The message without items that are stored differently now, given one result per item. `None`
    /// where no item is left, or where a message under way has to be planned again.
    #[must_use]
    pub fn rechecked(mut self, results: &[Recheck]) -> Option<Self> {
        let is_under_way = self.left_out.is_some();
        if is_under_way && results.contains(&Recheck::Changed) {
            return None;
        }
        let mut results = results.iter();
        self.items
            .retain(|_| results.next() == Some(&Recheck::AsPlanned));
        if !is_under_way {
            self.id = id_of(&self.owner, self.dry_run, &self.items);
        }
        (!self.items.is_empty()).then_some(self)
    }

    /// What to record before it is sent, so that a retry by any replica repeats exactly this message.
    /// Empty where the plan saw all of it recorded.
    pub fn intents(&self) -> Vec<RecordWrite> {
        let items = self.ids();
        let is_recorded = |seen: &Notifying| seen.key == self.id && seen.items == items;
        let left_out = self.left_out.iter().flatten().cloned();
        self.items
            .iter()
            .filter(|item| !item.intent.as_ref().is_some_and(is_recorded))
            .map(|item| {
                let (items, seen) = (items.clone(), item.intent.clone());
                item.record_write(self, RecordChange::Intended { items, seen })
            })
            .chain(left_out)
            .collect()
    }

    /// What to record after it was sent.
    pub fn sent(&self, at: Timestamp) -> Vec<RecordWrite> {
        self.items
            .iter()
            .map(|item| item.record_write(self, RecordChange::Sent(at)))
            .collect()
    }

    /// The ids of its items, sorted.
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.items.iter().map(|item| item.id.clone()).collect();
        ids.sort_unstable();
        ids
    }
}

impl ItemFacts {
    pub(super) fn of(view: &ExceptionView<'_>, shipped: Option<String>) -> Self {
        let spec = &view.exception.spec;
        let renewal = spec.renewal.as_ref().filter(|_| view.life.renewal_open);
        let asked_by = renewal.map(|renewal| renewal.by.clone());
        let words = renewal.map(|renewal| renewal.still_needed_because.clone());
        Self {
            team: spec.owner.team.clone(),
            ends: view.life.effective_expiry,
            review: view.life.next_review_at,
            renewal_asked: renewal.map(|renewal| renewal.requested_at.0),
            asked_by: asked_by.or_else(|| spec.requested_by.clone()),
            words: words.unwrap_or_else(|| spec.reason.clone()),
            needed: view.needed,
            usage: view.usage,
            shipped,
        }
    }
}

/// The id of an item.
pub(super) fn item_id(
    namespace: &str,
    exception: &Exception,
    due: &DueStage,
    dry_run: bool,
) -> String {
    let name = format!("{namespace}/{}", exception.name);
    let uid = exception.uid.as_deref().unwrap_or_default();
    let word = records::word(due.stage, due.item.as_deref(), dry_run);
    let second = due.decision_at.as_second().to_string();
    short_hash(&[uid, &name, &word, &second])
}

/// The key of a new message: eight digits for its owner, the others for owner and items.
fn id_of(owner: &Recipient, dry_run: bool, items: &[MessageItem]) -> String {
    let mut ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
    ids.sort_unstable();
    let of_owner = owner_parts(owner, dry_run);
    let whole = short_hash(&[&of_owner[..], &ids].concat());
    format!("{}{}", owner_digits(owner, dry_run), &whole[OWNER_DIGITS..])
}

/// Whether a message with this key is for this owner.
pub(super) fn leads_to(key: &str, owner: &Recipient, dry_run: bool) -> bool {
    key.starts_with(&owner_digits(owner, dry_run))
}

fn owner_digits(owner: &Recipient, dry_run: bool) -> String {
    short_hash(&owner_parts(owner, dry_run))[..OWNER_DIGITS].to_owned()
}

fn owner_parts(owner: &Recipient, dry_run: bool) -> [&str; 3] {
    let kind = if dry_run { "dry-run" } else { "reminder" };
    [kind, &*owner.channel, &*owner.team]
}

/// 32 hexadecimal digits that stand for this list of parts.
pub(super) fn short_hash(parts: &[&str]) -> String {
    let ended: String = parts.iter().flat_map(|part| [part, "\0"]).collect();
    digest(ended, 32)
}

/// The outcome of sending a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver accepted it.
    Accepted,
    /// The receiver would refuse it again.
    Refused(DeliveryFailure),
    /// A retry may succeed.
    Failed(DeliveryFailure),
}

/// Why a message was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFailure {
    /// One word, for metrics and logs.
    pub reason: &'static str,
    /// The receiver's response or the error, on one line.
    pub message: String,
    /// How long nothing is sent to the channel.
    pub pause: Duration,
}

impl Delivery {
    /// The label value in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "delivered",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}
