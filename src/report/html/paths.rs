//! The golden paths: a list, and one with its steps, who misses which, the last step, the changelog and
//! announced steps. A check marked `sensitive` is counted and not named.

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::{Links, on, outside, restricted, scroller, text};
use super::{chart, exceptions, overview};
use crate::api::golden_path::{GoldenPathSpec, Level};
use crate::assess::adoption::PathTally;
use crate::assess::state::{Standing, State};
use crate::report::document::paths::PathStep;
use crate::report::document::view::ReportView;
use crate::report::document::{self, PathLine};
use crate::report::terminal::share::{percent, share};
use crate::report::terminal::text::new_services;
use crate::report::voice::groups::GroupCounts;
use crate::report::voice::{self, counted};

/// Releases that are listed.
const RELEASES: usize = 20;
/// Weeks of the trend's table.
const WEEKS: usize = 12;

pub(super) fn list(view: &ReportView, links: Links) -> Markup {
    let shown = &view.summary().paths;
    html! {
        h1 { "Paths" }
        p.quiet { "A golden path is the supported way to run a service. It is an offer: a service may deviate, visibly and with an owner." }
        @if shown.is_empty() {
            p { "There is no golden path yet. Apply a " code { "GoldenPath" } ", or run " code { "goldenpath init" } " for a proposal from what your teams do." }
        } @else {
            (overview::table("All paths", shown, view.as_of, links))
        }
    }
}

pub(super) fn one(name: &str, view: &ReportView, links: Links) -> Option<Markup> {
    let paths = view.inventory.paths();
    let path = paths.get(paths.resolve(name)?);
    let spec = &path.spec;
    let line = view
        .summary()
        .paths
        .iter()
        .find(|line| *line.path == *path.name)?;
    let tally = view.path_tally(&path.name)?;
    let of_path = view
        .exceptions()
        .into_iter()
        .filter(|it| it.path == line.path)
        .collect();
    Some(html! {
        (head(line, spec, links))
        @if line.takes_part { (figures(line, &tally, view.as_of)) }
        @else { p.quiet { "This path is a preview: its steps are shown, and nothing is counted." } }
        (steps(line, spec, &tally, view.as_of, links))
        (trend(line, view.as_of))
        (changelog(spec, view.as_of))
        (exceptions::of_path(of_path, view, links))
    })
}

fn head(line: &PathLine, spec: &GoldenPathSpec, links: Links) -> Markup {
    html! {
        p.crumbs { a href=(links.to("paths")) { "Paths" } " / " (text(&line.path)) }
        h1 { (text(line.title.as_ref().unwrap_or(&line.path))) }
        @if let Some(description) = &spec.description { p.lead { (text(description)) } }
        dl.facts {
            dt { "Owner" }
            dd { (text(&spec.owner.team))
                @if let Some(contact) = &spec.owner.contact { ", " (text(contact)) } }
            @if let Some(url) = &spec.docs_url { dt { "Docs" } dd { (outside(url, "Documentation")) } }
            dt { "Services" }
            dd { a href=(links.services(&[("path", &line.path)])) { (counted(line.services, "service")) " in scope" } }
        }
    }
}

fn figures(line: &PathLine, tally: &PathTally, as_of: Timestamp) -> Markup {
    let advised = if line.advice {
        let undocumented = State::Deviating(Standing::Undocumented);
        tally.services.get(&undocumented).copied().unwrap_or(0)
    } else {
        0
    };
    let counts = GroupCounts::count(&tally.services, advised);
    let words: Vec<String> = State::ALL
        .into_iter()
        .rev()
        .filter_map(|state| Some((state, tally.services.get(&state).copied()?)))
        .filter(|(_, services)| *services > 0)
        .map(|(state, services)| format!("{services} {}", voice::state(state)))
        .collect();
    let new = line.new_services.as_ref().filter(|_| !line.advice);
    html! {
        section.head {
            p.figures {
                span class="figure golden" { strong { (share(line.on_path, line.services)) } " on the path" }
                @if !line.advice { span.figure { strong { (percent(line.target_ratio)) } " target for new services" } }
            }
            @if !words.is_empty() {
                (chart::bar(counts, &words.join(", ")))
                p { "Of " (counted(counts.total(), "service")) " judged by this path: " (words.join(", ")) "." }
            }
            @if let Some(new) = new { p { "New services: " (new_services(new, as_of)) "." } }
            @if let Some(settled) = line.like_for_like.filter(|settled| settled.newer_steps > 0) {
                p.quiet { (share(settled.on_path, line.services)) " like for like, by the steps in force for 90 days." }
            }
            (leverage(tally))
        }
    }
}

