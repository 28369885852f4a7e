//! Series about rollouts: counters since the start of this process, figures of whole days from the
//! records, and the contrast. Nothing is counted here.

use super::Fleet;
use super::family::Series;
use crate::api::delivery_record::DeliveryCounts;
use crate::assess::delivery::contrast::{Answer, Figures, Quantiles, Rate};
use crate::assess::delivery::side::Side;
use crate::assess::delivery::tallies::{Distribution, RolloutTally};
use crate::assess::delivery::windows::WindowTotals;

/// The counters of every path, team and status; none while no rollouts are recorded.
fn tallies<'a>(fleet: &'a Fleet<'a>) -> impl Iterator<Item = ([&'a str; 3], &'a RolloutTally)> {
    let recorded = fleet.delivery.iter();
    let sets = recorded.flat_map(|delivery| delivery.tallies.iter());
    sets.map(|(set, tally)| {
        let team = fleet.teams.label(&set.team);
        ([&*set.path, team, set.side.as_str()], tally)
    })
}

/// Rollouts by first result and cause.
pub(super) fn rollouts<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    tallies(fleet)
        .flat_map(|([path, team, status], tally)| {
            tally.rollouts().map(move |(result, cause, count)| {
                let labels = [path, team, status, result.as_str(), cause.as_str()];
                (labels, whole(count))
            })
        })
        .collect()
}

/// Refused commit times by reason.
pub(super) fn refused_commit_times<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    tallies(fleet)
        .flat_map(|([path, team, status], tally)| {
            tally
                .refused_commit_times()
                .map(move |(reason, count)| ([path, team, status, reason.as_str()], whole(count)))
        })
        .collect()
}

/// One counter of every label set.
pub(super) fn counter<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&RolloutTally) -> u64,
) -> Series<'a> {
    tallies(fleet)
        .map(|(labels, tally)| (labels, whole(value(tally))))
        .collect()
}

/// One histogram of every label set.
pub(super) fn histogram<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&'a RolloutTally) -> &'a Distribution,
) -> Series<'a> {
    Series::distributions(tallies(fleet).map(|(labels, tally)| (labels, value(tally))))
}

/// A number of every window.
pub(super) fn window_count<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&DeliveryCounts) -> u32,
) -> Series<'a> {
    window(fleet, |totals| Some(f64::from(value(&totals.counts))))
}

/// A value of every window, absent where unknown.
pub(super) fn window<'a>(
    fleet: &'a Fleet<'a>,
    value: impl Fn(&WindowTotals) -> Option<f64>,
) -> Series<'a> {
    let Some(delivery) = &fleet.delivery else {
        return Series::default();
    };
    delivery
        .windows
        .iter()
        .filter_map(|(key, totals)| {
            let labels = [days(key.days), key.path, key.team, key.side.as_str()];
            Some((labels, value(totals)?))
        })
        .collect()
}

/// Share of what could be observed, by signal.
pub(super) fn coverage<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    let Some(delivery) = &fleet.delivery else {
        return Series::default();
    };
    delivery
        .coverage
        .iter()
        .filter(|coverage| coverage.of > 0)
        .map(|coverage| {
            let ratio = f64::from(coverage.have) / f64::from(coverage.of);
            ([coverage.signal.as_str()], ratio)
        })
        .collect()
}

/// The median and the 90th percentile of a measure, where they are not withheld.
pub(super) fn quantiles<'a>(
    fleet: &'a Fleet<'a>,
    measure: fn(&Figures) -> &Answer<Quantiles>,
) -> Series<'a> {
    figures(fleet)
        .filter_map(|(days, side, figures)| Some((days, side, measure(figures).known()?)))
        .flat_map(|(days, side, known)| {
            [("0.5", known.median), ("0.9", known.p90)]
                .map(|(quantile, value)| ([days, side, quantile], value))
        })
        .collect()
}

/// A rate, where it is not withheld.
pub(super) fn rate<'a>(fleet: &'a Fleet<'a>, measure: fn(&Figures) -> &Answer<Rate>) -> Series<'a> {
    figures(fleet)
        .filter_map(|(days, side, figures)| Some(([days, side], measure(figures).known()?.ratio)))
        .collect()
}

/// A measure of the contrast: its label, sample size and coverage.
struct Measure {
    name: &'static str,
    sample: Option<(f64, f64)>,
}

fn measures(figures: &Figures) -> [Measure; 6] {
    let of_quantiles = |name, answer: &Answer<Quantiles>| Measure {
        name,
        sample: answer
            .known()
            .map(|it| (crate::report::terminal::share::as_float(it.n), it.coverage)),
    };
    let of_rate = |name, answer: &Answer<Rate>| Measure {
        name,
        sample: answer.known().map(|it| (f64::from(it.of), it.coverage)),
    };
    [
        of_quantiles("deployments-per-week", &figures.deployments_per_week),
        of_quantiles("lead-time", &figures.lead_time_seconds),
        of_rate("change-fail", &figures.change_fail_ratio),
        of_quantiles("recovery", &figures.recovery_seconds),
        of_rate("rework", &figures.rework_ratio),
        of_quantiles("first-deploy", &figures.first_deploy_seconds),
    ]
}

/// Sizes of the samples behind the contrast.
pub(super) fn samples<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    sampled(fleet, |(size, _)| size)
}

/// Coverage of the measures of the contrast.
pub(super) fn contrast_coverage<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    sampled(fleet, |(_, coverage)| coverage)
}

fn sampled<'a>(fleet: &'a Fleet<'a>, value: fn((f64, f64)) -> f64) -> Series<'a> {
    figures(fleet)
        .flat_map(|(days, side, figures)| {
            measures(figures)
                .into_iter()
                .filter_map(move |it| Some(([days, side, it.name], value(it.sample?))))
        })
        .collect()
}

/// The figures of each window and side.
fn figures<'a>(
    fleet: &'a Fleet<'a>,
) -> impl Iterator<Item = (&'static str, &'static str, &'a Figures)> {
    let windows = fleet.delivery.iter().flat_map(|it| &it.contrast.windows);
    windows.flat_map(|window| {
        [
            (Side::GoldenPath, &window.golden_path),
            (Side::Deviating, &window.deviating),
        ]
        .map(|(side, figures)| (days(window.days), side.as_str(), figures))
    })
}

/// The label of a window.
const fn days(days: u32) -> &'static str {
    match days {
        7 => "7",
        30 => "30",
        _ => "90",
    }
}

#[allow(clippy::cast_precision_loss)] // counts of rollouts are far below 2⁵³
const fn whole(count: u64) -> f64 {
    count as f64
}
