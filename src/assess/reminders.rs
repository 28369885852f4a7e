//! Which reminders are due, to whom, and in which message: one message per owner and day, and each
//! stage of an exception once per decision. What was sent is read from the exceptions' own status,
//! so that nothing has to be remembered elsewhere. Nothing is sent or worded here.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::cover::Exception;
use super::exception::Life;
use super::inventory::Inventory;
use super::register::{Usage, exception_view};
use super::state::Phase;
use super::verdict::Moment;
use crate::api::condition::{APPROVED, stored};
use crate::api::deviation_exception::Notified;

mod calendar;
mod memory;
mod routes;

pub use calendar::{Daily, Mode};
pub use memory::{REMEMBERED, remember, was_sent};
pub use routes::{Addressee, Routes};

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// The most items one message holds. What is left out stays due and comes with the next message.
pub const LONGEST_MESSAGE: usize = 40;

/// What a reminder is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The agreement has ended.
    Expired,
    /// The review is late.
    ReviewOverdue,
    /// The review or the end is near.
    ReviewDue,
    /// The owner asked to go on, and nobody has answered.
    RenewalWaiting,
    /// Somebody asked for an exception, and nobody has decided.
    DecisionWaiting,
}

impl Stage {
    /// Every stage, most pressing first.
    pub const ALL: [Self; 5] = [
        Self::Expired,
        Self::ReviewOverdue,
        Self::ReviewDue,
        Self::RenewalWaiting,
        Self::DecisionWaiting,
    ];

    /// The word used in status, metrics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::ReviewOverdue => "review-overdue",
            Self::ReviewDue => "review-due",
            Self::RenewalWaiting => "renewal-waiting",
            Self::DecisionWaiting => "decision-waiting",
        }
    }

    /// Whether the owner of the path is to act, and not the owner of the exception.
    pub const fn is_for_approver(self) -> bool {
        match self {
            Self::RenewalWaiting | Self::DecisionWaiting => true,
            Self::Expired | Self::ReviewOverdue | Self::ReviewDue => false,
        }
    }
}

/// What an operator is told about reminders.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whose channel is which.
    pub routes: Routes,
    /// When messages go out.
    pub mode: Mode,
    /// How long everything goes to the platform's channel first.
    pub dry_run: DryRun,
}

/// How long everything goes to the platform's channel first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// So many days after the operator was installed; 0 is none.
    Days(u16),
    /// Until this instant.
    Until(Timestamp),
}

impl DryRun {
    /// Whether it lasts at `now`. While it is not known when the operator was installed, a dry run
    /// of some days lasts: nobody is told by accident.
    pub fn lasts(self, installed: Option<Timestamp>, now: Timestamp) -> bool {
        match (self, installed) {
            (Self::Days(0), _) => false,
            (Self::Days(_), None) => true,
            (Self::Days(days), Some(installed)) => {
                now < crate::api::Period::days(u64::from(days)).after(installed)
            }
            (Self::Until(until), _) => now < until,
        }
    }
}

/// When a plan is made.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// The instant.
    pub now: Timestamp,
    /// Whether everything goes to the platform's channel.
    pub dry_run: bool,
}

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
    /// What is left when some items turn out to be settled; none where nothing is left.
    #[must_use]
    pub fn without(mut self, settled: &HashSet<String>) -> Option<Self> {
        self.items.retain(|item| !settled.contains(&item.id));
        self.id = id_of(&self.owner, self.dry_run, &self.items);
        (!self.items.is_empty()).then_some(self)
    }
}

/// The messages to send now.
///
/// An item is due while its stage lasts and was not told for this decision. In daily mode it has
/// to have been due at the last time of sending already, and an owner who was told something since
/// then is told no more before the next.
pub fn plan(inventory: &Inventory, settings: &Settings, occasion: Occasion) -> Vec<Message> {
    let since = settings.mode.latest(occasion.now);
    let moment = Moment::new(occasion.now);
    let earlier = Moment::new(since);
    let mut told = HashSet::new();
    let mut waiting: BTreeMap<Addressee, Vec<Item>> = BTreeMap::new();
    for (namespace, space) in inventory.spaces() {
        for exception in space.exceptions() {
            let case = Case {
                namespace,
                exception,
                settings,
                dry_run: occasion.dry_run,
            };
            told.extend(case.told_since(inventory, since));
            let life = space.life(exception, &inventory.bench(&moment));
            let before = space.life(exception, &inventory.bench(&earlier));
            let due = stages(exception, &life)
                .filter(|stage| !was_sent(exception, *stage, occasion.dry_run))
                .filter(|stage| stages(exception, &before).any(|then| then == *stage))
                .filter(|stage| stage.1 <= since);
            for (stage, decision_at) in due {
                let Some(item) = case.item(inventory, (stage, decision_at), &moment) else {
                    continue;
                };
                let to = settings.routes.recipient(&item.owner, occasion.dry_run);
                waiting.entry(to).or_default().push(item);
            }
        }
    }
    let of = |(owner, items)| message(owner, items, occasion);
    let waiting = waiting
        .into_iter()
        .filter(|(owner, _)| !settings.mode.is_daily() || !told.contains(owner));
    waiting.map(of).collect()
}

