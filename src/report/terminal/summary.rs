//! The report on one screen: shares, paths, teams, the steps that keep most services off the path,
//! and what a person has to do next. It names no workload but the ones to begin with.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::assess::register::next::Next;
use crate::assess::state::{Standing, State, Status, Turn};
use crate::report::document::{CheckCount, Report, Summary, TeamLine, Workload};
use crate::report::terminal::table::{Cell, Paint, Style, render as table};
use crate::report::terminal::text;
use crate::report::voice::groups::{GroupCounts, StateGroup};
use crate::report::voice::{self, ago, counted};

/// Longer tables of every workload are replaced by the summary.
pub const SCREEN: usize = 40;
/// Teams and steps that are listed.
const TEAMS: usize = 7;
/// Where a screen has no room for more.
const FEWEST_TEAMS: usize = 3;
const STEPS: usize = 5;

/// The summary. `from` is what suggested commands need besides, such as `--from deploy/`.
pub fn render(report: &Report, style: Style, from: &str) -> String {
    let head = text::head(&report.summary, style) + &states(&report.summary);
    let paths = text::paths(report, style);
    let steps = steps(report, style);
    let next = next(report, from);
    let others = [&head, &paths, &steps, &next].map(|section| section.lines().count());
    // Beside the blank lines, the heads of the teams' columns and the line that counts the rest.
    let room = SCREEN.saturating_sub(others.iter().sum::<usize>() + 6);
    let teams = teams(report, style, room.clamp(FEWEST_TEAMS, TEAMS));
    let sections = [head, paths, teams, steps, next];
    let shown = sections.into_iter().filter(|section| !section.is_empty());
    shown.collect::<Vec<_>>().join("\n")
}

/// The whole report where it fits a screen, else the summary.
pub fn whole_or_summary(report: &Report, style: Style, from: &str) -> String {
    if report.workloads.len() > SCREEN {
        // Each has a line of its own.
        return render(report, style, from);
    }
    let whole = text::render(report, style, from);
    if whole.lines().count() <= SCREEN {
        whole
    } else {
        render(report, style, from)
    }
}

/// "17 on the path, 7 with an approved exception, 2 with an expired exception".
fn states(summary: &Summary) -> String {
    let mut counts: Vec<(&str, usize)> = State::ALL
        .into_iter()
        .rev()
        .map(|state| {
            let services = summary.services.get(&state).copied().unwrap_or(0);
            let is_undocumented = state == State::Deviating(Standing::Undocumented);
            let advised = if is_undocumented { summary.advised } else { 0 };
            (voice::state(state), services.saturating_sub(advised))
        })
        .collect();
    counts.push((StateGroup::Advised.words(), summary.advised));
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(_, services)| *services > 0)
        .map(|(words, services)| format!("{services} {words}"))
        .collect();
    match counts.as_slice() {
        [] => String::new(),
        counts => format!("{}\n", counts.join(", ")),
    }
}

/// The largest teams first, which ranks no team by its adoption.
fn teams(report: &Report, style: Style, most: usize) -> String {
    let mut teams: Vec<(usize, &TeamLine)> = report
        .summary
        .teams
        .iter()
        .map(|team| (team.services.values().sum(), team))
        .collect();
    teams.sort_by(|(a, one), (b, other)| b.cmp(a).then_with(|| one.team.cmp(&other.team)));
    let shown: Vec<StateGroup> = GroupCounts::of(&report.summary).shown().collect();
    let mut heads = vec!["TEAM", "SERVICES"];
    heads.extend(shown.iter().map(|group| column(*group)));
    let rows: Vec<Vec<Cell>> = teams
        .iter()
        .take(most)
        .map(|(services, team)| {
            let counts = GroupCounts::count(&team.services, team.advised);
            let mut row: Vec<Cell> = vec![team.team.as_str().into(), services.to_string().into()];
            row.extend(shown.iter().map(|group| number(counts.get(*group))));
            row
        })
        .collect();
    table(&heads, &rows, style) + &more(teams.len(), most, "team")
}

fn number(count: usize) -> Cell {
    match count {
        0 => Cell::painted("–", Paint::Faint),
        count => count.to_string().into(),
    }
}

/// "… and 12 more teams".
fn more(all: usize, shown: usize, thing: &str) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        1 => format!("… and 1 more {thing}\n"),
        rest => format!("… and {rest} more {thing}s\n"),
    }
}

/// One step and the services that do not take it.
struct Step<'a> {
    path: &'a str,
    count: &'a CheckCount,
    last_for: usize,
}

