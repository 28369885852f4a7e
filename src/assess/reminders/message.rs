//! A message as data: what it reminds of, whom it is for, and the names by which a repetition of it
//! or of a part of it is known. How it was taken, and what is put on record, are data too.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::records::{self, Change, Mark};
use super::{Addressee, Occasion, Stage, was_sent};
use crate::api::deviation_exception::Notifying;
use crate::assess::exception::record::Exception;
use crate::assess::register::{ExceptionView, Usage};

/// The most items one message holds. What is left out stays due and comes with the next message.
pub const LONGEST_MESSAGE: usize = 40;
/// How much of a message's key is of its owner.
const OWNER_DIGITS: usize = 8;

/// One thing a message reminds of.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The same for the same stage and decision of the same exception, whatever message it is in.
    pub id: String,
    /// The exception's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object meant.
    pub uid: Option<Box<str>>,
    /// The generation this was worked out from.
    pub generation: Option<i64>,
    /// The path it names, by today's name.
    pub path: String,
    /// What it is about.
    pub stage: Stage,
    /// The decision it counts from; for a request, when it came.
    pub decision_at: Timestamp,
    /// Who receives it, dry run or not.
    pub owner: Addressee,
    /// What there is to say.
    pub facts: Facts,
    /// The recorded intent to send it, as the plan saw it.
    pub intent: Option<Notifying>,
}

/// What a sentence about an item needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The team that owns the exception.
    pub team: String,
    /// When it ends or ended.
    pub ends: Option<Timestamp>,
    /// When its review is or was due.
    pub review: Option<Timestamp>,
    /// The owner asked to go on, at this instant.
    pub renewal_asked: Option<Timestamp>,
    /// Who asked, where that is known.
    pub asked_by: Option<String>,
    /// The owner's words: why it is needed, or still needed.
    pub words: String,
    /// Whether its workloads still fail what it excuses, where that is known.
    pub needed: Option<bool>,
    /// Whether it is in use.
    pub usage: Usage,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The `Idempotency-Key`. A new message gets it from its owner and items; a message under way
    /// keeps it until a receiver has accepted it.
    pub id: String,
    /// Who it is for and the channel it goes to.
    pub owner: Addressee,
    /// It goes to the platform's channel, to show what owners would receive.
    pub dry_run: bool,
    /// Most pressing first.
    pub items: Vec<Item>,
    /// How many more are due and come with the next message.
    pub more: usize,
    /// When it was made.
    pub as_of: Timestamp,
    /// Present for a message under way: its recorded intents for items that are no longer due.
    pub left_out: Option<Vec<Mark>>,
}

/// How an item that a plan wants to send is stored now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As the plan saw it.
    AsPlanned,
    /// Its exception is gone.
    Gone,
    /// It was sent, it was changed, or it belongs to another message: the plan is out of date.
    Changed,
}

impl Item {
    /// The word that is remembered. A dry run has words of its own: the owner was not told by it.
    pub fn word(&self, dry_run: bool) -> String {
        records::word(self.stage, dry_run)
    }

