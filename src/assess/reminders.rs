//! Which reminders are due, to whom, and in which message: at most one message per owner and day, and
//! each stage of an exception once per decision. The status of an exception records what was sent and
//! what is being sent; there is no other record. Nothing is sent or worded here.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::exception::Life;
use super::inventory::Inventory;
use super::register::exception_view;
use super::state::Phase;
use super::verdict::AsOf;
use crate::api::Period;
use crate::api::condition::APPROVED;
use crate::assess::exception::assurance::Assurance;
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::shipped::shipped_items;
use crate::assess::namespace_index::NamespaceIndex;
use open_messages::{ItemMessage, OpenMessages};
use records::was_sent;

mod announcements;
mod calendar;
mod message;
mod open_messages;
mod records;
mod routes;
mod trigger;

pub use announcements::{Announcement, AnnouncementChange, AnnouncementWrite};
pub use calendar::{Daily, Mode};
pub use message::{
    Delivery, DeliveryFailure, ItemFacts, LONGEST_MESSAGE, MessageItem, Recheck, ReminderMessage,
};
pub use open_messages::accepted;
pub use records::{RecordChange, RecordWrite, ReminderRecords, StaleRecord};
pub use routes::{ChannelRoutes, Recipient};
pub use trigger::PlanTrigger;

/// How long owners are told that an item was shipped: what is older is no news to them, and their
/// records of it may be dropped.
const TIMELY: Period = Period::days(90);

#[cfg(test)]
mod announcement_tests;
#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// The state of an exception that a reminder is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReminderStage {
    /// The exception expired.
    Expired,
    /// The review is late.
    ReviewOverdue,
    /// The review or the expiry is near.
    ReviewDue,
    /// A roadmap item that the exception waits for was shipped.
    ItemShipped,
    /// A requested renewal waits for a decision.
    RenewalWaiting,
    /// A requested exception waits for a decision.
    DecisionWaiting,
}

/// A stage an exception is in, and the decision it counts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueStage {
    pub stage: ReminderStage,
    /// For a request, when it was made; for a roadmap item, when it was shipped.
    pub decision_at: Timestamp,
    /// The roadmap item that was shipped.
    pub item: Option<Arc<str>>,
}

impl ReminderStage {
    /// Every stage, most pressing first.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::ReviewOverdue,
        Self::ReviewDue,
        Self::ItemShipped,
        Self::RenewalWaiting,
        Self::DecisionWaiting,
    ];

    /// The word used in status, metrics and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::ReviewOverdue => "review-overdue",
            Self::ReviewDue => "review-due",
            Self::ItemShipped => "item-shipped",
            Self::RenewalWaiting => "renewal-waiting",
            Self::DecisionWaiting => "decision-waiting",
        }
    }

    /// Whether the path owner has to act, and not the owner of the exception.
    pub const fn is_for_approver(self) -> bool {
        match self {
            Self::RenewalWaiting | Self::DecisionWaiting => true,
            Self::Expired | Self::ReviewOverdue | Self::ReviewDue | Self::ItemShipped => false,
        }
    }
}

/// When reminders are due, and which channel each goes to.
#[derive(Clone, Debug)]
pub struct ReminderSettings {
    /// The channels of teams and paths.
    pub routes: ChannelRoutes,
    /// When messages go out.
    pub mode: Mode,
    /// How long all messages go to the platform's channel first.
    pub dry_run: DryRun,
}

/// How long all messages go to the platform's channel first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// This many days after the operator was installed; 0 turns it off.
    Days(u16),
    /// Until this instant.
    Until(Timestamp),
}

impl DryRun {
    /// Whether the dry run is on at `now`. It is on while the time of installation is unknown, so that
    /// no owner is reminded by accident.
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

/// Inputs of one plan, apart from the facts.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext {
    pub now: Timestamp,
    /// Whether all messages go to the platform's channel.
    pub dry_run: bool,
}

/// The messages to send now, and when to plan again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReminderPlan {
    /// At most one message per owner.
    pub messages: Vec<ReminderMessage>,
    /// Entries of changelogs to announce, oldest first.
    pub announcements: Vec<Announcement>,
    /// Until this instant, time alone changes no message.
    pub wake_at: Option<Timestamp>,
}

