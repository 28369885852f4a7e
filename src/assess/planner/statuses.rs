//! Statuses of our custom resources: a write for each status that differs from the stored one, at most
//! one per object every 10 s. The content of a status is decided in `status`, not here.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::{DeviationExceptionStatus, GoldenPathStatus, Period};
use crate::assess::adoption::Tally;
use crate::assess::adoption::index::Contributions;
use crate::assess::goal_objects::GoalKind;
use crate::assess::goals::objective::measurement::Measurements;
use crate::assess::inventory::faults::FaultCounts;
use crate::assess::inventory::{ExceptionKey, Inventory};
use crate::assess::planner::pacing::{Pacing, WriteResult, earliest};
use crate::assess::planner::statuses::exceptions::differing;
use crate::assess::planner::statuses::goals::{GoalStatus, changed_goals};
use crate::assess::planner::warning_policies::PolicyPlanner;
use crate::assess::register::index::Register;
use crate::assess::state::Phase;
use crate::assess::verdict::AsOf;

mod edits;
mod exceptions;
mod goals;
mod paths;

pub(in crate::assess) use goals::record_objectives;

/// Shortest time between two status writes of one object.
pub const INTERVAL: Period = Period::seconds(10);

/// Exceptions that one plan looks at.
const LOOKED_AT: usize = 1_000;

/// One of our custom resources, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owned {
    /// A GoldenPath, by name.
    Path(Arc<str>),
    /// A DeviationException, by namespace and name.
    Exception(Arc<str>, Arc<str>),
    /// An objective, survey, roadmap item or persona, by name.
    Goal(GoalKind, Arc<str>),
}

/// A status to store.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusWrite<S> {
    /// The object to write.
    pub of: Owned,
    /// Uid of the object, so that a later object of the same name is never written.
    pub uid: Option<Box<str>>,
    /// The status after the write.
    pub status: S,
}

/// A status of ours, as the inventory stores it once it landed.
pub trait StoredStatus {
    /// Stores it as the status of this object.
    fn record(self, facts: &mut Inventory, of: &Owned, uid: Option<&str>);
}

impl StoredStatus for DeviationExceptionStatus {
    fn record(self, facts: &mut Inventory, of: &Owned, uid: Option<&str>) {
        if let Owned::Exception(namespace, name) = of {
            facts.record_exception_status(namespace, name, uid, self);
        }
    }
}

impl StoredStatus for GoldenPathStatus {
    fn record(self, facts: &mut Inventory, of: &Owned, uid: Option<&str>) {
        if let Owned::Path(name) = of {
            facts.record_path_status(name, uid, self);
        }
    }
}

/// An exception that entered another phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseChange {
    /// Namespace of the exception.
    pub namespace: Arc<str>,
    /// Name of the exception.
    pub name: Arc<str>,
    /// Uid of the exception.
    pub uid: Option<Box<str>>,
    /// The phase in the stored status.
    pub from: Phase,
    /// The phase now.
    pub to: Phase,
}

/// Every status that differs from the stored one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusPlan {
    /// Statuses of exceptions.
    pub exceptions: Vec<StatusWrite<DeviationExceptionStatus>>,
    /// Statuses of paths.
    pub paths: Vec<StatusWrite<GoldenPathStatus>>,
    /// Statuses of objectives, surveys, roadmap items and personas.
    pub goals: Vec<StatusWrite<GoalStatus>>,
    /// How many workloads each check could not be evaluated on: the inventory may forget its samples of
    /// all others.
    pub faults: FaultCounts,
    /// Exceptions whose phase changed. The first phase of an exception is not a change.
    pub phases: Vec<PhaseChange>,
    /// When a status that had to wait may be written.
    pub again_at: Option<Timestamp>,
    /// Whether there are more exceptions to look at now.
    pub has_more: bool,
}

/// What statuses report besides facts.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// Warning policies, which the status of a path reports.
    pub policies: &'a PolicyPlanner,
    /// What was measured of key results.
    pub measurements: &'a Measurements,
}

/// Plans statuses. Of exceptions it looks at those that were assessed since the last plan, and at those
/// whose status could not be stored then.
#[derive(Debug, Default)]
pub struct StatusPlanner {
    paces: HashMap<Owned, Paced>,
    /// The revision of the register that was last planned from.
    planned: u64,
    /// Exceptions to look at, with more of them than one plan takes.
    due: BTreeSet<ExceptionKey>,
    /// Exceptions whose status had to wait, or whose write did not land: due after all others.
    waiting: BTreeSet<ExceptionKey>,
}

/// Pacing of one object. It starts anew for another object of the same name.
#[derive(Debug, Default)]
struct Paced {
    uid: Option<Box<str>>,
    /// A change of this starts the pacing anew, so that an undecodable object gets its status at once.
    is_decodable: bool,
    pacing: Pacing,
}

