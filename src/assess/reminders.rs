//! Which reminders are due, to whom, and in which message: one message per owner and day, and each
//! stage of an exception once per decision. What was sent and what is being sent is read from the
//! exceptions' own status; there is no other memory. Nothing is sent or worded here.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

use super::exception::Life;
use super::inventory::Inventory;
use super::register::exception_view;
use super::state::Phase;
use super::verdict::AsOf;
use crate::api::Period;
use crate::api::condition::APPROVED;
use crate::api::deviation_exception::Notifying;
use crate::assess::exception::assurance::Assurance;
use crate::assess::exception::record::Exception;
use crate::assess::namespace_index::NamespaceIndex;
use open_messages::{Belongs, Open};

mod calendar;
mod message;
mod open_messages;
mod records;
mod routes;
mod trigger;

pub use calendar::{Daily, Mode};
pub use message::{Delivery, Facts, Item, LONGEST_MESSAGE, Look, Message, Setback};
pub use open_messages::accepted;
pub use records::{Change, Mark, Memory, REMEMBERED, Stale, record, was_sent};
pub use routes::{Addressee, Routes};
pub use trigger::PlanTrigger;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// What a reminder is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The exception expired.
    Expired,
    /// The review is late.
    ReviewOverdue,
    /// The review or the end is near.
    ReviewDue,
    /// The owner requested a renewal, which waits for a decision.
    RenewalWaiting,
    /// A request that waits for a decision.
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

/// How an operator sends reminders.
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
                now < Period::days(u64::from(days)).after(installed)
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

/// What is to be sent, and when that may be something else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReminderPlan {
    /// At most one message per owner.
    pub messages: Vec<Message>,
    /// Until this instant, time alone changes none of the messages.
    pub wake_at: Option<Timestamp>,
}

/// Plans the messages to send now, without the items with these `barred` ids.
///
/// An item is due while its stage lasts and was not told for this decision. In daily mode a new
/// message holds what was due at the last time of sending already, and an owner who was told
/// something since then gets no message before the next. A message under way comes first, with its
/// own key and items; what fell due since waits for the next message.
pub fn plan(
    inventory: &Inventory,
    settings: &Settings,
    occasion: Occasion,
    barred: &BTreeSet<String>,
) -> ReminderPlan {
    let since = settings.mode.latest(occasion.now);
    let (as_of, earlier) = (AsOf::new(occasion.now), AsOf::new(since));
    let cases = cases(inventory, settings, occasion.dry_run);
    let reminded: HashSet<Addressee> = match settings.mode {
        Mode::Immediate => HashSet::new(),
        Mode::Daily(_) => cases.iter().flat_map(|case| case.reminded(since)).collect(),
    };
    let open = Open::of(inventory);
    let mut waiting: BTreeMap<Addressee, Waiting> = BTreeMap::new();
    let paths = inventory.paths().iter();
    let mut changes: Vec<Timestamp> = paths
        .filter_map(|path| path.next_change(occasion.now))
        .chain(settings.mode.next(occasion.now))
        .collect();
    for case in &cases {
        let life = case.life(&as_of);
        changes.extend(life.next_change);
        for stage in case.open(&life) {
            // A decision may count a little before its date.
            changes.extend(Some(stage.1).filter(|at| *at > occasion.now));
            let due = case.owner(stage.0).and_then(|owner| {
                let to = settings.routes.recipient(&owner, occasion.dry_run);
                let item = case.item(owner, stage, &as_of)?;
                (!reminded.contains(&to) && !barred.contains(&item.id)).then_some((to, item))
            });
            let Some((to, item)) = due else { continue };
            let belongs = open.of_item((&item.id, item.intent.as_ref()), &to, occasion.dry_run);
            let waiting = waiting.entry(to).or_default();
            match belongs {
                Belongs::To(key) => waiting.under_way.entry(key).or_default().push(item),
                Belongs::Nowhere if case.was_due(stage, &earlier) => waiting.new.push(item),
                Belongs::Nowhere | Belongs::ToAccepted => {}
            }
        }
    }
    let messages = waiting
        .into_iter()
        .filter_map(|(to, waiting)| waiting.message(to, occasion, &open))
        .collect();
    ReminderPlan {
        messages,
        wake_at: changes.into_iter().min(),
    }
}

/// What waits for one owner.
#[derive(Debug, Default)]
struct Waiting {
    /// Items of messages under way, by key.
    under_way: BTreeMap<String, Vec<Item>>,
    /// Items of no message yet.
    new: Vec<Item>,
}

