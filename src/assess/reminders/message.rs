//! A message as data: what it reminds of, whom it is for, and the names by which a repetition of it
//! or of a part of it is known. How it was taken, and what is put on record, are data too.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Addressee, Occasion, Stage, memory, was_sent};
use crate::api::condition::stored;
use crate::api::deviation_exception::Notified;
use crate::assess::cover::Exception;
use crate::assess::register::{ExceptionView, Usage};

/// The most items one message holds. What is left out stays due and comes with the next message.
pub const LONGEST_MESSAGE: usize = 40;

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
    /// Who is to be told, dry run or not.
    pub owner: Addressee,
    /// What there is to say.
    pub facts: Facts,
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
    /// The same for the same items to the same owner, so that receivers can tell a repetition.
    pub id: String,
    /// Who it is for and the channel it goes to.
    pub owner: Addressee,
    /// It goes to the platform's channel, to show what owners would be told.
    pub dry_run: bool,
    /// Most pressing first.
    pub items: Vec<Item>,
    /// How many more are due and come with the next message.
    pub more: usize,
    /// When it was made.
    pub as_of: Timestamp,
}

impl Item {
    /// The word that is remembered. A dry run has words of its own: the owner was not told by it.
    pub fn word(&self, dry_run: bool) -> String {
        memory::word(self.stage, dry_run)
    }

    /// What is put on record once it was sent.
    pub fn mark(&self, dry_run: bool, sent_at: Timestamp) -> Mark {
        Mark {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            notified: Notified {
                stage: self.word(dry_run),
                decision_at: stored(self.decision_at),
                sent_at: stored(sent_at),
            },
        }
    }

    /// Whether there is nothing to remind of any more, by the exception as it is stored now: it was
    /// told already, it is another object, or it was changed since.
    pub fn is_settled(&self, live: &Exception, dry_run: bool) -> bool {
        live.uid != self.uid
            || live.generation != self.generation
            || was_sent(live, (self.stage, self.decision_at), dry_run)
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
        }
    }

    /// What is left when some items turn out to be settled; none where nothing is left.
    #[must_use]
    pub fn without(mut self, settled: &HashSet<String>) -> Option<Self> {
        self.items.retain(|item| !settled.contains(&item.id));
        self.id = id_of(&self.owner, self.dry_run, &self.items);
        (!self.items.is_empty()).then_some(self)
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
    let word = memory::word(stage, dry_run);
    let second = decision_at.as_second().to_string();
    short_hash(&[uid, &name, &word, &second])
}

fn id_of(owner: &Addressee, dry_run: bool, items: &[Item]) -> String {
    let kind = if dry_run { "dry-run" } else { "reminder" };
    let ids = items.iter().map(|item| item.id.as_str());
    let parts: Vec<&str> = [kind, &*owner.channel, &*owner.team]
        .into_iter()
        .chain(ids)
        .collect();
    short_hash(&parts)
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

/// A reminder that was sent, to be put on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The exception's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object meant.
    pub uid: Option<Box<str>>,
    /// What is remembered.
    pub notified: Notified,
}