    /// A change of what its exception's status remembers of it.
    pub fn mark(&self, message: &Message, change: Change) -> Mark {
        Mark {
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

    /// Compares it with the exception as it is stored now; none where that is gone.
    pub fn look(&self, live: Option<&Exception>, message: &Message) -> Look {
        let Some(live) = live.filter(|live| live.uid == self.uid) else {
            return Look::Gone;
        };
        let of = (self.stage, self.decision_at);
        let intent = records::intent(live, of, message.dry_run);
        let is_as_planned = live.generation == self.generation
            && self.is_planned(intent, message)
            && !was_sent(live, of, message.dry_run);
        if is_as_planned {
            Look::AsPlanned
        } else {
            Look::Changed
        }
    }

    /// Whether this intent is the one the plan saw, or this very message's.
    fn is_planned(&self, intent: Option<&Notifying>, message: &Message) -> bool {
        let is_own = |intent: &Notifying| intent.key == message.id && intent.items == message.ids();
        intent == self.intent.as_ref() || intent.is_some_and(is_own)
    }
}

impl Message {
    /// The message to one owner, of everything that is due.
    pub(super) fn of(owner: Addressee, mut items: Vec<Item>, occasion: Occasion) -> Self {
        items.sort_by_cached_key(|item| {
            let date = match item.stage {
                Stage::Expired => item.facts.ends,
                Stage::ReviewOverdue | Stage::ReviewDue => item.facts.review,
                Stage::RenewalWaiting | Stage::DecisionWaiting => Some(item.decision_at),
            };
            let of = occasion.dry_run.then(|| item.owner.clone());
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
            id: id_of(&owner, occasion.dry_run, &items),
            owner,
            dry_run: occasion.dry_run,
            items,
            more,
            as_of: occasion.now,
            left_out: None,
        }
    }

    /// The message again that is under way with this key; `more` are due for its owner and wait.
    pub(super) fn again(self, key: String, left_out: Vec<Mark>, more: usize) -> Self {
        Self {
            id: key,
            left_out: Some(left_out),
            more,
            ..self
        }
    }

    /// What is left of it, by how its items are stored now; none where that is nothing, or where a
    /// message under way has to be planned again.
    #[must_use]
    pub fn looked_at(mut self, looks: &[Look]) -> Option<Self> {
        let is_under_way = self.left_out.is_some();
        if is_under_way && looks.contains(&Look::Changed) {
            return None;
        }
        let mut looks = looks.iter();
        self.items
            .retain(|_| looks.next() == Some(&Look::AsPlanned));
        if !is_under_way {
            self.id = id_of(&self.owner, self.dry_run, &self.items);
        }
        (!self.items.is_empty()).then_some(self)
    }

    /// What has to be recorded before it is sent, so that a retry by any replica repeats exactly
    /// this. Nothing where the plan saw it recorded already.
    pub fn intents(&self) -> Vec<Mark> {
        let items = self.ids();
        let is_recorded = |seen: &Notifying| seen.key == self.id && seen.items == items;
        let missing = self.items.iter();
        let missing = missing.filter(|item| !item.intent.as_ref().is_some_and(is_recorded));
        let intended = missing.map(|item| {
            let (items, seen) = (items.clone(), item.intent.clone());
            item.mark(self, Change::Intended { items, seen })
        });
        let left_out = self.left_out.iter().flatten().cloned();
        intended.chain(left_out).collect()
    }

    /// What has to be recorded once it was sent.
    pub fn sent(&self, at: Timestamp) -> Vec<Mark> {
        let items = self.items.iter();
        items
            .map(|item| item.mark(self, Change::Sent(at)))
            .collect()
    }

    /// The ids of its items, sorted.
    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.items.iter().map(|item| item.id.clone()).collect();
        ids.sort_unstable();
        ids
    }
}

impl Facts {
    pub(super) fn of(view: &ExceptionView<'_>) -> Self {
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
        }
    }
}

pub(super) fn item_id(
    (namespace, exception): (&str, &Exception),
    (stage, decision_at): (Stage, Timestamp),
    dry_run: bool,
) -> String {
    let name = format!("{namespace}/{}", exception.name);
    let uid = exception.uid.as_deref().unwrap_or_default();
    let word = records::word(stage, dry_run);
    let second = decision_at.as_second().to_string();
    short_hash(&[uid, &name, &word, &second])
}

/// The key of a new message: eight digits of its owner, the rest of its owner and items.
fn id_of(owner: &Addressee, dry_run: bool, items: &[Item]) -> String {
    let mut ids: Vec<&str> = items.iter().map(|item| item.id.as_str()).collect();
    ids.sort_unstable();
    let of_owner = owner_parts(owner, dry_run);
    let whole = short_hash(&[&of_owner[..], &ids].concat());
    format!("{}{}", owner_digits(owner, dry_run), &whole[OWNER_DIGITS..])
}

/// Whether a message with this key is for this owner.
pub(super) fn leads_to(key: &str, owner: &Addressee, dry_run: bool) -> bool {
    key.starts_with(&owner_digits(owner, dry_run))
}

fn owner_digits(owner: &Addressee, dry_run: bool) -> String {
    short_hash(&owner_parts(owner, dry_run))[..OWNER_DIGITS].to_owned()
}

fn owner_parts(owner: &Addressee, dry_run: bool) -> [&str; 3] {
    let kind = if dry_run { "dry-run" } else { "reminder" };
    [kind, &*owner.channel, &*owner.team]
}

/// 32 hexadecimal digits that no other list of parts gives.
fn short_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    digest[..16].iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How handing a message over ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took it.
    Accepted,
    /// It did not, and would not take it later either.
    Refused(Setback),
    /// It could not be handed over now.
    Failed(Setback),
}

/// Why a message was not taken, and how long its channel is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setback {
    /// One word.
    pub reason: &'static str,
    /// What was said, on one line.
    pub message: String,
    /// The time until the next attempt.
    pub pause: Duration,
}

impl Delivery {
    /// The word used in metrics.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted => "delivered",
            Self::Refused(_) => "refused",
            Self::Failed(_) => "failed",
        }
    }
}