fn steps(report: &Report, style: Style) -> String {
    let mut steps: Vec<Step<'_>> = report
        .summary
        .paths
        .iter()
        .flat_map(|path| {
            path.top_deviations.iter().map(|count| Step {
                path: &path.path,
                count,
                last_for: last_for(&path.last_steps, &count.check),
            })
        })
        .collect();
    steps.sort_by(|a, b| {
        let services = b.count.services.cmp(&a.count.services);
        services
            .then_with(|| b.last_for.cmp(&a.last_for))
            .then_with(|| (a.path, &a.count.check).cmp(&(b.path, &b.count.check)))
    });
    let titles = titles(report);
    let title = |path: &str, check: &str| {
        let known = titles.get(&(path, check));
        known.map_or_else(|| check.to_owned(), |title| (*title).to_owned())
    };
    let rows: Vec<Vec<Cell>> = steps
        .iter()
        .take(STEPS)
        .map(|step| {
            vec![
                title(step.path, &step.count.check).into(),
                step.path.into(),
                counted(step.count.services, "service").into(),
                number(step.last_for),
            ]
        })
        .collect();
    let heads = ["STEP", "PATH", "KEEPS OFF THE PATH", "LAST STEP FOR"];
    let mut text = table(&heads, &rows, style);
    text += &more(steps.len(), STEPS, "step");
    text + &shared_steps(report)
}

fn last_for(steps: &[CheckCount], check: &str) -> usize {
    steps
        .iter()
        .find(|step| step.check == check)
        .map_or(0, |step| step.services)
}

/// Display names of checks, by path and check.
fn titles(report: &Report) -> BTreeMap<(&str, &str), &str> {
    report
        .workloads
        .iter()
        .filter_map(|workload| Some((workload.path.as_deref()?, workload)))
        .flat_map(|(path, workload)| {
            workload
                .checks
                .iter()
                .filter_map(move |check| Some(((path, &*check.name), check.title.as_deref()?)))
        })
        .collect()
}

/// "Every service on web-service misses the same 2 steps: Has a memory limit; Runs unprivileged".
fn shared_steps(report: &Report) -> String {
    let mut by_path: BTreeMap<&str, Vec<&Workload>> = BTreeMap::new();
    for workload in &report.workloads {
        match (workload.status, &workload.path) {
            (Status::GoldenPath | Status::Deviating | Status::Unknown, Some(path)) => {
                by_path.entry(path).or_default().push(workload);
            }
            (Status::Unscoped | Status::Ignored, _) | (_, None) => {}
        }
    }
    let mut lines = String::new();
    for (path, workloads) in by_path {
        let Some((first, others)) = workloads.split_first().filter(|(_, more)| !more.is_empty())
        else {
            continue;
        };
        let shared: Vec<&str> = first
            .missing()
            .filter(|step| {
                let misses = |other: &&Workload| other.missing().any(|its| its.name == step.name);
                others.iter().all(misses)
            })
            .map(|step| step.title.as_deref().unwrap_or(&step.name))
            .collect();
        if !shared.is_empty() {
            let steps = if shared.len() == 1 {
                "step".to_owned()
            } else {
                voice::steps(shared.len())
            };
            let _ = writeln!(
                lines,
                "Every workload on {path} misses the same {steps}: {}",
                shared.join("; ")
            );
        }
    }
    lines
}

/// What a person does next, most urgent first; each line ends with a command.
fn next(report: &Report, from: &str) -> String {
    let mut lines = exceptions(report, from);
    lines.extend(errors(report, from));
    lines.extend(closest(report, from));
    if report.summary.unscoped > 0 {
        let services = counted(report.summary.unscoped, "service");
        lines.push(format!(
            "{services} with no path: offer one, or widen the scope of one: {}",
            command("demand", from)
        ));
    }
    if !report.problems.is_empty() {
        let problems = counted(report.problems.len(), "problem");
        lines.push(format!(
            "{problems} in the input: {}",
            command("report --all", from)
        ));
    }
    lines.push(format!("Every workload: {}", command("report --all", from)));
    let lines = lines.iter().map(|line| format!("  {line}\n"));
    format!("Next\n{}", lines.collect::<String>())
}

fn command(verb: &str, from: &str) -> String {
    format!("goldenpath {verb} {from}").trim_end().to_owned()
}

fn exceptions(report: &Report, from: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for next in Next::ALL {
        let (thing, verb) = match next {
            Next::Decide => ("request", "for a decision"),
            Next::Answer => ("renewal request", "for an answer"),
            Next::ReviewOverdue => ("exception", "for an overdue review"),
            Next::RenewOrReturn => ("expired exception", "for a renewal or a return to the path"),
            Next::Review => ("exception", "for a review"),
            Next::Close => (
                "exception",
                "to be closed: nothing needs it, or what it waits for has shipped",
            ),
            Next::Rest => continue,
        };
        let waiting: Vec<_> = report
            .exceptions
            .iter()
            .filter(|line| line.next == next)
            .collect();
        let waits = match waiting.len() {
            0 => continue,
            1 => "waits",
            _ => "wait",
        };
        // The creation of a manifest is unknown.
        let oldest: Option<Timestamp> = waiting
            .iter()
            .filter_map(|line| line.waiting_since)
            .filter(|since| *since < report.as_of)
            .min();
        let oldest = oldest.map_or_else(String::new, |since| {
            format!("; the oldest came {}", ago(since, report.as_of))
        });
        lines.push(format!(
            "{} {waits} {verb}{oldest}: {}",
            counted(waiting.len(), thing),
            command("exceptions", from)
        ));
    }
    lines
}

