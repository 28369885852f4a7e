//! Families about services and paths.

use prometheus::proto::MetricFamily;

use super::family::{self, Series, metric};
use super::{Options, Teams, count, seconds};
use crate::assess::adoption::{PathTally, States, Tally};
use crate::assess::state::State;

pub(super) fn families(tally: &Tally, teams: &Teams<'_>, options: &Options) -> Vec<MetricFamily> {
    vec![
        services(tally, teams, options),
        family::SERVICES_UNSCOPED.single(Some(count(tally.unscoped))),
        family::SERVICES_IGNORED.single(Some(count(tally.ignored))),
        family::SERVICES_IN_SCOPE.of(by_path(tally, |path| Some(count(path.adoption.of)))),
        family::ADOPTION_RATIO.of(by_path(tally, |path| path.adoption.ratio())),
        family::ACCOUNTED_RATIO.of(by_path(tally, |path| path.accounted.ratio())),
        family::ADOPTION_TARGET_RATIO.of(by_path(tally, |path| Some(path.target))),
        new_services(tally),
        family::NEW_SERVICE_ADOPTION_RATIO.of(by_path(tally, |path| {
            path.new_services.as_ref()?.share().ratio()
        })),
        family::ADOPTION_DEADLINE.of(by_path(tally, |path| {
            Some(seconds(path.new_services.as_ref()?.deadline))
        })),
        cohorts(tally),
        check_failures(tally),
        last_steps(tally),
    ]
}

/// Families about what deviating costs, and whether teams help themselves.
pub(super) fn costs(tally: &Tally, teams: &Teams<'_>) -> [MetricFamily; 2] {
    let hours = tally.hours.iter().map(|(burden, hours)| {
        let labels = [
            &*burden.path,
            teams.label(&burden.team),
            burden.standing.as_str(),
            burden.source.as_str(),
        ];
        (labels, *hours)
    });
    [
        family::OWNERSHIP_HOURS.of(hours.collect()),
        family::TEAMS_SELF_SERVICE_RATIO.single(tally.self_service.ratio()),
    ]
}

fn services(tally: &Tally, teams: &Teams<'_>, options: &Options) -> MetricFamily {
    let groups = tally.groups.iter().map(|(group, services)| {
        let namespace = if options.namespace_label {
            &*group.namespace
        } else {
            ""
        };
        let labels = [
            &*group.path,
            namespace,
            teams.label(&group.team),
            group.state.as_str(),
        ];
        (labels, count(*services))
    });
    let series: Series<'_, 4> = groups.collect();
    family::SERVICES.with(
        series
            .iter()
            .map(|([path, namespace, team, state], value)| {
                let namespace = options.namespace_label.then_some(("namespace", *namespace));
                let labels = [("path", *path), ("team", team), ("state", state)];
                metric(labels.into_iter().chain(namespace), value)
            }),
    )
}

fn by_path(tally: &Tally, value: impl Fn(&PathTally) -> Option<f64>) -> Series<'_, 1> {
    counted(tally)
        .filter_map(|(name, path)| Some(([name], value(path)?)))
        .collect()
}

/// The paths that take part: a preview is shown elsewhere and never counted.
fn counted(tally: &Tally) -> impl Iterator<Item = (&str, &PathTally)> {
    let paths = tally.paths.iter();
    paths
        .map(|(name, path)| (&**name, path))
        .filter(|(_, path)| path.takes_part)
}

fn new_services(tally: &Tally) -> MetricFamily {
    let series = counted(tally).flat_map(|(name, path)| {
        let new = path.new_services.iter();
        new.flat_map(move |new| {
            every_state(&new.states).map(move |(state, services)| ([name, state], services))
        })
    });
    family::NEW_SERVICES.of(series.collect())
}

fn cohorts(tally: &Tally) -> MetricFamily {
    let series = counted(tally).flat_map(|(name, path)| {
        path.cohorts.iter().flat_map(move |(horizon, states)| {
            every_state(states)
                .map(move |(state, services)| ([name, horizon.as_str(), state], services))
        })
    });
    family::COHORT_SERVICES.of(series.collect())
}

/// All states, with 0 where nobody is.
fn every_state(states: &States) -> impl Iterator<Item = (&'static str, f64)> {
    State::ALL.into_iter().map(|state| {
        let services = states.get(&state).copied().unwrap_or(0);
        (state.as_str(), count(services))
    })
}

fn check_failures(tally: &Tally) -> MetricFamily {
    let series = counted(tally).flat_map(|(name, path)| {
        path.checks.iter().flat_map(move |check| {
            let failures = check.failures.iter();
            failures.map(move |(standing, services)| {
                ([name, &*check.name, standing.as_str()], count(*services))
            })
        })
    });
    family::CHECK_FAILURES.of(series.collect())
}

fn last_steps(tally: &Tally) -> MetricFamily {
    let series = counted(tally).flat_map(|(name, path)| {
        let checks = path.checks.iter();
        checks.map(move |check| ([name, &*check.name], count(check.last_step)))
    });
    family::CHECK_LAST_STEP.of(series.collect())
}