/// Plans the messages to send now, without the items and announcements with these `barred` ids.
///
/// An item is due while its stage lasts and was not sent for this decision. In daily mode a new
/// message holds what was due at the latest time of sending, and an owner who was reminded since then
/// gets no message before the next one. A message under way comes first, with its own key and items;
/// what fell due since waits for the next message.
pub fn plan(
    inventory: &Inventory,
    settings: &ReminderSettings,
    ctx: PlanContext,
    barred: &BTreeSet<String>,
) -> ReminderPlan {
    let since = settings.mode.latest(ctx.now);
    let (as_of, earlier) = (AsOf::new(ctx.now), AsOf::new(since));
    let candidates = candidates(inventory, settings, ctx.dry_run);
    let reminded: HashSet<Recipient> = match settings.mode {
        Mode::Immediate => HashSet::new(),
        Mode::Daily(_) => candidates
            .iter()
            .flat_map(|candidate| candidate.reminded(since))
            .collect(),
    };
    let open = OpenMessages::of(inventory);
    let mut due_items: BTreeMap<Recipient, DueItems> = BTreeMap::new();
    let mut changes: Vec<Timestamp> = inventory
        .paths()
        .iter()
        .filter_map(|path| path.next_change(ctx.now))
        .chain(settings.mode.next(ctx.now))
        .chain(announcements::next(inventory, settings, ctx))
        .collect();
    for candidate in &candidates {
        let life = candidate.life(&as_of);
        changes.extend(life.next_change);
        changes.extend(candidate.shipped_ends().filter(|at| *at > ctx.now));
        for due in candidate.unsent(&life, ctx.now) {
            // A decision may count a little before its date.
            changes.extend(Some(due.decision_at).filter(|at| *at > ctx.now));
            let Some((to, item)) = candidate.item(&due, &as_of) else {
                continue;
            };
            if reminded.contains(&to) || barred.contains(&item.id) {
                continue;
            }
            let message = open.of_item(&item.id, item.intent.as_ref(), &to, ctx.dry_run);
            let items = due_items.entry(to).or_default();
            match message {
                ItemMessage::Open(key) => items.under_way.entry(key).or_default().push(item),
                ItemMessage::New if candidate.was_due(&due, &earlier) => items.new.push(item),
                ItemMessage::New | ItemMessage::Accepted => {}
            }
        }
    }
    let messages = due_items
        .into_iter()
        .filter_map(|(to, items)| items.message(to, ctx, &open))
        .collect();
    ReminderPlan {
        messages,
        announcements: announcements::due(inventory, settings, ctx, barred),
        wake_at: changes.into_iter().min(),
    }
}

/// The due items of one recipient.
#[derive(Debug, Default)]
struct DueItems {
    /// Items of messages under way, by key.
    under_way: BTreeMap<String, Vec<MessageItem>>,
    /// Items that belong to no message yet.
    new: Vec<MessageItem>,
}

impl DueItems {
    fn message(
        mut self,
        to: Recipient,
        ctx: PlanContext,
        open: &OpenMessages,
    ) -> Option<ReminderMessage> {
        let Some((key, items)) = self.under_way.pop_first() else {
            return (!self.new.is_empty()).then(|| ReminderMessage::of(to, self.new, ctx));
        };
        let others: usize = self.under_way.values().map(Vec::len).sum();
        let left_out = open.left_out(&key, &items);
        let message = ReminderMessage::of(to, items, ctx);
        Some(message.again(key, left_out, others + self.new.len()))
    }
}

fn candidates<'a>(
    inventory: &'a Inventory,
    settings: &'a ReminderSettings,
    dry_run: bool,
) -> Vec<Candidate<'a>> {
    inventory
        .namespaces()
        .flat_map(|(namespace, ns)| {
            ns.exceptions().map(move |exception| Candidate {
                inventory,
                namespace,
                ns,
                exception,
                settings,
                dry_run,
            })
        })
        .collect()
}

/// The stages an exception is in. While a renewal is requested, the platform team has to act, and the
/// owner is not reminded of the review.
fn stages(exception: &Exception, life: &Life) -> impl Iterator<Item = DueStage> + use<> {
    let renewal = life.renewal_open.then_some(ReminderStage::RenewalWaiting);
    let of_owner = |stage| Some(stage).filter(|_| !life.renewal_open);
    let (owners, approvers) = match life.phase {
        Phase::Pending => (None, Some(ReminderStage::DecisionWaiting)),
        Phase::Active => (None, renewal),
        Phase::ReviewDue => (of_owner(ReminderStage::ReviewDue), renewal),
        Phase::ReviewOverdue => (of_owner(ReminderStage::ReviewOverdue), renewal),
        Phase::Expired => (Some(ReminderStage::Expired), renewal),
        Phase::Rejected | Phase::Closed => (None, None),
    };
    let (requested, decided) = (requested_at(exception), life.last_decision);
    owners
        .into_iter()
        .chain(approvers)
        .filter_map(move |stage| {
            let from = match stage {
                ReminderStage::DecisionWaiting => requested,
                ReminderStage::Expired
                | ReminderStage::ReviewOverdue
                | ReminderStage::ReviewDue
                | ReminderStage::ItemShipped
                | ReminderStage::RenewalWaiting => decided,
            };
            from.map(|decision_at| DueStage {
                stage,
                decision_at,
                item: None,
            })
        })
}

