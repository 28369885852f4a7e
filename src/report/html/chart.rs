//! Charts as inline SVG, readable without colour: parts differ by pattern as well, a line has its
//! takeaway in words. Only presentation attributes: the page allows no inline style.

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::Mark;
use crate::api::developer_survey::NpsStatus;
use crate::assess::goals::survey::words;
use crate::report::document::TrendPoint;
use crate::report::document::surveys::{Surveys, WaveLine, seconds};
use crate::report::terminal::share::{percent, ratio};
use crate::report::voice::day;
use crate::report::voice::groups::{GroupCounts, StateGroup};

/// Width of a bar in its own units.
const BAR: f64 = 1000.0;
/// Size of a trend line in its own units.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 36.0;

/// The patterns of bars, once a document.
pub(super) fn patterns() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" {
            pattern #stripes width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                rect.ground width="8" height="8" {}
                rect.ink width="4" height="8" {}
            }
            pattern #dots width="8" height="7" patternUnits="userSpaceOnUse" {
                rect.paper width="8" height="7" {}
                rect.ink x="2" y="2" width="3" height="3" {}
            }
        }
    }
}

/// A group's part of a bar.
struct BarPart {
    group: StateGroup,
    start: f64,
    width: f64,
}

/// One bar of the groups of services; `label` says it in words.
pub(super) fn bar(counts: GroupCounts, label: &str) -> Markup {
    let whole = counts.total();
    let mut before = 0;
    let parts: Vec<BarPart> = counts
        .each()
        .map(|(group, services)| {
            let start = ratio(before, whole) * BAR;
            before += services;
            let width = ratio(services, whole) * BAR;
            BarPart {
                group,
                start,
                width,
            }
        })
        .filter(|part| part.width > 0.0)
        .collect();
    html! {
        svg.bar role="img" aria-label=(label) viewBox="0 0 1000 28" preserveAspectRatio="none" {
            @for BarPart { group, start, width } in parts {
                rect class=(Mark::of(group).class) fill=[pattern(group)] x=(format!("{start:.1}")) y="1"
                    width=(format!("{:.1}", (width - 3.0).max(2.0))) height="26" rx="2" {}
            }
        }
    }
}

/// The pattern that sets a group apart without colour. The part itself refers to it: a reference in the
/// stylesheet would be relative to the stylesheet.
const fn pattern(group: StateGroup) -> Option<&'static str> {
    match group {
        StateGroup::Excepted => Some("url(#stripes)"),
        StateGroup::InProgress => Some("url(#dots)"),
        StateGroup::OnPath | StateGroup::Undocumented | StateGroup::Advised => None,
    }
}

/// A small bar of one share, with the target as a mark. Nothing without a share: an empty bar reads as 0 %.
pub(super) fn meter(share: Option<f64>, target: Option<f64>, label: &str) -> Markup {
    html! {
        @if let Some(share) = share {
            svg.meter role="img" aria-label=(label) viewBox="0 0 100 8" preserveAspectRatio="none" {
                rect.track width="100" height="8" rx="1" {}
                rect.golden width=(format!("{:.1}", share * 100.0)) height="8" rx="1" {}
                @if let Some(target) = target {
                    rect.target x=(format!("{:.1}", (target * 100.0 - 0.5).max(0.0))) width="1" height="8" {}
                }
            }
        }
    }
}

