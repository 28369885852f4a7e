//! The report for a terminal: the denominator first, then shares, paths, workloads (closest to
//! done first, never a ranking of the worst), exceptions and problems, and a hint at the end.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::assess::source::Problem;
use crate::assess::state::{Standing, Status, Turn};
use crate::report::document::{
    CheckCount, Exception, NewServices, PathLine, Report, Summary, Workload, rank,
};
use crate::report::terminal::plain::plain;
use crate::report::terminal::progress;
use crate::report::terminal::share::{percent, share};
use crate::report::terminal::table::{Cell, Paint, cut, render as table};
pub use crate::report::terminal::table::{Style, own_sequence};
use crate::report::voice::groups::{GroupCounts, StateGroup};
use crate::report::voice::{self, WorkloadState, counted, day, next};

const BAR: usize = 40;
/// Problems that are listed unless all are wanted.
const PROBLEMS: usize = 10;

/// The whole report. `from` is what a command about it needs besides the workload, such as
/// `--from deploy/`; empty for a cluster.
pub fn render(report: &Report, style: Style, from: &str) -> String {
    let sections = [
        head(&report.summary, style),
        paths(report, style),
        workloads(report, style),
        exceptions(report, style),
        notes(&report.problems, style),
        hint(report, from),
    ];
    let shown: Vec<String> = sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .collect();
    shown.join("\n")
}

/// "312 services from 540 workloads in 61 of 88 namespaces; 4 ignored, 23 with no path".
pub fn denominator(summary: &Summary) -> String {
    let seen = match summary.namespaces_total {
        Some(total) if total > summary.namespaces => {
            format!("{} of {}", summary.namespaces, counted(total, "namespace"))
        }
        Some(_) | None => counted(summary.namespaces, "namespace"),
    };
    let aside: Vec<String> = [
        (summary.ignored, "ignored"),
        (summary.unscoped, "with no path"),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, words)| format!("{number} {words}"))
    .collect();
    let end = if aside.is_empty() { "" } else { "; " };
    format!(
        "{} from {} in {seen}{end}{}",
        counted(summary.counted_services, "service"),
        counted(summary.workloads, "workload"),
        aside.join(", ")
    )
}

/// "72 % on the path, 19 % with an approved exception, 9 % undocumented".
pub fn shares(summary: &Summary) -> String {
    let counts = GroupCounts::of(summary);
    let shares: Vec<String> = counts
        .shown()
        .map(|group| {
            let share = share(counts.get(group), summary.counted_services);
            format!("{share} {}", group.words())
        })
        .collect();
    shares.join(", ")
}

/// How the bar draws a group.
const fn drawing(group: StateGroup) -> (Paint, char) {
    match group {
        StateGroup::OnPath => (Paint::Good, '█'),
        StateGroup::Excepted => (Paint::Agreed, '▓'),
        StateGroup::InProgress => (Paint::Plain, '▒'),
        StateGroup::Undocumented => (Paint::Open, '░'),
        StateGroup::Advised => (Paint::Plain, '░'),
    }
}

fn bar(summary: &Summary, style: Style) -> String {
    let room = style.width.unwrap_or(BAR).min(BAR);
    let whole = summary.counted_services;
    let (mut text, mut before) = (String::new(), 0);
    for (group, number) in GroupCounts::of(summary).each() {
        let (paint, glyph) = drawing(group);
        // Cut at the running sums, so that the parts always fill the bar.
        let (from, to) = (before * room / whole, (before + number) * room / whole);
        before += number;
        let part: String = std::iter::repeat_n(glyph, to - from).collect();
        if !part.is_empty() {
            text += &paint.on(&part, style.color);
        }
    }
    text
}

/// The denominator, the shares and their bar.
pub(in crate::report::terminal) fn head(summary: &Summary, style: Style) -> String {
    let denominator = Paint::Bold.on(&denominator(summary), style.color);
    if summary.counted_services == 0 {
        return format!("{denominator}\n");
    }
    let advice = if summary.advised > 0 {
        "Starter paths only advise: no exception is expected, and there is no target.\n"
    } else {
        ""
    };
    format!(
        "{denominator}\n{}\n{}\n{advice}",
        shares(summary),
        bar(summary, style)
    )
}

