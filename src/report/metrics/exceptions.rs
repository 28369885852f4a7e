//! Series about exceptions. Instants are exposed, never spans: queries compute how much is left.

use jiff::Timestamp;

use super::family::Series;
use super::{Fleet, owner};
use crate::assess::exception::assurance::{Assurance, Doubt};
use crate::assess::goal_objects::GoalKind;
use crate::assess::register::{ExceptionView, next};
use crate::assess::state::Phase;
use crate::report::terminal::share::as_float;

pub(super) fn by_phase<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    fleet
        .register
        .iter()
        .map(|view| {
            let labels = [
                view.path_name(),
                fleet.teams.label(owner(view)),
                category(view),
                view.life.phase.as_str(),
            ];
            (labels, 1.0)
        })
        .collect()
}

pub(super) fn info<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    fleet
        .register
        .iter()
        .map(|view| {
            let labels = [
                view.namespace,
                &view.exception.name,
                view.path_name(),
                fleet.teams.label(owner(view)),
                category(view),
            ];
            (labels, 1.0)
        })
        .collect()
}

fn category(view: &ExceptionView<'_>) -> &'static str {
    view.exception.spec.category.unwrap_or_default().as_str()
}

pub(super) fn phases<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    fleet
        .register
        .iter()
        .flat_map(|view| {
            Phase::ALL.into_iter().map(move |phase| {
                let labels = [view.namespace, &*view.exception.name, phase.as_str()];
                (labels, f64::from(u8::from(view.life.phase == phase)))
            })
        })
        .collect()
}

pub(super) fn each<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&ExceptionView<'_>) -> Option<f64>,
) -> Series<'a> {
    fleet
        .register
        .iter()
        .filter_map(|view| Some(([view.namespace, &*view.exception.name], value(view)?)))
        .collect()
}

pub(super) fn waiting_since(view: &ExceptionView<'_>) -> Option<Timestamp> {
    next::waiting_since(&view.exception.spec, view.exception.created, &view.life)
}

pub(super) fn decisions<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    fleet
        .register
        .iter()
        .filter_map(|view| {
            let labels = [view.namespace, &*view.exception.name, view.path_name()];
            let waited =
                next::answered_after(&view.exception.spec, view.exception.created, &view.life);
            Some((labels, waited?.as_secs_f64()))
        })
        .collect()
}

/// Unknown while the status of any exception lacks the assurance of its approval.
pub(super) fn unverified(fleet: &Fleet<'_>) -> Option<f64> {
    let unknown = Assurance::Unverified(Doubt::NoStatusYet);
    let unverified = fleet
        .register
        .iter()
        .filter(|view| view.assurance.is_unverified())
        .count();
    fleet
        .register
        .iter()
        .all(|view| view.assurance != unknown)
        .then(|| as_float(unverified))
}

pub(super) fn undecodable<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    let paths = fleet.inventory.undecodable_paths().len();
    let exceptions = fleet.inventory.undecodable_exceptions().len();
    let goals = fleet.inventory.goals().undecodable();
    let of_kind = |kind: GoalKind| goals.iter().filter(|(found, ..)| *found == kind).count();
    let goals = GoalKind::ALL.map(|kind| ([kind.as_str()], as_float(of_kind(kind))));
    [
        (["GoldenPath"], as_float(paths)),
        (["DeviationException"], as_float(exceptions)),
    ]
    .into_iter()
    .chain(goals)
    .collect()
}
