//! The reminder records in the status of an exception: `notified`, one entry for each stage and decision
//! that was sent, and `notifying`, the message that each reminder under way belongs to. A dry run has
//! stage names of its own, because it does not reach the owner. Nothing is written here.

use std::sync::Arc;

use jiff::Timestamp;

use super::{DueStage, ReminderStage};
use crate::api::DeviationExceptionStatus;
use crate::api::condition::stored;
use crate::api::deviation_exception::{Notified, Notifying};
use crate::assess::exception::record::Exception;

/// The most entries in `notified`; those of the oldest decisions are dropped first.
pub(super) const MAX_RECORDS: usize = 32;
const DRY_RUN: &str = "dry-run:";

/// Stands between the stage of a roadmap item and its name.
const OF_ITEM: char = ':';

/// The stage of an entry, as it is stored.
pub(super) fn word(stage: ReminderStage, item: Option<&str>, dry_run: bool) -> String {
    let prefix = if dry_run { DRY_RUN } else { "" };
    let item = item.map_or_else(String::new, |item| format!("{OF_ITEM}{item}"));
    format!("{prefix}{}{item}", stage.as_str())
}

/// The stage of an entry, the roadmap item it is about, and whether it is of a dry run.
pub(super) struct ReadWord<'a> {
    pub stage: ReminderStage,
    pub item: Option<&'a str>,
    pub dry_run: bool,
}

/// Reads the stage of an entry; `None` for an unknown stage.
pub(super) fn read(word: &str) -> Option<ReadWord<'_>> {
    let (word, dry_run) = match word.strip_prefix(DRY_RUN) {
        Some(rest) => (rest, true),
        None => (word, false),
    };
    let (word, item) = match word.split_once(OF_ITEM) {
        Some((word, item)) => (word, Some(item)),
        None => (word, None),
    };
    let stage = ReminderStage::ALL
        .into_iter()
        .find(|stage| stage.as_str() == word)?;
    Some(ReadWord {
        stage,
        item,
        dry_run,
    })
}

/// Whether this stage was sent for this decision. A dry run that begins later does not show what the
/// owner has received.
pub(super) fn was_sent(exception: &Exception, due: &DueStage, dry_run: bool) -> bool {
    exception
        .status
        .iter()
        .flat_map(|status| &status.notified)
        .filter(|sent| is_same(sent.decision_at.0, due.decision_at))
        .any(|sent| {
            let is_of = |dry_run| sent.stage == word(due.stage, due.item.as_deref(), dry_run);
            is_of(false) || dry_run && is_of(true)
        })
}

/// The recorded intent to send this stage for this decision.
pub(super) fn intent<'a>(
    exception: &'a Exception,
    due: &DueStage,
    dry_run: bool,
) -> Option<&'a Notifying> {
    let word = word(due.stage, due.item.as_deref(), dry_run);
    let mut intents = exception.status.as_ref()?.notifying.iter();
    intents.find(|intent| intent.stage == word && is_same(intent.decision_at.0, due.decision_at))
}

/// Adds an entry, which replaces the one of the same stage and decision. The new entry stays whatever
/// its date, or its reminder would be sent for ever.
#[must_use]
pub(super) fn record(mut entries: Vec<Notified>, new: Notified) -> Vec<Notified> {
    entries.retain(|entry| {
        entry.stage != new.stage || !is_same(entry.decision_at.0, new.decision_at.0)
    });
    entries.sort_by_key(|entry| (entry.decision_at.0, entry.sent_at.0));
    let too_many = (entries.len() + 1).saturating_sub(MAX_RECORDS);
    entries.drain(..too_many);
    entries.push(new);
    entries
}

/// A change of the records of one reminder.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordWrite {
    /// The id of the item.
    pub item: String,
    /// The exception's namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object this is meant for.
    pub uid: Option<Box<str>>,
    /// Its stage, as it is stored.
    pub word: String,
    /// The decision it counts from.
    pub decision_at: Timestamp,
    /// The `Idempotency-Key` of the message.
    pub key: String,
    /// What to record.
    pub change: RecordChange,
}

