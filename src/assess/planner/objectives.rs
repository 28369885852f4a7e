//! Measures the objectives of an inventory that no operator follows: manifests, or a cluster without an
//! operator. What is asked of a Prometheus comes from the caller; nothing is asked here.

use jiff::Timestamp;

use super::statuses::record_objectives;
use crate::api::Period;
use crate::assess::adoption::index::Contributions;
use crate::assess::goals::objective::builtin::Builtins;
use crate::assess::goals::objective::measurement::{Measurements, NoData};
use crate::assess::goals::objective::wanted::{BuiltinFigure, Figure, Wanted, wanted};
use crate::assess::inventory::Inventory;
use crate::assess::register::index::Register;
use crate::assess::verdict::AsOf;

/// The key results that a Prometheus is to be asked for.
pub fn queries(inventory: &Inventory, now: Timestamp) -> Vec<Wanted> {
    let mut all = all(inventory, now);
    all.retain(|it| matches!(it.from, Figure::PromQl(_)));
    all
}

/// Measures every objective: built-in figures from the inventory, the others as they were answered. A
/// query without an answer is said not to be measured here.
pub fn measure(
    inventory: &mut Inventory,
    answers: Vec<(Wanted, Result<f64, NoData>)>,
    now: Timestamp,
) {
    let due = all(inventory, now);
    if due.is_empty() && answers.is_empty() {
        return;
    }
    let mut measurements = Measurements::default();
    for (wanted, value) in builtins(inventory, due, now).into_iter().chain(answers) {
        let (key, measurement) = wanted.measured(value, now);
        measurements.put(key, measurement);
    }
    record_objectives(inventory, &measurements, now);
}

fn all(inventory: &Inventory, now: Timestamp) -> Vec<Wanted> {
    let goals = inventory.goals();
    if goals.objectives.is_empty() {
        return Vec::new();
    }
    wanted(goals, &Measurements::default(), Period::seconds(1), now)
}

fn builtins(
    inventory: &Inventory,
    due: Vec<Wanted>,
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
                Figure::Builtin(figure) => counted.value(figure),
                Figure::Missed(reason) => Err(reason.clone()),
                Figure::PromQl(_) => Err(NoData::NotAsked),
            };
            (it, value)
        })
        .collect()
}