/// When the request was made, as the status records it. A request that was approved, changed and made
/// again is a new request, although its object is old. None until the status is written.
fn requested_at(exception: &Exception) -> Option<Timestamp> {
    let status = exception.status.as_ref()?;
    let approved = status
        .conditions
        .iter()
        .find(|condition| condition.type_ == APPROVED)?;
    (approved.reason == Assurance::Pending.as_str()).then_some(approved.last_transition_time.0)
}

/// One exception, with what decides about its reminders.
struct Candidate<'a> {
    inventory: &'a Inventory,
    namespace: &'a str,
    ns: &'a NamespaceIndex,
    exception: &'a Exception,
    settings: &'a ReminderSettings,
    dry_run: bool,
}

impl Candidate<'_> {
    /// The stages it is in and was not reminded of.
    fn unsent(&self, life: &Life, now: Timestamp) -> Vec<DueStage> {
        stages(self.exception, life)
            .chain(self.shipped_items(life, now))
            .filter(|due| !was_sent(self.exception, due, self.dry_run))
            .collect()
    }

    /// Whether this stage was due at an earlier instant already.
    fn was_due(&self, due: &DueStage, then: &AsOf) -> bool {
        let life = self.life(then);
        due.decision_at <= then.now
            && stages(self.exception, &life)
                .chain(self.shipped_items(&life, then.now))
                .any(|known| known == *due)
    }

    /// What was shipped that an open exception waits for, as long as it is news.
    fn shipped_items(&self, life: &Life, now: Timestamp) -> impl Iterator<Item = DueStage> {
        let is_open = life.phase.standing().is_some();
        shipped_items(self.exception, self.inventory.goals())
            .filter(move |shipped| is_open && now < TIMELY.after(shipped.at))
            .map(|shipped| DueStage {
                stage: ReminderStage::ItemShipped,
                decision_at: shipped.at,
                item: Some(shipped.item.name.clone()),
            })
    }

    /// When what was shipped is no longer news.
    fn shipped_ends(&self) -> impl Iterator<Item = Timestamp> {
        let shipped = shipped_items(self.exception, self.inventory.goals());
        shipped.map(|shipped| TIMELY.after(shipped.at))
    }

    fn life(&self, as_of: &AsOf) -> Life {
        let ctx = self.inventory.judge_context(as_of);
        ctx.life(self.ns, self.exception)
    }

    /// The recipients who were reminded of it since then. A record dated more than a day later comes
    /// from a wrong clock, and holds back no message.
    fn reminded(&self, since: Timestamp) -> impl Iterator<Item = Recipient> {
        let until = Period::days(1).after(since);
        self.exception
            .status
            .iter()
            .flat_map(|status| &status.notified)
            .filter(move |sent| sent.sent_at.0 >= since && sent.sent_at.0 < until)
            .filter_map(move |sent| {
                let read = records::read(&sent.stage)?;
                let owner = self.owner(read.stage)?;
                let dry_run = read.dry_run;
                (dry_run == self.dry_run).then(|| self.settings.routes.recipient(&owner, dry_run))
            })
    }

    /// The owner who has to act. None where no known path owner could decide.
    fn owner(&self, stage: ReminderStage) -> Option<Recipient> {
        let routes = &self.settings.routes;
        if !stage.is_for_approver() {
            return Some(routes.of_team(&self.exception.spec.owner));
        }
        let path = self.exception.path(self.inventory.paths())?;
        let is_there = path.deleted.is_none();
        is_there.then(|| routes.of_path(&path.name, &path.spec.owner))
    }

    fn item(&self, due: &DueStage, as_of: &AsOf) -> Option<(Recipient, MessageItem)> {
        let owner = self.owner(due.stage)?;
        let to = self.settings.routes.recipient(&owner, self.dry_run);
        let (exception, namespace) = (self.exception, self.namespace);
        let view = exception_view(self.inventory, as_of, namespace, &exception.name)?;
        let roadmap = &self.inventory.goals().roadmap;
        let shipped = due.item.as_deref().and_then(|name| roadmap.get(name));
        let title = shipped.map(|item| item.spec.title.clone());
        let item = MessageItem {
            id: message::item_id(namespace, exception, due, self.dry_run),
            namespace: namespace.into(),
            name: exception.name.clone(),
            uid: exception.uid.clone(),
            generation: exception.generation,
            path: view.path_name().to_owned(),
            stage: due.stage,
            decision_at: due.decision_at,
            shipped: due.item.clone(),
            owner,
            facts: ItemFacts::of(&view, title),
            intent: records::intent(exception, due, self.dry_run).cloned(),
        };
        Some((to, item))
    }
}