impl Waiting {
    fn message(mut self, to: Addressee, occasion: Occasion, open: &Open) -> Option<Message> {
        let Some((key, items)) = self.under_way.pop_first() else {
            return (!self.new.is_empty()).then(|| Message::of(to, self.new, occasion));
        };
        let others: usize = self.under_way.values().map(Vec::len).sum();
        let left_out = open.left_out(&key, &items);
        let message = Message::of(to, items, occasion);
        Some(message.again(key, left_out, others + self.new.len()))
    }
}

fn cases<'a>(inventory: &'a Inventory, settings: &'a Settings, dry_run: bool) -> Vec<Case<'a>> {
    let of = |(namespace, ns): (&'a str, &'a NamespaceIndex)| {
        let exceptions = ns.exceptions();
        exceptions.map(move |exception| Case {
            inventory,
            place: (namespace, ns),
            exception,
            settings,
            dry_run,
        })
    };
    inventory.namespaces().flat_map(of).collect()
}

/// The stages an exception is in, each with the decision it counts from. While the owner's request
/// to go on is open, a review is the platform team's turn and the owner is not asked again.
fn stages(exception: &Exception, life: &Life) -> impl Iterator<Item = (Stage, Timestamp)> + use<> {
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
    (approved.reason == Assurance::Pending.as_str()).then_some(approved.last_transition_time.0)
}

/// One exception, as far as reminders need it.
struct Case<'a> {
    inventory: &'a Inventory,
    place: (&'a str, &'a NamespaceIndex),
    exception: &'a Exception,
    settings: &'a Settings,
    dry_run: bool,
}

impl Case<'_> {
    /// The stages it is in, as far as they were not told.
    fn open(&self, life: &Life) -> Vec<(Stage, Timestamp)> {
        let mut stages: Vec<_> = stages(self.exception, life).collect();
        stages.retain(|stage| !was_sent(self.exception, *stage, self.dry_run));
        stages
    }

    /// Whether this was due already at an earlier moment.
    fn was_due(&self, stage: (Stage, Timestamp), then: &AsOf) -> bool {
        stage.1 <= then.now && stages(self.exception, &self.life(then)).any(|known| known == stage)
    }

    fn life(&self, as_of: &AsOf) -> Life {
        let (_, ns) = self.place;
        self.inventory.judge_context(as_of).life(ns, self.exception)
    }

    /// Who was told something about it since then. What is dated more than a day later was
    /// written by a clock that was wrong, and silences nobody.
    fn reminded(&self, since: Timestamp) -> impl Iterator<Item = Addressee> {
        let until = Period::days(1).after(since);
        let status = self.exception.status.as_ref();
        let marks = status.into_iter().flat_map(|status| &status.notified);
        let marks = marks.filter(move |mark| mark.sent_at.0 >= since && mark.sent_at.0 < until);
        marks.filter_map(move |mark| {
            let (stage, dry_run) = records::read(&mark.stage)?;
            let owner = self.owner(stage)?;
            (dry_run == self.dry_run).then(|| self.settings.routes.recipient(&owner, dry_run))
        })
    }

    /// Who is to act; nobody where a path that nobody knows would have to decide.
    fn owner(&self, stage: Stage) -> Option<Addressee> {
        let routes = &self.settings.routes;
        if !stage.is_for_approver() {
            return Some(routes.of_team(&self.exception.spec.owner));
        }
        let path = self.exception.path(self.inventory.paths())?;
        let is_there = path.deleted.is_none();
        is_there.then(|| routes.of_path(&path.name, &path.spec.owner))
    }

    fn intent(&self, stage: (Stage, Timestamp)) -> Option<&Notifying> {
        records::intent(self.exception, stage, self.dry_run)
    }

    fn item(
        &self,
        owner: Addressee,
        (stage, decision_at): (Stage, Timestamp),
        as_of: &AsOf,
    ) -> Option<Item> {
        let (exception, namespace) = (self.exception, self.place.0);
        let view = exception_view(self.inventory, as_of, namespace, &exception.name)?;
        Some(Item {
            id: message::item_id((namespace, exception), (stage, decision_at), self.dry_run),
            namespace: namespace.into(),
            name: exception.name.clone(),
            uid: exception.uid.clone(),
            generation: exception.generation,
            path: view.path_name().to_owned(),
            stage,
            decision_at,
            owner,
            facts: Facts::of(&view),
            intent: self.intent((stage, decision_at)).cloned(),
        })
    }
}