/// The platform team's own faults.
fn errors(report: &Report, from: &str) -> Option<String> {
    let mut unknown = report
        .workloads
        .iter()
        .filter(|workload| workload.status == Status::Unknown);
    let first = unknown.next()?;
    Some(format!(
        "{} could not be judged, the platform's fault: {}",
        counted(1 + unknown.count(), "workload"),
        why(first, from)
    ))
}

/// The workloads that are one step away.
fn closest(report: &Report, from: &str) -> Option<String> {
    let ordered = text::ordered(report);
    let mut near = ordered
        .iter()
        .filter(|workload| workload.turn == Some(Turn::Team) && workload.to_go() == 1);
    let first = near.next()?;
    Some(format!(
        "{} one step from the path: {}",
        counted(1 + near.count(), "workload"),
        why(first, from)
    ))
}

fn why(workload: &Workload, from: &str) -> String {
    format!("{} {from}", voice::why(workload))
        .trim_end()
        .to_owned()
}

/// The head of a group's column.
const fn column(group: StateGroup) -> &'static str {
    match group {
        StateGroup::OnPath => "ON THE PATH",
        StateGroup::Excepted => "EXCEPTION",
        StateGroup::InProgress => "IN PROGRESS",
        StateGroup::Undocumented => "UNDOCUMENTED",
        StateGroup::Advised => "STEPS TO GO",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{report, undocumented};

    #[test]
    fn one_screen_counts_teams_steps_and_what_comes_next() {
        let text = render(&report(), Style::default(), "--from shop/");
        let expected = "\
3 services from 4 workloads in 1 of 2 namespaces; 1 with no path
1 of 3 on the path, 1 of 3 with an approved exception, 1 of 3 undocumented
█████████████▓▓▓▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░░░░░
1 on the path, 1 with an approved exception, 1 undocumented

PATH          SERVICES   ON PATH   TARGET   NEW SERVICES                  LAST STEP FOR
web-service   3          1 of 3    70 %     day 34 of 90: 1 of 2 so far   memory-limit (2)

TEAM        SERVICES   ON THE PATH   EXCEPTION   UNDOCUMENTED
team-shop   3          1             1           1

STEP           PATH          KEEPS OFF THE PATH   LAST STEP FOR
Memory limit   web-service   2 services           2

Next
  1 workload one step from the path: goldenpath why deploy/api -n shop --from shop/
  1 service with no path: offer one, or widen the scope of one: goldenpath demand --from shop/
  1 problem in the input: goldenpath report --all --from shop/
  Every workload: goldenpath report --all --from shop/
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_report_longer_than_a_screen_becomes_the_summary() {
        let mut report = report();
        let style = Style::default();
        assert!(whole_or_summary(&report, style, "").contains("NAMESPACE"));
        report.workloads = vec![undocumented(); SCREEN];
        let text = whole_or_summary(&report, style, "");
        assert!(
            text.lines().count() <= SCREEN && text.contains("report --all"),
            "{text}"
        );
    }

    #[test]
    fn steps_that_everything_misses_are_named() {
        let mut report = report();
        report.workloads = vec![undocumented(), undocumented()];
        let text = render(&report, Style::default(), "");
        let line = "Every workload on web-service misses the same step: Memory limit\n";
        assert!(text.contains(line), "{text}");
    }

    #[test]
    fn a_path_that_only_advises_has_no_target_and_expects_no_exception() {
        let mut report = report();
        report.summary.services = [
            (State::GoldenPath, 1),
            (State::Deviating(Standing::Undocumented), 2),
        ]
        .into();
        report.summary.advised = 2;
        report.summary.paths[0].advice = true;
        report.summary.teams[0].services = report.summary.services.clone();
        report.summary.teams[0].advised = 2;
        report.workloads = vec![undocumented()];
        report.workloads[0].advice = true;
        report.exceptions.clear();
        for text in [
            render(&report, Style::default(), ""),
            text::render(&report, Style::default(), ""),
        ] {
            assert!(
                text.contains("1 of 3 on the path, 2 of 3 with steps to go"),
                "{text}"
            );
            assert!(text.contains("1 of 3    advice   –"), "{text}");
            for word in [
                "ndocumented",
                "UNDOCUMENTED",
                "record why",
                "70 %",
                "0 of 3",
            ] {
                assert!(!text.contains(word), "{word}: {text}");
            }
        }
    }
}
