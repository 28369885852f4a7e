//! Compares two reports on the same workloads, without and with a draft. Lists by team, in order of
//! name, who would leave a path or join it. Must not rank teams.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::api::API_VERSION;
use crate::assess::source::Problem;
use crate::assess::state::{State, Status};
use crate::report::document::{PathLine, Report, Workload};
use crate::report::terminal::share::share;
use crate::report::terminal::table::{Cell, Style, render as table};
use crate::report::terminal::text::problems;
use crate::report::voice::{self, counted};

/// `kind` of a comparison.
pub const KIND: &str = "Preview";

/// Changes under a draft.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Preview {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always [`KIND`].
    pub kind: &'static str,
    /// The instant it is for.
    pub as_of: Timestamp,
    /// The paths whose numbers change, and those that are drafted.
    pub paths: Vec<PathChange>,
    /// Teams with a workload that changes, in order of name.
    pub teams: BTreeMap<String, Moves>,
    /// Workloads that would change.
    pub workloads: Vec<WorkloadChange>,
    /// Mistakes in the draft, and objects that could not be read.
    pub problems: Vec<Problem>,
}

/// A path in numbers, before and with the draft.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct PathChange {
    /// Its name.
    pub path: String,
    /// Now; absent for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub now: Option<Numbers>,
    /// With the draft.
    pub then: Numbers,
}

/// How many services follow a path.
#[derive(Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    /// Whether it is launched and judges.
    pub takes_part: bool,
    /// Services in its scope.
    pub services: usize,
    /// Those that satisfy it.
    pub on_path: usize,
}

/// How many workloads of a team change, by kind of change.
#[derive(Serialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// On the path now, and not with the draft.
    pub off: usize,
    /// Not on the path now, and with the draft.
    pub on: usize,
    /// Judged by no path now.
    pub new: usize,
    /// Judged by no path with the draft.
    pub gone: usize,
    /// Changed in another way: another path, another standing.
    pub other: usize,
}

/// One workload that changes.
#[derive(Serialize, Clone, Debug, PartialEq)]
pub struct WorkloadChange {
    pub namespace: String,
    pub kind: String,
    pub name: String,
    pub team: String,
    /// Path and state now.
    pub now: Place,
    /// Path and state with the draft.
    pub then: Place,
    /// Steps it misses with the draft and does not now.
    pub missing: Vec<String>,
}

/// Path and state of a workload.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path it is judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// golden-path, unscoped, a standing, …
    pub state: &'static str,
}

impl Place {
    fn of(workload: &Workload) -> Self {
        let state = match (workload.status, workload.deviation) {
            (Status::Deviating, Some(standing)) => State::Deviating(standing).as_str(),
            (status, _) => status.as_str(),
        };
        Self {
            path: workload.path.clone(),
            state,
        }
    }

    fn is_golden(&self) -> bool {
        self.state == Status::GoldenPath.as_str()
    }

    fn words(&self) -> String {
        let path = self.path.as_ref();
        path.map_or_else(
            || self.state.to_owned(),
            |path| format!("{path}: {}", self.state),
        )
    }
}

/// Changes from `now` to `then`; `drafted` names the drafted paths.
pub fn preview(now: &Report, then: &Report, drafted: &[String]) -> Preview {
    let before: BTreeMap<_, _> = now.workloads.iter().map(|w| (key(w), w)).collect();
    let pairs = then
        .workloads
        .iter()
        .filter_map(|with| Some((*before.get(&key(with))?, with)));
    let workloads: Vec<WorkloadChange> = pairs
        .filter_map(|(without, with)| change(without, with))
        .collect();
    let mut teams = BTreeMap::<String, Moves>::new();
    for change in &workloads {
        teams.entry(change.team.clone()).or_default().count(change);
    }
    let old: Vec<&Problem> = now.problems.iter().collect();
    let new = then
        .problems
        .iter()
        .filter(|problem| !old.contains(problem));
    Preview {
        api_version: API_VERSION,
        kind: KIND,
        as_of: then.as_of,
        paths: paths(now, then, drafted),
        teams,
        workloads,
        problems: new.cloned().collect(),
    }
}

fn key(workload: &Workload) -> (&str, &str, &str) {
    (&workload.namespace, &workload.kind, &workload.name)
}

fn change(now: &Workload, then: &Workload) -> Option<WorkloadChange> {
    let (from, to) = (Place::of(now), Place::of(then));
    let missed = |workload: &Workload, name: &str| workload.missing().any(|c| c.name == name);
    let missing: Vec<String> = then
        .missing()
        .map(|check| check.name.clone())
        .filter(|name| !missed(now, name))
        .collect();
    (from != to || !missing.is_empty()).then(|| WorkloadChange {
        namespace: then.namespace.clone(),
        kind: then.kind.clone(),
        name: then.name.clone(),
        team: then.team.clone(),
        now: from,
        then: to,
        missing,
    })
}

impl Moves {
    fn count(&mut self, change: &WorkloadChange) {
        let (now, then) = (&change.now, &change.then);
        match (now.path.is_some(), then.path.is_some()) {
            (false, true) => self.new += 1,
            (true, false) => self.gone += 1,
            (true, true) | (false, false) => match (now.is_golden(), then.is_golden()) {
                (true, false) => self.off += 1,
                (false, true) => self.on += 1,
                (true, true) | (false, false) => self.other += 1,
            },
        }
    }

    const fn plus(self, other: Self) -> Self {
        Self {
            off: self.off + other.off,
            on: self.on + other.on,
            new: self.new + other.new,
            gone: self.gone + other.gone,
            other: self.other + other.other,
        }
    }
}