/// One line for each path.
pub(in crate::report::terminal) fn paths(report: &Report, style: Style) -> String {
    let heads = [
        "PATH",
        "SERVICES",
        "ON PATH",
        "TARGET",
        "NEW SERVICES",
        "LAST STEP FOR",
    ];
    let rows: Vec<Vec<Cell>> = report
        .summary
        .paths
        .iter()
        .map(|path| path_row(path, report, style))
        .collect();
    table(&heads, &rows, style) + &progress::render(report) + &like_for_like(&report.summary.paths)
}

/// "web-service: 72 % like for like, by the steps in force for 90 days; 1 step is newer".
fn like_for_like(paths: &[PathLine]) -> String {
    let mut lines = String::new();
    for path in paths {
        let Some(settled) = path.like_for_like.filter(|settled| settled.newer_steps > 0) else {
            continue;
        };
        let are = if settled.newer_steps == 1 {
            "is"
        } else {
            "are"
        };
        let _ = writeln!(
            lines,
            "{}: {} like for like, by the steps in force for 90 days; {} {are} newer",
            plain(&path.path),
            share(settled.on_path, path.services),
            voice::steps(settled.newer_steps)
        );
    }
    lines
}

fn path_row(path: &PathLine, report: &Report, style: Style) -> Vec<Cell> {
    let name = match &path.title {
        Some(title) if style.wide => format!("{} ({title})", path.path),
        Some(_) | None => path.path.clone(),
    };
    if !path.takes_part {
        return vec![
            name.into(),
            Cell::painted("preview, not counted", Paint::Faint),
        ];
    }
    let new = path.new_services.as_ref().filter(|_| !path.advice);
    let target = if path.advice {
        "advice".to_owned()
    } else {
        percent(path.target_ratio)
    };
    vec![
        name.into(),
        path.services.to_string().into(),
        share(path.on_path, path.services).into(),
        target.into(),
        new.map_or("–".to_owned(), |new| new_services(new, report.as_of))
            .into(),
        last_steps(&path.last_steps).into(),
    ]
}

/// "day 34 of 90: 12 of 19 so far", and how many services may be new or not.
pub(in crate::report) fn new_services(new: &NewServices, as_of: Timestamp) -> String {
    let unknown = new.births_unknown.map(|n| format!(", {n} of unknown age"));
    by_deadline(new, as_of) + &unknown.unwrap_or_default()
}

/// At the deadline whether the target was met.
fn by_deadline(new: &NewServices, as_of: Timestamp) -> String {
    let so_far = match new.total {
        0 => "none".to_owned(),
        total => format!("{} of {total}", new.on_path),
    };
    match new.target_met {
        Some(true) => format!("{so_far}, target met"),
        Some(false) => format!("{so_far}, target not met"),
        None if new.total > 0 && as_of >= new.deadline => {
            format!("{so_far} now, not measured")
        }
        None => {
            let left = new.deadline.duration_since(as_of).as_hours().max(0);
            let days = i64::from(new.within_days) - (left + 23) / 24;
            format!(
                "day {} of {}: {so_far} so far",
                days.max(0),
                new.within_days
            )
        }
    }
}

fn last_steps(steps: &[CheckCount]) -> String {
    let named: Vec<String> = steps
        .iter()
        .take(2)
        .map(|step| format!("{} ({})", step.check, step.services))
        .collect();
    if named.is_empty() {
        "–".to_owned()
    } else {
        named.join(", ")
    }
}

fn order(workload: &Workload) -> (u8, usize, &str, &str, &str) {
    (
        rank(workload.status, workload.turn),
        workload.to_go(),
        &workload.namespace,
        &workload.kind,
        &workload.name,
    )
}

/// The report's workloads, closest to done first.
pub fn ordered(report: &Report) -> Vec<&Workload> {
    let mut workloads: Vec<&Workload> = report.workloads.iter().collect();
    workloads.sort_by_key(|workload| order(workload));
    workloads
}

fn workloads(report: &Report, style: Style) -> String {
    let mut heads = vec![
        "NAMESPACE",
        "WORKLOAD",
        "TEAM",
        "PATH",
        "STEPS",
        "STATE",
        "NEXT",
    ];
    if style.wide {
        heads.extend(["SERVICE", "EXCEPTION", "SOURCE"]);
    }
    let rows: Vec<Vec<Cell>> = ordered(report)
        .into_iter()
        .map(|workload| workload_row(workload, report, style))
        .collect();
    table(&heads, &rows, style)
}

