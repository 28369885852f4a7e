//! The first page: how many services are on a path, what waits for the platform team, what needs a
//! person this week, and each path's figures. From counts and the register; no workload is read.

use jiff::Timestamp;
use maud::{Markup, html};

use super::chart;
use super::layout::{Links, Mark, mark, on, scroller, since, text};
use crate::api::Period;
use crate::assess::register::next::Next;
use crate::assess::source::Problem;
use crate::assess::state::{State, Status};
use crate::report::document::services::is_restricted;
use crate::report::document::view::ReportView;
use crate::report::document::{CheckCount, Exception, PathLine, Summary};
use crate::report::register;
use crate::report::terminal::share::{percent, share};
use crate::report::terminal::text::{denominator, new_services, shares};
use crate::report::voice::groups::{GroupCounts, StateGroup};
use crate::report::voice::{self, counted};

/// Lines of a list that has a page of its own.
const LISTED: usize = 6;
/// How far ahead "this week" reaches.
const WEEK: Period = Period::days(7);

pub(super) fn render(view: &ReportView, links: Links) -> Markup {
    let summary = view.summary();
    let mut exceptions = view.exceptions();
    register::sort(&mut exceptions);
    html! {
        (head(summary, links))
        div.columns {
            (platform(summary, &exceptions, &view.platform_problems(), view.as_of, links))
            (week(summary, &exceptions, view, links))
        }
        (paths(view, links))
        (leverage(view, links))
    }
}

/// The figure, its denominator, and its parts.
fn head(summary: &Summary, links: Links) -> Markup {
    let counts = GroupCounts::of(summary);
    if summary.counted_services == 0 {
        return nothing_yet(summary, links);
    }
    html! {
        section.head {
            h1 {
                @for group in counts.shown() {
                    span class={ "figure " (Mark::of(group).class) } {
                        strong { (share(counts.get(group), summary.counted_services)) } " " (group.words())
                    }
                }
            }
            (chart::bar(counts, &shares(summary)))
            ul.legend {
                @for state in states_by_group() {
                    @let services = summary.services.get(&state).copied().unwrap_or(0);
                    @if services > 0 { (legend(state, services, links)) }
                }
            }
            p.quiet { (denominator(summary)) "." }
            @if summary.advised > 0 {
                p.quiet { "Starter paths only advise: no exception is expected, and there is no target." }
            }
        }
    }
}

/// The states in the order of the bar.
fn states_by_group() -> Vec<State> {
    let mut states: Vec<State> = State::ALL.into_iter().rev().collect();
    let place = |state: &State| {
        let group = StateGroup::of(*state);
        StateGroup::ALL.iter().position(|other| *other == group)
    };
    states.sort_by_key(place);
    states
}

fn legend(state: State, services: usize, links: Links) -> Markup {
    let (status, deviation) = match state {
        State::GoldenPath => (Status::GoldenPath, None),
        State::Unknown => (Status::Unknown, None),
        State::Deviating(standing) => (Status::Deviating, Some(standing)),
    };
    let Mark { class, sign } = mark(status, deviation, false);
    html! {
        li {
            span.state class={ "state " (class) } aria-hidden="true" { (sign) } " "
            a href=(links.services(&[("state", state.as_str())])) { strong { (services) } " " (voice::state(state)) }
        }
    }
}

fn nothing_yet(summary: &Summary, links: Links) -> Markup {
    html! {
        section.head {
            h1 { span.figure { "No services yet" } }
            p.quiet { (denominator(summary)) "." }
            @if summary.paths.is_empty() {
                p { "There is no golden path. Apply a " code { "GoldenPath" } ", or start from what your teams do already: "
                    code { "goldenpath init" } "." }
            } @else if summary.unscoped > 0 {
                p { "No path applies to any workload: see " a href=(links.to("paths")) { "the scope of each path" } "." }
            } @else {
                p { "No workload was found. Namespaces that start with " code { "kube-" } " are left out." }
            }
        }
    }
}

