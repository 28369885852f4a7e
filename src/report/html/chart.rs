//! Charts as inline SVG, readable without colour: parts differ by pattern as well, a line has its
//! takeaway in words. Only presentation attributes: the page allows no inline style.

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::Mark;
use crate::report::document::TrendPoint;
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

/// A small bar of one share, with the target as a mark.
pub(super) fn meter(share: Option<f64>, target: Option<f64>, label: &str) -> Markup {
    let share = share.unwrap_or(0.0) * 100.0;
    html! {
        svg.meter role="img" aria-label=(label) viewBox="0 0 100 8" preserveAspectRatio="none" {
            rect.track width="100" height="8" rx="1" {}
            rect.golden width=(format!("{share:.1}")) height="8" rx="1" {}
            @if let Some(target) = target {
                rect.target x=(format!("{:.1}", (target * 100.0 - 0.5).max(0.0))) width="1" height="8" {}
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