/// What to record of a reminder.
#[derive(Clone, Debug, PartialEq)]
pub enum RecordChange {
    /// It is about to be sent.
    Intended {
        /// The ids of all items of the message, sorted.
        items: Vec<String>,
        /// The recorded intent, as the plan saw it.
        seen: Option<Notifying>,
    },
    /// It was sent.
    Sent(Timestamp),
    /// It is no longer part of the message.
    LeftOut,
}

/// The reminder records of an exception.
#[derive(Clone, Debug, PartialEq)]
pub struct ReminderRecords {
    /// Reminders sent.
    pub notified: Vec<Notified>,
    /// Reminders under way.
    pub notifying: Vec<Notifying>,
}

/// The stored records are not those the change was planned from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleRecord;

impl RecordWrite {
    /// The records after this change; `None` where it changes nothing. An intent replaces only what its
    /// plan saw. **Invariant:** a reminder belongs to at most one message, whichever replica writes.
    ///
    /// # Errors
    /// When the reminder was sent meanwhile or belongs to another message.
    pub fn apply(
        &self,
        status: &DeviationExceptionStatus,
    ) -> Result<Option<ReminderRecords>, StaleRecord> {
        let mut records = ReminderRecords {
            notified: status.notified.clone(),
            notifying: status.notifying.clone(),
        };
        match &self.change {
            RecordChange::Intended { items, seen } => {
                let intent = self.intent(items.clone());
                let stored = status.notifying.iter().find(|intent| self.is_of(intent));
                if stored == Some(&intent) {
                    return Ok(None);
                }
                let was_sent = status.notified.iter().any(|sent| self.is_sent_by(sent));
                if was_sent || stored != seen.as_ref() {
                    return Err(StaleRecord);
                }
                // One for each stage: that of an older decision is obsolete.
                records
                    .notifying
                    .retain(|other| other.stage != self.word && read(&other.stage).is_some());
                records.notifying.push(intent);
            }
            RecordChange::Sent(at) => {
                let sent = status.notified.iter().find(|sent| self.is_sent_by(sent));
                if sent.is_none_or(|sent| sent.key.as_ref() != Some(&self.key)) {
                    records.notified = record(records.notified, self.notified(*at));
                }
                records.notifying.retain(|intent| !self.outlives(intent));
            }
            RecordChange::LeftOut => {
                let is_left_out = |intent: &Notifying| self.is_of(intent) && intent.key == self.key;
                records.notifying.retain(|intent| !is_left_out(intent));
            }
        }
        let is_unchanged =
            records.notified == status.notified && records.notifying == status.notifying;
        Ok((!is_unchanged).then_some(records))
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

    /// Whether an intent is obsolete once this was sent: its own, one of an older decision, or one of an
    /// earlier stage of the same decision.
    fn outlives(&self, intent: &Notifying) -> bool {
        let (own, other) = (read(&self.word), read(&intent.stage));
        let (Some(own), Some(other)) = (own, other) else {
            return true;
        };
        let (own, other) = (own.stage, other.stage);
        // An item counts from its shipping, which no decision makes obsolete.
        if own == ReminderStage::ItemShipped || other == ReminderStage::ItemShipped {
            return self.is_of(intent);
        }
        let is_of_owner = !own.is_for_approver() && !other.is_for_approver();
        let is_earlier = is_same(intent.decision_at.0, self.decision_at) && other > own;
        self.is_of(intent)
            || intent.decision_at.0.as_second() < self.decision_at.as_second()
            || is_of_owner && is_earlier
    }
}

/// Whether two instants are stored as the same one: in whole seconds.
fn is_same(one: Timestamp, other: Timestamp) -> bool {
    one.as_second() == other.as_second()
}
