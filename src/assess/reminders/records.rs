//! What an exception's status remembers of reminders: `notified`, one entry for each stage and
//! decision that was sent, and `notifying`, the message that each reminder under way belongs to.
//! A dry run has words of its own, because it does not tell the owner.

use std::sync::Arc;

use jiff::Timestamp;

use super::Stage;
use crate::api::DeviationExceptionStatus;
use crate::api::condition::stored;
use crate::api::deviation_exception::{Notified, Notifying};
use crate::assess::exception::record::Exception;

/// How many entries a status holds; the oldest decisions go first.
pub const REMEMBERED: usize = 32;
const DRY_RUN: &str = "dry-run:";

/// The word an entry has.
pub(super) fn word(stage: Stage, dry_run: bool) -> String {
    let prefix = if dry_run { DRY_RUN } else { "" };
    format!("{prefix}{}", stage.as_str())
}

/// What the word of an entry means; none where it is none of ours.
pub(super) fn read(word: &str) -> Option<(Stage, bool)> {
    let (word, dry_run) = match word.strip_prefix(DRY_RUN) {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let stage = Stage::ALL
        .into_iter()
        .find(|stage| stage.as_str() == word)?;
    Some((stage, dry_run))
}

/// Whether this stage was told for this decision. What the owner was told need not be shown to the
/// platform's channel any more, were a dry run to begin later.
pub fn was_sent(
    exception: &Exception,
    (stage, decision_at): (Stage, Timestamp),
    dry_run: bool,
) -> bool {
    let status = exception.status.as_ref();
    let mut marks = status.into_iter().flat_map(|status| &status.notified);
    marks.any(|mark| {
        let is_of = |dry_run| mark.stage == word(stage, dry_run);
        (is_of(false) || dry_run && is_of(true)) && is_same(mark.decision_at.0, decision_at)
    })
}

/// The recorded intent to send this stage for this decision.
pub(super) fn intent(
    exception: &Exception,
    (stage, decision_at): (Stage, Timestamp),
    dry_run: bool,
) -> Option<&Notifying> {
    let word = word(stage, dry_run);
    let mut intents = exception.status.as_ref()?.notifying.iter();
    intents.find(|intent| intent.stage == word && is_same(intent.decision_at.0, decision_at))
}

/// The entries with one more. Of one stage and decision there is one entry; the new one stays
/// whatever its date, or it would be sent for ever.
#[must_use]
pub fn record(mut entries: Vec<Notified>, new: Notified) -> Vec<Notified> {
    entries.retain(|entry| {
        entry.stage != new.stage || !is_same(entry.decision_at.0, new.decision_at.0)
    });
    entries.sort_by_key(|entry| (entry.decision_at.0, entry.sent_at.0));
    let too_many = (entries.len() + 1).saturating_sub(REMEMBERED);
    entries.drain(..too_many);
    entries.push(new);
    entries
}

/// One change of what an exception's status remembers of one reminder.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The id of the reminder.
    pub item: String,
    /// The exception's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object meant.
    pub uid: Option<Box<str>>,
    /// The word of its stage.
    pub word: String,
    /// The decision it counts from.
    pub decision_at: Timestamp,
    /// The `Idempotency-Key` of the message.
    pub key: String,
    /// What happens to it.
    pub change: Change,
}

/// What happens to a reminder.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// It is about to be sent, in a message of these items.
    Intended {
        /// The ids of all items of the message, sorted.
        items: Vec<String>,
        /// The intent that the plan was made from.
        seen: Option<Notifying>,
    },
    /// It was sent.
    Sent(Timestamp),
    /// It is no longer part of the message.
    LeftOut,
}

/// What the two lists become.
#[derive(Clone, Debug, PartialEq)]
pub struct Memory {
    /// Reminders sent.
    pub notified: Vec<Notified>,
    /// Reminders under way.
    pub notifying: Vec<Notifying>,
}

/// The stored status differs from the one the change was planned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

impl Mark {
    /// The memory after this change; none where it is so already. An intent replaces only what
    /// its plan saw. **Invariant:** so a reminder belongs to one message at a time, whichever
    /// replica writes.
    ///
    /// # Errors
    /// When the reminder was sent meanwhile or belongs to another message.
    pub fn apply(&self, status: &DeviationExceptionStatus) -> Result<Option<Memory>, Stale> {
        let mut memory = Memory {
            notified: status.notified.clone(),
            notifying: status.notifying.clone(),
        };
        match &self.change {
            Change::Intended { items, seen } => {
                let intent = self.intent(items.clone());
                let stored = status.notifying.iter().find(|intent| self.is_of(intent));
                if stored == Some(&intent) {
                    return Ok(None);
                }
                let was_sent = status.notified.iter().any(|sent| self.is_sent_by(sent));
                if was_sent || stored != seen.as_ref() {
                    return Err(Stale);
                }
                // One for each stage: an older decision is no longer due.
                memory
                    .notifying
                    .retain(|other| other.stage != self.word && read(&other.stage).is_some());
                memory.notifying.push(intent);
            }
            Change::Sent(at) => {
                let sent = status.notified.iter().find(|sent| self.is_sent_by(sent));
                if sent.is_none_or(|sent| sent.key.as_ref() != Some(&self.key)) {
                    memory.notified = record(memory.notified, self.notified(*at));
                }
                memory.notifying.retain(|intent| !self.outlives(intent));
            }
            Change::LeftOut => {
                let is_left_out = |intent: &Notifying| self.is_of(intent) && intent.key == self.key;
                memory.notifying.retain(|intent| !is_left_out(intent));
            }
        }
        let is_so_already =
            memory.notified == status.notified && memory.notifying == status.notifying;
        Ok((!is_so_already).then_some(memory))
    }

    fn intent(&self, items: Vec<String>) -> Notifying {
        Notifying {
            stage: self.word.clone(),
            decision_at: stored(self.decision_at),
            key: self.key.clone(),
            items,
        }
    }

    fn notified(&self, sent_at: Timestamp) -> Notified {
        Notified {
            stage: self.word.clone(),
            decision_at: stored(self.decision_at),
            sent_at: stored(sent_at),
            key: Some(self.key.clone()),
        }
    }

    fn is_of(&self, intent: &Notifying) -> bool {
        intent.stage == self.word && is_same(intent.decision_at.0, self.decision_at)
    }

    fn is_sent_by(&self, sent: &Notified) -> bool {
        sent.stage == self.word && is_same(sent.decision_at.0, self.decision_at)
    }

    /// Whether an intent is settled once this was sent: its own, one of an older decision, or one
    /// of an earlier stage of the same decision, which the owner has left behind.
    fn outlives(&self, intent: &Notifying) -> bool {
        let (own, other) = (read(&self.word), read(&intent.stage));
        let (Some((own, _)), Some((other, _))) = (own, other) else {
            return true;
        };
        let is_of_owner = !own.is_for_approver() && !other.is_for_approver();
        let is_earlier = is_same(intent.decision_at.0, self.decision_at) && other > own;
        self.is_of(intent)
            || intent.decision_at.0.as_second() < self.decision_at.as_second()
            || is_of_owner && is_earlier
    }
}

/// Instants are stored in whole seconds.
fn is_same(one: Timestamp, other: Timestamp) -> bool {
    one.as_second() == other.as_second()
}