/// "41 services are one step away; 28 need the same one".
fn leverage(tally: &PathTally) -> Markup {
    let away: usize = tally.checks.iter().map(|check| check.last_step).sum();
    let same = tally
        .checks
        .iter()
        .map(|check| check.last_step)
        .max()
        .unwrap_or(0);
    html! {
        @if away > 0 {
            p { strong { (counted(away, "service")) @if away == 1 { " is" } @else { " are" } " one step away" }
                @if same > 1 { "; " (same) " need the same one" } "." }
        }
    }
}

fn steps(
    line: &PathLine,
    spec: &GoldenPathSpec,
    tally: &PathTally,
    as_of: Timestamp,
    links: Links,
) -> Markup {
    let open = document::paths::steps(spec, tally);
    let hidden = spec.checks.len() - open.len();
    let table = html! {
        table {
            caption.hidden { "Steps of the path, and how many services miss each" }
            thead { tr {
                th scope="col" { "Step" } th scope="col" { "Counts" }
                th.number scope="col" { "Missing in" } th.number scope="col" { "Last step for" }
            } }
            tbody { @for it in &open { (step(line, it, as_of, links)) } }
        }
    };
    html! {
        section {
            h2 { "Steps" }
            (scroller(&format!("Steps of {}", line.path), &table))
            @if hidden > 0 { p.quiet { "And " (restricted(hidden)) "." } }
        }
    }
}

fn step(line: &PathLine, step: &PathStep, as_of: Timestamp, links: Links) -> Markup {
    let missing = step.missing.unwrap_or(0);
    let last = step.last_step_for.unwrap_or(0);
    html! {
        tr {
            th scope="row" {
                (text(step.title.as_ref().unwrap_or(&step.name)))
                small { (text(&step.name)) }
                @if let Some(url) = &step.docs_url { small { (outside(url, "Docs")) } }
            }
            td {
                @match (step.level, step.enforce_from) {
                    (Level::Recommended, _) => { "recommended" }
                    (Level::Required, Some(from)) => { "from " (on(from, as_of)) }
                    (Level::Required, None) => { "yes" @if !step.exemptible { ", no off-ramp" } }
                }
            }
            td.number {
                @if step.enforce_from.is_some() { (missing) " so far" }
                @else if missing > 0 {
                    a href=(links.services(&[("path", &line.path), ("missing", &step.name)])) { (missing) }
                } @else { "–" }
            }
            td.number { @if last > 0 { (last) } @else { "–" } }
        }
    }
}

fn trend(line: &PathLine, as_of: Timestamp) -> Markup {
    let target = (!line.advice).then_some(line.target_ratio);
    let Some(figure) = chart::trend(&line.trend, target, as_of) else {
        return html! {};
    };
    html! {
        section {
            h2 { "Week by week" }
            figure {
                (figure)
                details {
                    summary { "The same in figures" }
                    table {
                        caption.hidden { "On the path, week by week" }
                        thead { tr { th scope="col" { "Week" } th.number scope="col" { "On the path" } th.number scope="col" { "Services" } } }
                        tbody { @for point in line.trend.iter().rev().take(WEEKS) {
                            tr { th scope="row" { (on(point.at, as_of)) }
                                td.number { (share(point.on_path, point.services)) }
                                td.number { (point.services) } }
                        } }
                    }
                }
            }
        }
    }
}

fn changelog(spec: &GoldenPathSpec, as_of: Timestamp) -> Markup {
    if spec.releases.is_empty() {
        return html! {};
    }
    let mut releases: Vec<_> = spec.releases.iter().collect();
    releases.sort_by_key(|release| std::cmp::Reverse(release.at.0));
    html! {
        section {
            h2 { "Changes of this path" }
            dl.log { @for release in releases.into_iter().take(RELEASES) {
                dt { (on(release.at.0, as_of)) } dd { (text(&release.note)) }
            } }
        }
    }
}