fn paths(now: &Report, then: &Report, drafted: &[String]) -> Vec<PathChange> {
    let numbers = |line: &PathLine| Numbers {
        takes_part: line.takes_part,
        services: line.services,
        on_path: line.on_path,
    };
    let before: BTreeMap<_, _> = now
        .summary
        .paths
        .iter()
        .map(|line| (&line.path, numbers(line)))
        .collect();
    let lines = then.summary.paths.iter().map(|line| PathChange {
        path: line.path.clone(),
        now: before.get(&line.path).copied(),
        then: numbers(line),
    });
    let is_listed = |line: &PathChange| drafted.contains(&line.path) || line.now != Some(line.then);
    lines.filter(is_listed).collect()
}

/// The comparison for a terminal.
pub fn render(preview: &Preview, style: Style) -> String {
    let sections = [
        path_changes(preview, style),
        sum(preview),
        teams(preview, style),
        workloads(preview, style),
        problems(&preview.problems),
    ];
    let shown = sections.into_iter().filter(|section| !section.is_empty());
    shown.collect::<Vec<_>>().join("\n")
}

fn path_changes(preview: &Preview, style: Style) -> String {
    let words = |numbers: Option<Numbers>| match numbers {
        None => "–".to_owned(),
        Some(numbers) if !numbers.takes_part => "not launched, not counted".to_owned(),
        Some(numbers) => format!(
            "{}; {}",
            share(numbers.on_path, numbers.services),
            counted(numbers.services, "service")
        ),
    };
    let rows: Vec<Vec<Cell>> = preview
        .paths
        .iter()
        .map(|line| {
            vec![
                line.path.as_str().into(),
                words(line.now).into(),
                words(Some(line.then)).into(),
            ]
        })
        .collect();
    table(&["PATH", "ON IT NOW", "WITH THE DRAFT"], &rows, style)
}

/// "2 workloads would leave their path, 1 would join it".
fn sum(preview: &Preview) -> String {
    let moves = preview.teams.values().copied();
    let Moves {
        off,
        on,
        new,
        gone,
        other,
    } = moves.fold(Moves::default(), Moves::plus);
    let parts = [
        (off, "would leave their path"),
        (on, "would be on the path"),
        (new, "would be judged for the first time"),
        (gone, "would no longer be judged"),
        (other, "would change path or state"),
    ];
    let lines: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, words)| format!("{} {words}", counted(*number, "workload")))
        .collect();
    if lines.is_empty() {
        "No workload changes state.\n".to_owned()
    } else {
        lines.join(", ") + "\n"
    }
}

fn teams(preview: &Preview, style: Style) -> String {
    let heads = ["TEAM", "LEAVE", "JOIN", "NEW", "NO PATH", "OTHER"];
    let rows: Vec<Vec<Cell>> = preview
        .teams
        .iter()
        .map(|(team, moves)| {
            let numbers = [moves.off, moves.on, moves.new, moves.gone, moves.other];
            let cells = numbers.iter().map(|number| number.to_string().into());
            [team.as_str().into()].into_iter().chain(cells).collect()
        })
        .collect();
    table(&heads, &rows, style)
}

fn workloads(preview: &Preview, style: Style) -> String {
    let heads = [
        "NAMESPACE",
        "WORKLOAD",
        "TEAM",
        "NOW",
        "WITH THE DRAFT",
        "MISSES THEN",
    ];
    let rows: Vec<Vec<Cell>> = preview
        .workloads
        .iter()
        .map(|line| {
            vec![
                line.namespace.as_str().into(),
                voice::short_target(&line.kind, &line.name).into(),
                line.team.as_str().into(),
                line.now.words().into(),
                line.then.words().into(),
                if line.missing.is_empty() {
                    "–".into()
                } else {
                    line.missing.join(", ").into()
                },
            ]
        })
        .collect();
    table(&heads, &rows, style)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::state::{Outcome, Standing};
    use crate::report::fixtures::{check, report, undocumented, workload};

    fn fleet(workloads: Vec<Workload>) -> Report {
        Report {
            workloads,
            problems: Vec::new(),
            ..report()
        }
    }

    fn failing(mut workload: Workload, name: &str) -> Workload {
        workload.checks.push(check(name, Outcome::Fail));
        workload.status = Status::Deviating;
        workload.deviation = Some(Standing::Undocumented);
        workload
    }

    #[test]
    fn changes_are_counted_by_team() {
        let web = workload("web", Status::GoldenPath);
        let api = undocumented();
        let mut api_then = workload("api", Status::GoldenPath);
        api_then.team = api.team.clone();
        let mut edge = workload("edge", Status::Unscoped);
        edge.path = None;
        let edge_then = failing(workload("edge", Status::GoldenPath), "spread");
        let now = fleet(vec![web.clone(), api, edge]);
        let then = fleet(vec![failing(web, "spread"), api_then, edge_then]);
        let preview = preview(&now, &then, &["web-service".to_owned()]);
        assert_eq!(
            preview.teams["team-shop"],
            Moves {
                off: 1,
                on: 1,
                new: 1,
                ..Moves::default()
            }
        );
        let text = render(&preview, Style::default());
        assert!(
            text.contains(
                "1 workload would leave their path, 1 workload would be on the path, \
                 1 workload would be judged for the first time"
            ),
            "{text}"
        );
        assert!(text.contains("spread"), "{text}");
    }

    #[test]
    fn a_draft_may_change_nothing() {
        let fleet = fleet(vec![undocumented()]);
        let preview = preview(&fleet, &fleet, &[]);
        assert_eq!((preview.workloads.len(), preview.paths.len()), (0, 0));
        let text = render(&preview, Style::default());
        assert_eq!(text, "No workload changes state.\n");
    }
}