fn workload_row(workload: &Workload, report: &Report, style: Style) -> Vec<Cell> {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let steps = (workload.steps.of > 0)
        .then(|| format!("{} of {}", workload.steps.passed, workload.steps.of));
    let state = voice::sentence(&WorkloadState::of(workload, report.as_of, None));
    let mut row = vec![
        workload.namespace.as_str().into(),
        voice::target(workload).into(),
        workload.team.as_str().into(),
        or_dash(workload.path.clone()).into(),
        or_dash(steps).into(),
        Cell::painted(&state, paint(workload)),
        or_dash(next::of_workload(workload, report.as_of)).into(),
    ];
    if style.wide {
        let exception = workload
            .checks
            .iter()
            .find_map(|check| check.exception.clone());
        row.extend([
            or_dash(workload.service.clone()).into(),
            or_dash(exception).into(),
            or_dash(workload.source.as_ref().map(ToString::to_string)).into(),
        ]);
    }
    row
}

fn paint(workload: &Workload) -> Paint {
    match (workload.status, workload.deviation) {
        (Status::GoldenPath, _) => Paint::Good,
        (Status::Deviating, Some(standing)) if standing.is_excused() => Paint::Agreed,
        (Status::Deviating, Some(Standing::Predates)) | (Status::Unknown, _) => Paint::Plain,
        (Status::Deviating, _) => Paint::Open,
        (Status::Unscoped | Status::Ignored, _) => Paint::Faint,
    }
}

fn exceptions(report: &Report, style: Style) -> String {
    let mut heads = vec![
        "NAMESPACE",
        "EXCEPTION",
        "PATH",
        "PHASE",
        "OWNER",
        "REVIEW",
        "UNTIL",
        "COVERS",
        "NOTE",
    ];
    if style.wide {
        heads.extend(["HOURS/MONTH", "REASON"]);
    }
    let rows: Vec<Vec<Cell>> = report
        .exceptions
        .iter()
        .map(|exception| exception_row(exception, report, style))
        .collect();
    table(&heads, &rows, style)
}

fn exception_row(exception: &Exception, report: &Report, style: Style) -> Vec<Cell> {
    let date =
        |at: Option<jiff::Timestamp>| at.map_or("–".to_owned(), |at| day(at, report.as_of));
    let mut row: Vec<Cell> = vec![
        exception.namespace.as_str().into(),
        exception.name.as_str().into(),
        exception.path.as_str().into(),
        exception.phase.as_str().into(),
        exception.owner.as_str().into(),
        date(exception.next_review_at).into(),
        date(exception.effective_expiry).into(),
        counted(exception.matched, "workload").into(),
        note(exception).into(),
    ];
    if style.wide {
        row.push(format!("{}", exception.hours_per_month).into());
        row.push(cut(&exception.reason, 80).into());
    }
    row
}

fn note(exception: &Exception) -> &'static str {
    match (exception.in_use, exception.needed) {
        (Some(false), _) => "not in use",
        (_, Some(false)) => "no longer needed: everything it names passes",
        (Some(true) | None, Some(true) | None) => "",
    }
}

/// The first problems, and how many more there are.
fn notes(all: &[Problem], style: Style) -> String {
    let more = all.len().saturating_sub(PROBLEMS);
    if more < 2 || style.all_problems {
        return problems(all);
    }
    let shown = problems(&all[..PROBLEMS]);
    format!(
        "{shown}and {}: list them with --explain\n",
        counted(more, "more problem")
    )
}

/// The problems, one per line.
pub fn problems(problems: &[Problem]) -> String {
    let lines = problems
        .iter()
        .map(|p| format!("{}: {}\n", plain(&p.source), plain(&p.message)));
    lines.collect::<Vec<_>>().concat()
}

fn hint(report: &Report, from: &str) -> String {
    let open = ordered(report)
        .into_iter()
        .find(|workload| workload.turn == Some(Turn::Team));
    let all_paths_rest = report.summary.paths.iter().all(|path| !path.takes_part);
    match open {
        Some(workload) => {
            format!("Next: {} {from}", voice::why(workload))
                .trim_end()
                .to_owned()
                + "\n"
        }
        None if all_paths_rest && !report.workloads.is_empty() => {
            "No golden path takes part: add one with --paths FILE, or try --paths starter\n"
                .to_owned()
        }
        None => String::new(),
    }
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