/// The stages an exception is in, each with the decision it counts from. While the owner's request
/// to go on is open, a review is the platform team's turn and the owner is not asked again.
fn stages(exception: &Exception, life: &Life) -> impl Iterator<Item = (Stage, Timestamp)> {
    let renewal = life.renewal_open.then_some(Stage::RenewalWaiting);
    let (owners, approvers) = match life.phase {
        Phase::Pending => (None, Some(Stage::DecisionWaiting)),
        Phase::Active => (None, renewal),
        Phase::ReviewDue => (
            Some(Stage::ReviewDue).filter(|_| !life.renewal_open),
            renewal,
        ),
        Phase::ReviewOverdue => (
            Some(Stage::ReviewOverdue).filter(|_| !life.renewal_open),
            renewal,
        ),
        Phase::Expired => (Some(Stage::Expired), renewal),
        Phase::Rejected | Phase::Closed => (None, None),
    };
    let asked = asked_at(exception);
    let decided = life.last_decision;
    owners
        .into_iter()
        .chain(approvers)
        .filter_map(move |stage| {
            let from = match stage {
                Stage::DecisionWaiting => asked,
                Stage::Expired
                | Stage::ReviewOverdue
                | Stage::ReviewDue
                | Stage::RenewalWaiting => decided,
            };
            Some((stage, from?))
        })
}

/// Since when a decision is waited for, as its status has it: a request that was agreed to once,
/// changed and made again is another request, whose object is as old as before. None until the
/// status is written.
fn asked_at(exception: &Exception) -> Option<Timestamp> {
    let status = exception.status.as_ref()?;
    let mut conditions = status.conditions.iter();
    let approved = conditions.find(|condition| condition.type_ == APPROVED)?;
    (approved.reason == Phase::Pending.as_str()).then_some(approved.last_transition_time.0)
}

/// One exception, as reminders look at it.
struct Case<'a> {
    namespace: &'a str,
    exception: &'a Exception,
    settings: &'a Settings,
    dry_run: bool,
}

impl Case<'_> {
    /// Who was told something about it since then. What is dated more than a day later was
    /// written by a clock that was wrong, and silences nobody.
    fn told_since<'b>(
        &'b self,
        inventory: &'b Inventory,
        since: Timestamp,
    ) -> impl Iterator<Item = Addressee> + 'b {
        let until = crate::api::Period::days(1).after(since);
        let status = self.exception.status.as_ref();
        let marks = status.into_iter().flat_map(|status| &status.notified);
        let marks = marks.filter(move |mark| mark.sent_at.0 >= since && mark.sent_at.0 < until);
        marks.filter_map(move |mark| {
            let (stage, dry_run) = memory::read(&mark.stage)?;
            let owner = self.owner(inventory, stage)?;
            (dry_run == self.dry_run).then(|| self.settings.routes.recipient(&owner, dry_run))
        })
    }

    /// Who is to act; nobody where a path that nobody knows would have to decide.
    fn owner(&self, inventory: &Inventory, stage: Stage) -> Option<Addressee> {
        let routes = &self.settings.routes;
        if !stage.is_for_approver() {
            return Some(routes.of_team(&self.exception.spec.owner));
        }
        let path = self.exception.path(inventory.paths())?;
        let is_there = path.deleted.is_none();
        is_there.then(|| routes.of_path(&path.name, &path.spec.owner))
    }

    fn item(
        &self,
        inventory: &Inventory,
        (stage, decision_at): (Stage, Timestamp),
        moment: &Moment,
    ) -> Option<Item> {
        let owner = self.owner(inventory, stage)?;
        let exception = self.exception;
        let view = exception_view(inventory, moment, (self.namespace, &exception.name))?;
        let spec = &exception.spec;
        let renewal = spec.renewal.as_ref().filter(|_| view.life.renewal_open);
        let facts = Facts {
            team: spec.owner.team.clone(),
            ends: view.life.effective_expiry,
            review: view.life.next_review_at,
            renewal_asked: renewal.map(|renewal| renewal.requested_at.0),
            asked_by: renewal
                .map(|renewal| renewal.by.clone())
                .or_else(|| spec.requested_by.clone()),
            words: renewal.map_or_else(
                || spec.reason.clone(),
                |renewal| renewal.still_needed_because.clone(),
            ),
            needed: view.needed,
            usage: view.usage,
        };
        Some(Item {
            id: self.item_id(stage, decision_at),
            namespace: self.namespace.into(),
            name: exception.name.clone(),
            uid: exception.uid.clone(),
            generation: exception.generation,
            path: view.path_name().to_owned(),
            stage,
            decision_at,
            owner,
            facts,
        })
    }

    fn item_id(&self, stage: Stage, decision_at: Timestamp) -> String {
        let name = format!("{}/{}", self.namespace, self.exception.name);
        let uid = self.exception.uid.as_deref().unwrap_or_default();
        let word = memory::word(stage, self.dry_run);
        let second = decision_at.as_second().to_string();
        short_hash(&[uid, &name, &word, &second])
    }
}

fn message(owner: Addressee, mut items: Vec<Item>, occasion: Occasion) -> Message {
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
    Message {
        id: id_of(&owner, occasion.dry_run, &items),
        owner,
        dry_run: occasion.dry_run,
        items,
        more,
        as_of: occasion.now,
    }
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
    pub pause: std::time::Duration,
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
