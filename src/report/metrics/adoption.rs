//! Series about services and paths. A preview is never counted: only paths that take part are here.

use super::Fleet;
use super::family::Series;
use crate::assess::adoption::{PathTally, States, Tally};
use crate::assess::state::State;
use crate::report::terminal::share::as_float;

/// The namespace is the last label, and there only on request.
pub(super) fn services<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    let with_namespace = fleet.options.namespace_label;
    fleet
        .tally
        .groups
        .iter()
        .map(|(group, services)| {
            let labels = [
                &*group.path,
                if with_namespace {
                    &*group.namespace
                } else {
                    ""
                },
                fleet.teams.label(&group.team),
                group.state.as_str(),
            ];
            (labels, as_float(*services))
        })
        .collect::<Series<'_>>()
        .with_labels(if with_namespace {
            &[0, 2, 3, 1]
        } else {
            &[0, 2, 3]
        })
}

pub(super) fn by_path<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&PathTally) -> Option<f64>,
) -> Series<'a> {
    counted(fleet.tally)
        .filter_map(|(name, path)| Some(([name], value(path)?)))
        .collect()
}

fn counted(tally: &Tally) -> impl Iterator<Item = (&str, &PathTally)> {
    tally
        .paths
        .iter()
        .map(|(name, path)| (&**name, path))
        .filter(|(_, path)| path.takes_part)
}

pub(super) fn new_services<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    counted(fleet.tally)
        .filter_map(|(name, path)| Some((name, path.new_services.as_ref()?)))
        .flat_map(|(name, new)| {
            every_state(&new.states).map(move |(state, services)| ([name, state], services))
        })
        .collect()
}

pub(super) fn cohorts<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    counted(fleet.tally)
        .flat_map(|(name, path)| path.cohorts.iter().map(move |cohort| (name, cohort)))
        .flat_map(|(name, (age, states))| {
            every_state(states)
                .map(move |(state, services)| ([name, age.as_str(), state], services))
        })
        .collect()
}

/// All states, with 0 for those without a service.
fn every_state(states: &States) -> impl Iterator<Item = (&'static str, f64)> {
    State::ALL.into_iter().map(|state| {
        let services = states.get(&state).copied().unwrap_or(0);
        (state.as_str(), as_float(services))
    })
}

pub(super) fn check_failures<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    counted(fleet.tally)
        .flat_map(|(name, path)| path.checks.iter().map(move |check| (name, check)))
        .flat_map(|(name, check)| {
            check.failures.iter().map(move |(standing, services)| {
                ([name, &*check.name, standing.as_str()], as_float(*services))
            })
        })
        .collect()
}

pub(super) fn last_steps<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    counted(fleet.tally)
        .flat_map(|(name, path)| path.checks.iter().map(move |check| (name, check)))
        .map(|(name, check)| ([name, &*check.name], as_float(check.last_step)))
        .collect()
}

pub(super) fn ownership_hours<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    fleet
        .tally
        .hours
        .iter()
        .map(|(burden, hours)| {
            let labels = [
                &*burden.path,
                fleet.teams.label(&burden.team),
                burden.standing.as_str(),
                burden.source.as_str(),
            ];
            (labels, *hours)
        })
        .collect()
}
