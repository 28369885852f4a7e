//! How paths get on, one line each: the trend of the weeks, what announced steps still ask for, the
//! services that are older than their path or may be, and those that a starter path judges instead of a
//! launched one. Nothing is counted here.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::report::document::{AnnouncedStep, PathLine, Report, TrendPoint};
use crate::report::terminal::plain::plain;
use crate::report::terminal::share::{percent, ratio};
use crate::report::voice::{counted, day};

/// Weeks of a trend: half a year.
const WEEKS: usize = 26;
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The lines of every path that takes part.
pub fn render(report: &Report) -> String {
    let paths = report.summary.paths.iter().filter(|path| path.takes_part);
    paths.map(|path| lines(path, report)).collect()
}

fn lines(path: &PathLine, report: &Report) -> String {
    let name = plain(&path.path);
    let trend = trend(&path.trend).map(|trend| format!("{name}: {trend}\n"));
    let announced = announced(&path.announced);
    let announced = announced.iter().map(|(from, steps)| {
        let from = day(*from, report.as_of);
        format!("{name}: {}\n", coming(steps, &from))
    });
    let predates = path.predates.filter(|predates| predates.services > 0);
    let predates = predates.map(|predates| {
        let before = path.trend.first().map(|first| first.predates);
        let before = before.filter(|before| *before > predates.services);
        format!(
            "{name}: {} older than the path{}, nothing due until {}\n",
            counted(predates.services, "service"),
            before.map_or_else(String::new, |before| format!(" ({before} at first)")),
            day(predates.until, report.as_of)
        )
    });
    trend
        .into_iter()
        .chain(announced)
        .chain(predates)
        .chain(may_predate(path))
        .chain(launched_beside(path))
        .collect()
}

/// Manifests have no creation time, so the cluster may know better.
fn may_predate(path: &PathLine) -> Option<String> {
    let services = path.may_predate;
    let why = match (path.launched_at, services) {
        (_, 0) => return None,
        (None, _) => "the path has no launchedAt, and applied it launches at once",
        (Some(_), 1) => "it has no creationTimestamp",
        (Some(_), _) => "they have no creationTimestamp",
    };
    Some(format!(
        "{}: {} may be older than the path, with nothing due (existing: Predates): {why}\n",
        plain(&path.path),
        counted(services, "undocumented service"),
    ))
}

/// A starter path is chosen like any path: by its missing steps, then by its priority.
fn launched_beside(path: &PathLine) -> Option<String> {
    let paths = path
        .launched_beside
        .iter()
        .map(|launched| plain(&launched.path));
    let paths: Vec<_> = paths.collect();
    let services: usize = path
        .launched_beside
        .iter()
        .map(|launched| launched.services)
        .sum();
    (services > 0).then(|| {
        format!(
            "{}: this starter path judges {} that {} would judge, which is launched: delete the starter path\n",
            plain(&path.path),
            counted(services, "service"),
            paths.join(" or "),
        )
    })
}

/// Announced steps that services still miss, by the instant from which they count: a path that was
/// proposed announces many at once.
fn announced(steps: &[AnnouncedStep]) -> BTreeMap<Timestamp, Vec<&AnnouncedStep>> {
    let mut by_instant: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for step in steps.iter().filter(|step| step.services > 0) {
        by_instant.entry(step.enforce_from).or_default().push(step);
    }
    by_instant
}

/// "digest counts from 1 Jan 2027, 12 services to go", or of several steps the widest.
fn coming(steps: &[&AnnouncedStep], from: &str) -> String {
    let widest = steps.iter().copied().reduce(|widest, step| {
        if step.services > widest.services {
            step
        } else {
            widest
        }
    });
    let Some(widest) = widest else {
        return String::new();
    };
    let (check, services) = (plain(&widest.check), counted(widest.services, "service"));
    match steps.len() {
        1 => format!("{check} counts from {from}, {services} to go"),
        many => format!("{many} steps count from {from}, up to {services} to go ({check})"),
    }
}