/// What waits for the platform team itself, first of all.
fn platform(
    summary: &Summary,
    exceptions: &[Exception],
    problems: &[Problem],
    as_of: Timestamp,
    links: Links,
) -> Markup {
    let waiting: Vec<&Exception> = exceptions
        .iter()
        .filter(|line| match line.next {
            Next::Decide | Next::Answer => true,
            Next::ReviewOverdue | Next::RenewOrReturn | Next::Review | Next::Close | Next::Rest => {
                false
            }
        })
        .collect();
    let unknown = summary.services.get(&State::Unknown).copied().unwrap_or(0);
    let is_quiet =
        waiting.is_empty() && unknown == 0 && summary.unscoped == 0 && problems.is_empty();
    html! {
        section {
            h2 { "Waiting for the platform team" }
            @if is_quiet { p.quiet { "Nothing waits for the platform team." } }
            ul.tasks {
                @for line in waiting.iter().take(LISTED) {
                    li {
                        a href=(links.exception(&line.namespace, &line.name)) { (text(&line.namespace)) "/" (text(&line.name)) }
                        @if line.next == Next::Answer { " asks for a renewal" } @else { " asks for a decision" }
                        " (" (text(&line.owner)) ")"
                        @if let Some(at) = line.waiting_since.filter(|at| *at < as_of) { ", " (since(at, as_of)) }
                    }
                }
                @if waiting.len() > LISTED {
                    li { a href=(links.exceptions(&[("turn", "platform")])) { (waiting.len() - LISTED) " more" } }
                }
                @if unknown > 0 {
                    li { a href=(links.services(&[("state", Status::Unknown.as_str())])) { (counted(unknown, "service")) }
                        ": our check failed, not the service" }
                }
                @if summary.unscoped > 0 {
                    li { a href=(links.services(&[("state", Status::Unscoped.as_str())])) { (counted(summary.unscoped, "service")) }
                        " with no path: offer one, or widen the scope of one" }
                }
                @for problem in problems.iter().take(LISTED) { li { (text(&problem.message)) } }
                @if problems.len() > LISTED { li { (problems.len() - LISTED) " more problems in the report" } }
            }
        }
    }
}

/// What needs a person this week, besides the platform team's decisions.
fn week(summary: &Summary, exceptions: &[Exception], view: &ReportView, links: Links) -> Markup {
    let tasks = [
        exceptions_this_week(exceptions, view.as_of, links),
        paths_this_week(summary, view, links),
    ];
    let is_quiet = tasks.iter().all(|tasks| tasks.0.is_empty());
    html! {
        section {
            h2 { "This week" }
            @if is_quiet { p.quiet { "No review, expiry, new step or deadline in the next 7 days." } }
            @else { ul.tasks { @for tasks in tasks { (tasks) } } }
        }
    }
}

fn is_this_week(at: Timestamp, as_of: Timestamp) -> bool {
    at > as_of && at <= WEEK.after(as_of)
}

fn exceptions_this_week(exceptions: &[Exception], as_of: Timestamp, links: Links) -> Markup {
    let waiting = [
        (Next::ReviewOverdue, "overdue for a review"),
        (Next::RenewOrReturn, "expired: renew, or return to the path"),
        (Next::Review, "due for a review"),
        (
            Next::Close,
            "no longer needed, or what they wait for has shipped: close",
        ),
    ];
    let number = |next: Next| exceptions.iter().filter(|line| line.next == next).count();
    let ends = exceptions.iter().filter_map(|line| line.effective_expiry);
    let expiring = ends.filter(|at| is_this_week(*at, as_of)).count();
    html! {
        @for (next, words) in waiting {
            @if number(next) > 0 {
                li { a href=(links.exceptions(&[("next", next.as_str())])) { (counted(number(next), "exception")) } " " (words) }
            }
        }
        @if expiring > 0 { li { (counted(expiring, "exception")) " will expire" } }
    }
}

