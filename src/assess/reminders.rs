//! Which reminders are due, to whom, and in which message: one message per owner and day, and each
//! stage of an exception once per decision. What was sent is read from the exceptions' own status,
//! so that nothing has to be remembered elsewhere. Nothing is sent or worded here.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;

use super::cover::Exception;
use super::exception::Life;
use super::inventory::Inventory;
use super::register::exception_view;
use super::space::Space;
use super::state::Phase;
use super::verdict::Moment;
use crate::api::Period;
use crate::api::condition::APPROVED;

mod calendar;
mod memory;
mod message;
mod routes;

pub use calendar::{Daily, Mode};
pub use memory::{REMEMBERED, remember, was_sent};
pub use message::{Delivery, Facts, Item, LONGEST_MESSAGE, Mark, Message, Setback};
pub use routes::{Addressee, Routes};

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

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

/// The messages to send now.
///
/// An item is due while its stage lasts and was not told for this decision. In daily mode it has
/// to have been due at the last time of sending already, and an owner who was told something since
/// then is told no more before the next.
pub fn plan(inventory: &Inventory, settings: &Settings, occasion: Occasion) -> Vec<Message> {
    let since = settings.mode.latest(occasion.now);
    let (moment, earlier) = (Moment::new(occasion.now), Moment::new(since));
    let cases = cases(inventory, settings, occasion.dry_run);
    let told: HashSet<Addressee> = match settings.mode {
        Mode::Immediate => HashSet::new(),
        Mode::Daily(_) => cases.iter().flat_map(|case| case.told(since)).collect(),
    };
    let mut waiting: BTreeMap<Addressee, Vec<Item>> = BTreeMap::new();
    for case in &cases {
        for (stage, decision_at) in case.due([&moment, &earlier]) {
            let Some(owner) = case.owner(stage) else {
                continue;
            };
            let to = settings.routes.recipient(&owner, occasion.dry_run);
            if !told.contains(&to) {
                let item = case.item(owner, (stage, decision_at), &moment);
                waiting.entry(to).or_default().extend(item);
            }
        }
    }
    let waiting = waiting.into_iter();
    waiting
        .map(|(to, items)| Message::of(to, items, occasion))
        .collect()
}

fn cases<'a>(inventory: &'a Inventory, settings: &'a Settings, dry_run: bool) -> Vec<Case<'a>> {
    let of = |(namespace, space): (&'a str, &'a Space)| {
        let exceptions = space.exceptions();
        exceptions.map(move |exception| Case {
            inventory,
            place: (namespace, space),
            exception,
            settings,
            dry_run,
        })
    };
    inventory.spaces().flat_map(of).collect()
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
    (approved.reason == Phase::Pending.as_str()).then_some(approved.last_transition_time.0)
}

/// One exception, as reminders look at it.
struct Case<'a> {
    inventory: &'a Inventory,
    place: (&'a str, &'a Space),
    exception: &'a Exception,
    settings: &'a Settings,
    dry_run: bool,
}

impl Case<'_> {
    /// What is due at the first moment, was due at the second already, and was not told.
    fn due(&self, [now, since]: [&Moment; 2]) -> Vec<(Stage, Timestamp)> {
        let stages_at = |moment| {
            let life = self
                .place
                .1
                .life(self.exception, &self.inventory.bench(moment));
            stages(self.exception, &life)
        };
        let open = stages_at(now)
            .filter(|stage| !was_sent(self.exception, *stage, self.dry_run))
            .filter(|(_, decision_at)| *decision_at <= since.now);
        open.filter(|stage| stages_at(since).any(|then| then == *stage))
            .collect()
    }

    /// Who was told something about it since then. What is dated more than a day later was
    /// written by a clock that was wrong, and silences nobody.
    fn told(&self, since: Timestamp) -> impl Iterator<Item = Addressee> {
        let until = Period::days(1).after(since);
        let status = self.exception.status.as_ref();
        let marks = status.into_iter().flat_map(|status| &status.notified);
        let marks = marks.filter(move |mark| mark.sent_at.0 >= since && mark.sent_at.0 < until);
        marks.filter_map(move |mark| {
            let (stage, dry_run) = memory::read(&mark.stage)?;
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

    fn item(
        &self,
        owner: Addressee,
        (stage, decision_at): (Stage, Timestamp),
        moment: &Moment,
    ) -> Option<Item> {
        let (exception, namespace) = (self.exception, self.place.0);
        let view = exception_view(self.inventory, moment, (namespace, &exception.name))?;
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
        })
    }
}
