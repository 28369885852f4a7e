//! Measures the objectives that no operator follows: those of files, and those of a cluster that have no
//! status yet. What is asked of a Prometheus comes from the caller; nothing is asked here.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::statuses::record_objectives;
use crate::api::Period;
use crate::api::platform_objective::Builtin;
use crate::assess::adoption::index::Contributions;
use crate::assess::goal_objects::StoredObjective;
use crate::assess::goals::objective::builtin::Builtins;
use crate::assess::goals::objective::measurement::{Measurements, NoData};
use crate::assess::goals::objective::wanted::{BuiltinFigure, Figure, Wanted, wanted};
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;
use crate::assess::verdict::AsOf;

/// How much of what is counted an inventory holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// All of it.
    Everything,
    /// All workloads, and no rollouts.
    NoRollouts,
    /// One namespace, or only some kinds of workloads.
    Part,
}

impl Read {
    /// Why a built-in figure cannot be computed.
    fn lacks(self, builtin: Builtin) -> Option<NoData> {
        match self {
            Self::Everything => None,
            Self::NoRollouts => builtin.is_of_rollouts().then_some(NoData::RolloutsNotRead),
            Self::Part => (builtin != Builtin::Nps).then_some(NoData::PartRead),
        }
    }
}

/// The objectives that no operator follows.
#[derive(Clone, Debug)]
pub struct Unfollowed {
    names: BTreeSet<Arc<str>>,
    read: Read,
}

impl Unfollowed {
    /// Every objective: those of files.
    pub fn all(inventory: &Inventory) -> Self {
        Self::of(inventory, Read::Everything, |_| true)
    }

    /// The objectives of a cluster that no operator has given a status.
    pub fn without_status(inventory: &Inventory, read: Read) -> Self {
        Self::of(inventory, read, |objective| objective.status.is_none())
    }

    fn of(inventory: &Inventory, read: Read, is_one: impl Fn(&StoredObjective) -> bool) -> Self {
        let objectives = inventory.goals().objectives.iter();
        let names = objectives
            .filter(|objective| is_one(objective))
            .map(|objective| objective.name.clone());
        Self {
            names: names.collect(),
            read,
        }
    }

    /// The key results that a Prometheus is to be asked for.
    pub fn queries(&self, inventory: &Inventory, now: Timestamp) -> Vec<Wanted> {
        let mut due = self.due(inventory, now);
        due.retain(|it| matches!(it.from, Figure::PromQl(_)));
        due
    }

    /// Measures them: built-in figures from the inventory, the others as they were answered. A query without
    /// an answer has no data, and its key result states why.
    pub fn measure(
        &self,
        inventory: &mut Inventory,
        answers: Vec<(Wanted, Result<f64, NoData>)>,
        now: Timestamp,
    ) {
        let due = self.due(inventory, now);
        if due.is_empty() && answers.is_empty() {
            return;
        }
        let mut measurements = Measurements::default();
        let found = builtins(inventory, due, self.read, now);
        for (wanted, value) in found.into_iter().chain(answers) {
            let (key, measurement) = wanted.measured(value, now);
            measurements.put(key, measurement);
        }
        record_objectives(inventory, &self.names, &measurements, now);
    }

    fn due(&self, inventory: &Inventory, now: Timestamp) -> Vec<Wanted> {
        let goals = inventory.goals();
        let mut due = wanted(goals, &Measurements::default(), Period::seconds(1), now);
        due.retain(|it| self.names.contains(&it.key.0));
        due
    }
}

fn builtins(
    inventory: &Inventory,
    due: Vec<Wanted>,
    read: Read,
    now: Timestamp,
) -> Vec<(Wanted, Result<f64, NoData>)> {
    let as_of = AsOf::new(now);
    let figures: Vec<&BuiltinFigure> = due.iter().filter_map(Wanted::builtin).collect();
    let contributions = Contributions::of(inventory, &as_of);
    let register = Register::of(inventory, &as_of);
    let counted = Builtins::count(&figures, inventory, &contributions, &register, &as_of);
    due.into_iter()
        .map(|it| {
            let value = match &it.from {
                Figure::Builtin(figure) => match read.lacks(figure.builtin) {
                    Some(reason) => Err(reason),
                    None => counted.value(figure),
                },
                Figure::Missed(reason) => Err(reason.clone()),
                Figure::PromQl(_) => Err(NoData::NotAsked),
            };
            (it, value)
        })
        .collect()
}