fn paths_this_week(summary: &Summary, view: &ReportView, links: Links) -> Markup {
    let as_of = view.as_of;
    let steps = summary
        .paths
        .iter()
        .flat_map(|path| path.announced.iter().map(move |step| (path, step)))
        .filter(|(_, step)| is_this_week(step.enforce_from, as_of));
    let deadlines = summary
        .paths
        .iter()
        .filter_map(|path| Some((path, path.new_services.as_ref()?.deadline)))
        .filter(|(_, deadline)| is_this_week(*deadline, as_of));
    html! {
        @for (path, step) in steps {
            li {
                a href=(links.path(&path.path)) { (text(&path.path)) } ": "
                @if is_restricted(view, &path.path, &step.check) { "a restricted step" }
                @else { "the step " (text(&step.check)) }
                " counts from " (on(step.enforce_from, as_of)) "; "
                (counted(step.services, "service")) " to go"
            }
        }
        @for (path, deadline) in deadlines {
            li {
                a href=(links.path(&path.path)) { (text(&path.path)) } ": new services are measured on "
                (on(deadline, as_of))
            }
        }
    }
}

fn paths(view: &ReportView, links: Links) -> Markup {
    let shown = &view.summary().paths;
    if shown.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "Paths" }
            (table("Paths", shown, view.as_of, links))
        }
    }
}

/// One row for each path; `name` is its own among the tables of a file.
pub(super) fn table(name: &str, shown: &[PathLine], as_of: Timestamp, links: Links) -> Markup {
    scroller(
        name,
        &html! {
            table {
                caption.hidden { "Golden paths and their adoption" }
                thead { tr {
                    th scope="col" { "Path" } th.number scope="col" { "Services" }
                    th scope="col" { "On the path" } th.number scope="col" { "Target" }
                    th scope="col" { "New services" } th scope="col" { "Trend" }
                } }
                tbody { @for line in shown { (row(line, as_of, links)) } }
            }
        },
    )
}

fn row(line: &PathLine, as_of: Timestamp, links: Links) -> Markup {
    let on_path = share(line.on_path, line.services);
    let target = (!line.advice).then_some(line.target_ratio);
    let new = line.new_services.as_ref().filter(|_| !line.advice);
    html! {
        tr {
            th scope="row" {
                a href=(links.path(&line.path)) { (text(line.title.as_ref().unwrap_or(&line.path))) }
                @if line.title.is_some() { small { (text(&line.path)) } }
            }
            @if line.takes_part {
                td.number { (line.services) }
                td { (chart::meter(line.adoption_ratio, target, &format!("{on_path} on the path"))) span.share { (on_path) } }
                td.number { @if line.advice { "advice" } @else { (percent(line.target_ratio)) } }
                td { (new.map_or("–".to_owned(), |new| new_services(new, as_of))) }
                td { @if let Some(trend) = chart::trend(&line.trend, target, as_of) { (trend) } @else { "–" } }
            } @else {
                td.quiet colspan="5" { "Preview: shown, not counted" }
            }
        }
    }
}

/// The steps that bring most services onto a path.
fn leverage(view: &ReportView, links: Links) -> Markup {
    let mut steps: Vec<(&PathLine, &CheckCount)> = view
        .summary()
        .paths
        .iter()
        .flat_map(|path| path.last_steps.iter().map(move |step| (path, step)))
        .filter(|(path, step)| !is_restricted(view, &path.path, &step.check))
        .collect();
    steps.sort_by(|(_, a), (_, b)| {
        b.services
            .cmp(&a.services)
            .then_with(|| a.check.cmp(&b.check))
    });
    if steps.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "One step away" }
            p.quiet { "For these services, a single step is missing." }
            ul.tasks {
                @for (path, step) in steps.into_iter().take(LISTED) {
                    li {
                        a href=(links.services(&[("path", &path.path), ("missing", &step.check)])) {
                            (counted(step.services, "service"))
                        }
                        @if step.services == 1 { " needs " } @else { " need " }
                        "only " (title(view, &path.path, &step.check))
                        " for " (text(&path.path))
                    }
                }
            }
        }
    }
}

/// The display name of a check.
fn title(view: &ReportView, path: &str, check: &str) -> String {
    let paths = view.inventory.paths();
    let spec = paths.resolve(path).map(|index| &paths.get(index).spec);
    let found = spec.and_then(|spec| spec.checks.iter().find(|found| found.name == check));
    let title = found.and_then(|found| found.action.as_ref().or(found.title.as_ref()));
    title.map_or_else(
        || text(check).into_owned(),
        |title| format!("“{}”", text(title)),
    )
}