/// "▂▃▅▆ 31 % to 54 % on the path in 14 weeks".
fn trend(points: &[TrendPoint]) -> Option<String> {
    let points = &points[points.len().saturating_sub(WEEKS)..];
    let (first, last) = points.first().zip(points.last())?;
    let weeks = last.at.duration_since(first.at).as_hours() / (24 * 7);
    if weeks < 1 {
        return None;
    }
    let bars: String = points.iter().map(bar).collect();
    Some(format!(
        "{bars} {} to {} on the path in {}",
        share(first),
        share(last),
        counted(usize::try_from(weeks).unwrap_or_default(), "week")
    ))
}

fn share(point: &TrendPoint) -> String {
    percent(ratio(point.on_path, point.services))
}

fn bar(point: &TrendPoint) -> char {
    let step = point.on_path * (BARS.len() - 1) + point.services / 2;
    let index = step.checked_div(point.services).unwrap_or_default();
    BARS.get(index).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{PathCount, PredatesCount};
    use crate::report::fixtures::{at, report};

    #[test]
    fn a_path_shows_its_trend_and_what_is_still_to_do() {
        let mut report = report();
        assert_eq!(render(&report), "");
        let point = |day: &str, on_path, predates| TrendPoint {
            at: at(&format!("{day}T00:00:00Z")),
            services: 20,
            on_path,
            predates,
        };
        let path = &mut report.summary.paths[0];
        path.trend = vec![
            point("2026-01-04", 0, 12),
            point("2026-01-11", 10, 9),
            point("2026-01-18", 20, 9),
        ];
        path.announced = ["digest", "done"]
            .map(|check| AnnouncedStep {
                check: check.to_owned(),
                enforce_from: at("2027-01-01T00:00:00Z"),
                services: if check == "done" { 0 } else { 12 },
            })
            .into();
        path.predates = Some(PredatesCount {
            services: 9,
            until: at("2027-06-01T00:00:00Z"),
        });
        assert_eq!(
            render(&report),
            "web-service: ▁▅█ 0 % to 100 % on the path in 2 weeks\n\
             web-service: digest counts from 1 Jan 2027, 12 services to go\n\
             web-service: 9 services older than the path (12 at first), nothing due until 1 Jun 2027\n"
        );
    }

    #[test]
    fn a_path_shows_whom_it_may_judge_wrongly() {
        let mut report = report();
        let path = &mut report.summary.paths[0];
        path.may_predate = 2;
        path.launched_beside = [("service", 3), ("api", 1)]
            .map(|(path, services)| PathCount {
                path: path.to_owned(),
                services,
            })
            .into();
        assert_eq!(
            render(&report),
            "web-service: 2 undocumented services may be older than the path, with nothing due (existing: \
             Predates): they have no creationTimestamp\n\
             web-service: this starter path judges 4 services that service or api would judge, which is \
             launched: delete the starter path\n"
        );
    }

    #[test]
    fn a_path_without_a_launch_says_that_it_launches_when_it_is_applied() {
        let mut report = report();
        let path = &mut report.summary.paths[0];
        (path.may_predate, path.launched_at) = (1, None);
        assert_eq!(
            render(&report),
            "web-service: 1 undocumented service may be older than the path, with nothing due (existing: \
             Predates): the path has no launchedAt, and applied it launches at once\n"
        );
    }

    #[test]
    fn steps_announced_for_one_day_are_one_line() {
        let mut report = report();
        let steps = [
            ("digest", "2027-01-01"),
            ("probe", "2027-01-01"),
            ("owner", "2027-02-01"),
        ];
        report.summary.paths[0].announced = steps
            .iter()
            .zip([12, 40, 1])
            .map(|((check, day), services)| AnnouncedStep {
                check: (*check).to_owned(),
                enforce_from: at(&format!("{day}T00:00:00Z")),
                services,
            })
            .collect();
        assert_eq!(
            render(&report),
            "web-service: 2 steps count from 1 Jan 2027, up to 40 services to go (probe)\n\
             web-service: owner counts from 1 Feb 2027, 1 service to go\n"
        );
    }
}