/// The share on the path week by week, with its takeaway; nothing for fewer than two weeks.
pub(super) fn trend(
    points: &[TrendPoint],
    target: Option<f64>,
    as_of: Timestamp,
) -> Option<Markup> {
    let counted: Vec<&TrendPoint> = points.iter().filter(|point| point.services > 0).collect();
    let (first, last) = (counted.first()?, counted.last()?);
    if counted.len() < 2 {
        return None;
    }
    let share = |point: &TrendPoint| ratio(point.on_path, point.services);
    let takeaway = format!(
        "On the path: {} on {}, {} on {}",
        percent(share(first)),
        day(first.at, as_of),
        percent(share(last)),
        day(last.at, as_of)
    );
    let y = |share: f64| 3.0 + (1.0 - share) * (HEIGHT - 6.0);
    let x = |index: usize| 3.0 + ratio(index, counted.len() - 1) * (WIDTH - 6.0);
    let line: Vec<String> = counted
        .iter()
        .enumerate()
        .map(|(index, point)| format!("{:.1},{:.1}", x(index), y(share(point))))
        .collect();
    let end = (x(counted.len() - 1), y(share(last)));
    Some(html! {
        svg.trend role="img" aria-label=(takeaway) viewBox="0 0 160 36" {
            title { (takeaway) }
            line.base x1="0" x2="160" y1="33" y2="33" {}
            @if let Some(target) = target {
                line.goal x1="0" x2="160" y1=(format!("{:.1}", y(target))) y2=(format!("{:.1}", y(target))) {}
            }
            polyline points=(line.join(" ")) {}
            circle cx=(format!("{:.1}", end.0)) cy=(format!("{:.1}", end.1)) r="3" {}
        }
    })
}

/// Days of a quarter, about, in seconds.
const QUARTER: f64 = 91.0 * 86_400.0;

/// The net promoter score of each wave with its interval. The line breaks where the questions changed and
/// where a quarter was not asked; such a quarter is hatched. Nothing without a score.
pub(super) fn scores(surveys: &Surveys, as_of: Timestamp) -> Option<Markup> {
    let points: Vec<ScorePoint<'_>> = surveys.waves.iter().filter_map(ScorePoint::of).collect();
    let (first, last) = (points.first()?, points.last()?);
    let start = first.at.min(surveys.first_gap().unwrap_or(first.at));
    let end = last.at.max(surveys.last_gap().unwrap_or(last.at));
    let span = (end - start).max(QUARTER);
    let x = |at: f64| 4.0 + (at - start) / span * (WIDTH - 8.0);
    let y = |score: f64| 3.0 + (100.0 - score) / 200.0 * (HEIGHT - 6.0);
    let takeaway = format!(
        "Net promoter score: {} on {}, {} on {}",
        words::score(first.nps),
        day(first.wave.to, as_of),
        words::score(last.nps),
        day(last.wave.to, as_of)
    );
    let number = |value: f64| format!("{value:.1}");
    Some(html! {
        svg.trend role="img" aria-label=(takeaway) viewBox="0 0 160 36" {
            title { (takeaway) }
            @for (from, to) in surveys.gaps() {
                rect.gap fill="url(#stripes)" x=(number(x(from))) width=(number((x(to) - x(from)).max(1.0))) y="3" height="30" {}
            }
            line.base x1="0" x2="160" y1=(number(y(0.0))) y2=(number(y(0.0))) {}
            @for run in runs(&points, surveys) {
                polyline points=(run.iter().map(|it| format!("{:.1},{:.1}", x(it.at), y(it.score))).collect::<Vec<_>>().join(" ")) {}
            }
            @for point in &points {
                line.margin x1=(number(x(point.at))) x2=(number(x(point.at))) y1=(number(y(point.low))) y2=(number(y(point.high))) {}
                circle cx=(number(x(point.at))) cy=(number(y(point.score))) r="2" {}
            }
        }
    })
}

/// A wave with a score.
struct ScorePoint<'a> {
    wave: &'a WaveLine,
    nps: &'a NpsStatus,
    /// The middle of its period, in seconds.
    at: f64,
    score: f64,
    low: f64,
    high: f64,
}

impl<'a> ScorePoint<'a> {
    fn of(wave: &'a WaveLine) -> Option<Self> {
        let nps = wave.nps.as_ref()?;
        Some(Self {
            wave,
            nps,
            at: f64::midpoint(seconds(wave.from), seconds(wave.to)),
            score: nps.score?,
            low: nps.low?,
            high: nps.high?,
        })
    }
}

/// Waves that a line joins: the same questions, and no quarter between them that was not asked.
fn runs<'p, 'a>(points: &'p [ScorePoint<'a>], surveys: &Surveys) -> Vec<&'p [ScorePoint<'a>]> {
    let gaps = surveys.gaps();
    points
        .chunk_by(|a, b| {
            let is_asked = !gaps.iter().any(|(from, _)| a.at < *from && *from < b.at);
            a.wave.question_set == b.wave.question_set && is_asked
        })
        .collect()
}