impl StatusPlanner {
    /// The statuses to store now. The caller must have listed every watched kind: otherwise the counts
    /// and the measurement at a path's deadline are too low. `register` is always a later copy of the
    /// same one.
    pub fn plan(
        &mut self,
        facts: &Inventory,
        contributions: &Contributions,
        register: &Register,
        beside: Beside<'_>,
        now: Timestamp,
    ) -> StatusPlan {
        self.forget_rested(facts, now);
        let mut plan = StatusPlan::default();
        let as_of = AsOf::new(now);
        self.plan_exceptions(facts, register, &as_of, &mut plan);
        plan.faults = contributions.faults();
        let tally = &Tally::sum(contributions, facts, &as_of, register);
        let counts = paths::Counts {
            tally,
            faults: &plan.faults,
        };
        for write in paths::changed_paths(facts, beside.policies, counts, now) {
            if self.starts(facts, &write, now, &mut plan.again_at) {
                plan.paths.push(write);
            }
        }
        for write in changed_goals(facts, tally, beside.measurements, now) {
            if self.starts(facts, &write, now, &mut plan.again_at) {
                plan.goals.push(write);
            }
        }
        plan
    }

    fn plan_exceptions(
        &mut self,
        facts: &Inventory,
        register: &Register,
        as_of: &AsOf,
        plan: &mut StatusPlan,
    ) {
        for key in self.take_due(register) {
            let view = register.view(facts, &key);
            let Some(changed) = view.and_then(|view| differing(facts, &view, as_of)) else {
                continue;
            };
            if self.starts(facts, &changed.write, as_of.now, &mut plan.again_at) {
                plan.phases.extend(changed.change);
                plan.exceptions.push(changed.write);
            } else {
                self.waiting.insert(key);
            }
        }
        plan.has_more = !self.due.is_empty();
        for write in exceptions::undecodable(facts, as_of.now) {
            if self.starts(facts, &write, as_of.now, &mut plan.again_at) {
                plan.exceptions.push(write);
            }
        }
    }

    /// The exceptions that one plan looks at: it is short, and the next one goes on.
    fn take_due(&mut self, register: &Register) -> BTreeSet<ExceptionKey> {
        if self.due.is_empty() {
            self.due = std::mem::take(&mut self.waiting);
        }
        self.due.extend(register.assessed_since(self.planned));
        self.planned = register.revision();
        let mut due = std::mem::take(&mut self.due);
        if let Some(next) = due.iter().nth(LOOKED_AT).cloned() {
            self.due = due.split_off(&next);
        }
        due
    }

    /// Records the result of a status write.
    pub fn ended<S: StoredStatus>(
        &mut self,
        facts: &mut Inventory,
        write: StatusWrite<S>,
        outcome: WriteResult,
        now: Timestamp,
    ) {
        self.rests(&write.of, outcome, now);
        match outcome {
            WriteResult::Landed(_) => {
                write.status.record(facts, &write.of, write.uid.as_deref());
            }
            WriteResult::Gone | WriteResult::Failed | WriteResult::NotTaken => {
                self.waiting.extend(write.of.into_exception());
            }
        }
    }

    fn starts<S>(
        &mut self,
        facts: &Inventory,
        write: &StatusWrite<S>,
        now: Timestamp,
        again_at: &mut Option<Timestamp>,
    ) -> bool {
        let is_decodable = write.of.is_decodable(facts);
        let paced = self.paces.entry(write.of.clone()).or_default();
        if paced.uid != write.uid || paced.is_decodable != is_decodable {
            *paced = Paced {
                uid: write.uid.clone(),
                is_decodable,
                pacing: Pacing::default(),
            };
        }
        let pacing = &mut paced.pacing;
        if !pacing.is_free(now) {
            if !pacing.is_in_flight() {
                *again_at = earliest(*again_at, pacing.held_until(now));
            }
            return false;
        }
        pacing.started();
        true
    }

    fn rests(&mut self, of: &Owned, outcome: WriteResult, now: Timestamp) {
        match outcome {
            WriteResult::Landed(_) | WriteResult::Failed | WriteResult::NotTaken => {
                if let Some(paced) = self.paces.get_mut(of) {
                    paced.pacing.rests(INTERVAL, now);
                }
            }
            WriteResult::Gone => {
                self.paces.remove(of);
            }
        }
    }

    /// Forgets every pace that holds back nothing.
    fn forget_rested(&mut self, facts: &Inventory, now: Timestamp) {
        self.paces.retain(|of, paced| {
            let pacing = &paced.pacing;
            pacing.is_in_flight() || (!pacing.is_free(now) && of.is_there(facts))
        });
    }
}

impl Owned {
    fn is_decodable(&self, facts: &Inventory) -> bool {
        match self {
            Self::Path(name) => !facts.undecodable().paths.contains_key(name),
            Self::Exception(namespace, name) => {
                let key = (namespace.clone(), name.clone());
                !facts.undecodable().exceptions.contains_key(&key)
            }
            Self::Goal(kind, name) => facts.goals().is_decodable(*kind, name),
        }
    }

    fn into_exception(self) -> Option<ExceptionKey> {
        match self {
            Self::Path(_) | Self::Goal(..) => None,
            Self::Exception(namespace, name) => Some((namespace, name)),
        }
    }

    fn is_there(&self, facts: &Inventory) -> bool {
        let is_known = match self {
            Self::Path(name) => facts.is_path_stored(name),
            Self::Exception(namespace, name) => facts
                .namespace(namespace)
                .is_some_and(|ns| ns.exception(name).is_some()),
            Self::Goal(kind, name) => facts.goals().has(*kind, name),
        };
        is_known || !self.is_decodable(facts)
    }
}
