//! What keeps services off the paths, as one ranked list for the platform team's triage: steps that
//! are not taken, what owners of exceptions wait for, requests to be ignored, workloads without a path,
//! and checks that cannot be evaluated. Counted from a report; nothing is judged here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::api::API_VERSION;
use crate::assess::source::Problem;
use crate::assess::state::{Outcome, Phase, Status};
use crate::report::document::{Check, Exception, Report, Workload};
use crate::report::markdown::cell;
use crate::report::register::beside_workloads;
use crate::report::terminal::table::{Cell, Style, cut, render as table};
use crate::report::voice::{self, ago, counted, hours};

/// `kind` of the list.
pub const KIND: &str = "Demand";
/// How much of an ask a table shows, and how many teams.
const ASK_WIDTH: usize = 64;
const TEAMS: usize = 3;

/// The list as JSON has it.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always [`KIND`].
    pub kind: &'static str,
    /// The instant it is for.
    pub as_of: Timestamp,
    /// What is asked for, by most services first; then by hours, then by age.
    pub items: Vec<Item>,
    /// Objects that could not be read or used.
    pub problems: Vec<Problem>,
}

/// One thing that keeps services off a path.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// What kind of demand it is.
    pub kind: DemandKind,
    /// The step, the wish, the reason or the kind of workload, in words.
    pub ask: String,
    /// The path it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The check it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Services it keeps off a path.
    pub services: usize,
    /// What the exceptions in it cost their owners, in hours a month. An exception of several steps
    /// counts in each.
    pub hours_per_month: f64,
    /// Teams that own these services or exceptions.
    pub teams: BTreeSet<String>,
    /// Exceptions it stands in, as namespace/name.
    pub exceptions: BTreeSet<String>,
    /// The oldest request among them, else the birth of the oldest workload; absent if unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// One of the workloads, as namespace/kind/name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
}

/// The source of a demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DemandKind {
    /// A step that services do not take.
    Step,
    /// What an exception says the platform lacks: `wouldReturnIf`.
    Wish,
    /// A request to be ignored, where ignoring is not allowed.
    Ignore,
    /// Workloads in scope of no path.
    NoPath,
    /// A check that cannot be evaluated.
    CheckError,
}

impl DemandKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Step,
        Self::Wish,
        Self::Ignore,
        Self::NoPath,
        Self::CheckError,
    ];

    /// The word used in JSON and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Wish => "wish",
            Self::Ignore => "ignore",
            Self::NoPath => "no-path",
            Self::CheckError => "check-error",
        }
    }
}

impl Serialize for DemandKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// What makes two asks the same one.
type Key = (DemandKind, String, String);

/// Collects one item.
#[derive(Default)]
struct Group<'a> {
    ask: String,
    about: Option<(&'a str, &'a str)>,
    services: BTreeSet<(&'a str, &'a str, &'a str)>,
    teams: BTreeSet<&'a str>,
    exceptions: BTreeSet<(&'a str, &'a str)>,
    since: Option<Timestamp>,
    example: Option<String>,
}

impl<'a> Group<'a> {
    fn add_workload(&mut self, workload: &'a Workload) {
        let service = match &workload.service {
            Some(service) => ("", &**service),
            None => (&*workload.kind, &*workload.name),
        };
        self.services
            .insert((&workload.namespace, service.0, service.1));
        self.teams.insert(&workload.team);
        self.example
            .get_or_insert_with(|| format!("{}/{}", workload.namespace, voice::target(workload)));
    }

    fn add_exception(&mut self, exception: &'a Exception) {
        self.exceptions
            .insert((&exception.namespace, &exception.name));
        self.teams.insert(&exception.owner);
        self.note_age(exception.requested_at);
    }

    fn note_age(&mut self, at: Option<Timestamp>) {
        self.since = [self.since, at].into_iter().flatten().min();
    }
}

/// What the services and exceptions of a report ask for.
pub fn demand(report: &Report) -> Demand {
    let exceptions: BTreeMap<(&str, &str), &Exception> = report
        .exceptions
        .iter()
        .map(|line| ((&*line.namespace, &*line.name), line))
        .collect();
    let mut groups: BTreeMap<Key, Group<'_>> = BTreeMap::new();
    for workload in &report.workloads {
        steps(workload, &exceptions, &mut groups);
        requests(workload, &mut groups);
    }
    wishes(report, &mut groups);
    let mut items: Vec<Item> = groups
        .into_iter()
        .map(|((kind, ..), group)| item(kind, group, &exceptions))
        .collect();
    for item in &mut items {
        count_as(report, item);
    }
    items.sort_by(|a, b| {
        let services = b.services.cmp(&a.services);
        services
            .then_with(|| b.hours_per_month.total_cmp(&a.hours_per_month))
            .then_with(|| age_order(a).cmp(&age_order(b)))
            .then_with(|| (a.kind, &a.ask, &a.path).cmp(&(b.kind, &b.ask, &b.path)))
    });
    Demand {
        api_version: API_VERSION,
        kind: KIND,
        as_of: report.as_of,
        items,
        problems: beside_workloads(report),
    }
}

/// A step keeps as many services off its path as the summary says: those of namespaces that count, with
/// services across namespaces as one.
fn count_as(report: &Report, item: &mut Item) {
    match item.kind {
        DemandKind::Step => {}
        DemandKind::Wish | DemandKind::Ignore | DemandKind::NoPath | DemandKind::CheckError => {
            return;
        }
    }
    let mut paths = report.summary.paths.iter();
    let path = paths.find(|path| Some(&path.path) == item.path.as_ref());
    item.services = path.map_or(0, |path| {
        let mut steps = path.top_deviations.iter();
        steps
            .find(|step| Some(&step.check) == item.check.as_ref())
            .map_or(0, |step| step.services)
    });
}

/// Oldest first, unknown ages last.
fn age_order(item: &Item) -> Timestamp {
    item.since.unwrap_or(Timestamp::MAX)
}

fn item(
    kind: DemandKind,
    group: Group<'_>,
    exceptions: &BTreeMap<(&str, &str), &Exception>,
) -> Item {
    let carried = group
        .exceptions
        .iter()
        .filter_map(|key| exceptions.get(key));
    Item {
        kind,
        ask: group.ask,
        path: group.about.map(|(path, _)| path.to_owned()),
        check: group
            .about
            .map(|(_, check)| check.to_owned())
            .filter(|check| !check.is_empty()),
        services: group.services.len(),
        hours_per_month: carried.map(|exception| exception.hours_per_month).sum(),
        teams: group.teams.into_iter().map(str::to_owned).collect(),
        exceptions: group
            .exceptions
            .into_iter()
            .map(|(namespace, name)| format!("{namespace}/{name}"))
            .collect(),
        since: group.since,
        example: group.example,
    }
}

/// The steps a workload does not take, and the checks that fail on it.
fn steps<'a>(
    workload: &'a Workload,
    exceptions: &BTreeMap<(&str, &str), &'a Exception>,
    groups: &mut BTreeMap<Key, Group<'a>>,
) {
    let Some(path) = workload.path.as_deref() else {
        return;
    };
    for check in workload.missing() {
        let kind = match check.outcome {
            Outcome::Error => DemandKind::CheckError,
            Outcome::Fail | Outcome::Pass | Outcome::Announced => DemandKind::Step,
        };
        let key = (kind, path.to_owned(), check.name.clone());
        let group = groups.entry(key).or_default();
        title(check).clone_into(&mut group.ask);
        group.about = Some((path, &check.name));
        group.add_workload(workload);
        let named = check
            .exception
            .as_deref()
            .and_then(|name| exceptions.get(&(&*workload.namespace, name)));
        if let Some(exception) = named {
            group.add_exception(exception);
        }
    }
}

fn title(check: &Check) -> &str {
    check.title.as_deref().unwrap_or(&check.name)
}

/// A request to be ignored, and a workload without a path.
fn requests<'a>(workload: &'a Workload, groups: &mut BTreeMap<Key, Group<'a>>) {
    let (kind, name, ask) = match (&workload.ignore_reason, workload.status) {
        (
            Some(reason),
            Status::Unscoped | Status::GoldenPath | Status::Deviating | Status::Unknown,
        ) => (DemandKind::Ignore, normal(reason), reason.clone()),
        (None, Status::Unscoped) => (
            DemandKind::NoPath,
            workload.kind.clone(),
            format!("A path for this {}", workload.kind),
        ),
        (_, Status::Ignored) | (None, Status::GoldenPath | Status::Deviating | Status::Unknown) => {
            return;
        }
    };
    let group = groups.entry((kind, name, String::new())).or_default();
    group.ask = ask;
    group.add_workload(workload);
    group.note_age(workload.born_at);
}

/// What exceptions that are not over wait for, equal wishes together.
fn wishes<'a>(report: &'a Report, groups: &mut BTreeMap<Key, Group<'a>>) {
    let mut covered: BTreeMap<(&str, &str), Vec<&Workload>> = BTreeMap::new();
    for workload in &report.workloads {
        for check in &workload.checks {
            if let Some(name) = &check.exception {
                let key = (&*workload.namespace, &**name);
                covered.entry(key).or_default().push(workload);
            }
        }
    }
    for exception in &report.exceptions {
        let is_open = match exception.phase {
            Phase::Pending
            | Phase::Active
            | Phase::ReviewDue
            | Phase::ReviewOverdue
            | Phase::Expired
            | Phase::Rejected => true,
            Phase::Closed => false,
        };
        let Some(wish) = exception.would_return_if.as_ref().filter(|_| is_open) else {
            continue;
        };
        let key = (DemandKind::Wish, normal(wish), String::new());
        let group = groups.entry(key).or_default();
        group.ask.clone_from(wish);
        group.about = Some((&exception.path, ""));
        group.add_exception(exception);
        let workloads = covered.get(&(&*exception.namespace, &*exception.name));
        for workload in workloads.into_iter().flatten() {
            group.add_workload(workload);
        }
    }
}

/// The same words in another case, with other blanks or another full stop are the same wish.
fn normal(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

/// "14 asks of 9 teams: 6 steps, 3 wishes".
pub(in crate::report) fn head(demand: &Demand) -> String {
    let teams: BTreeSet<&String> = demand.items.iter().flat_map(|item| &item.teams).collect();
    let kinds: Vec<String> = DemandKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let number = demand.items.iter().filter(|item| item.kind == kind).count();
            let (one, many) = match kind {
                DemandKind::Step => ("step", "steps"),
                DemandKind::Wish => ("wish", "wishes"),
                DemandKind::Ignore => ("request to be ignored", "requests to be ignored"),
                DemandKind::NoPath => ("kind without a path", "kinds without a path"),
                DemandKind::CheckError => (
                    "check that cannot be evaluated",
                    "checks that cannot be evaluated",
                ),
            };
            let words = if number == 1 { one } else { many };
            (number > 0).then(|| format!("{number} {words}"))
        })
        .collect();
    if kinds.is_empty() {
        return "Nothing keeps services off the paths.\n".to_owned();
    }
    let verb = if demand.items.len() == 1 {
        "keeps"
    } else {
        "keep"
    };
    format!(
        "{} {verb} services of {} off the paths: {}\n",
        counted(demand.items.len(), "thing"),
        counted(teams.len(), "team"),
        kinds.join(", ")
    )
}

/// "checkout, payments and 3 more".
pub(in crate::report) fn named_teams(item: &Item) -> String {
    let named: Vec<&str> = item.teams.iter().take(TEAMS).map(String::as_str).collect();
    match item.teams.len().saturating_sub(TEAMS) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn since(item: &Item, as_of: Timestamp) -> String {
    item.since
        .map_or_else(|| "–".to_owned(), |at| ago(at, as_of))
}

fn cost(item: &Item) -> String {
    if item.exceptions.is_empty() {
        "–".to_owned()
    } else {
        format!("{}", item.hours_per_month)
    }
}

/// The list for a terminal.
pub fn render(demand: &Demand, style: Style) -> String {
    let mut heads = vec![
        "WHAT",
        "KIND",
        "PATH",
        "SERVICES",
        "HOURS/MONTH",
        "SINCE",
        "TEAMS",
        "EXAMPLE",
    ];
    if style.wide {
        heads.push("EXCEPTIONS");
    }
    let rows: Vec<Vec<Cell>> = demand
        .items
        .iter()
        .map(|item| {
            let or_dash = |text: &Option<String>| text.as_deref().unwrap_or("–").to_owned();
            let ask = if style.wide {
                item.ask.clone()
            } else {
                cut(&item.ask, ASK_WIDTH)
            };
            let mut row: Vec<Cell> = vec![
                ask.into(),
                item.kind.as_str().into(),
                or_dash(&item.path).into(),
                item.services.to_string().into(),
                cost(item).into(),
                since(item, demand.as_of).into(),
                named_teams(item).into(),
                or_dash(&item.example).into(),
            ];
            if style.wide {
                let names: Vec<&str> = item.exceptions.iter().map(String::as_str).collect();
                row.push(names.join(", ").into());
            }
            row
        })
        .collect();
    let rows = table(&heads, &rows, style);
    let blank = if rows.is_empty() { "" } else { "\n" };
    head(demand) + blank + &rows
}

/// The list for an issue or a weekly note.
pub fn markdown(demand: &Demand) -> String {
    let mut text = format!("## Demand\n\n{}", head(demand));
    if demand.items.is_empty() {
        return text;
    }
    text += "\n| # | what | kind | path | services | hours a month | since | teams |\n";
    text += "|---|---|---|---|---|---|---|---|\n";
    for (index, item) in demand.items.iter().enumerate() {
        let cost = match item.exceptions.len() {
            0 => "–".to_owned(),
            _ => hours(item.hours_per_month),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {cost} | {} | {} |",
            index + 1,
            cell(&item.ask),
            item.kind.as_str(),
            cell(item.path.as_deref().unwrap_or("–")),
            item.services,
            since(item, demand.as_of),
            cell(&named_teams(item)),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::{
        at, check, documented, report, undocumented, unscoped, workload,
    };

    fn asking() -> Report {
        let mut report = report();
        let wish = |text: &str| Some(text.to_owned());
        report.exceptions[0].would_return_if = wish("Nodes with more memory.");
        report.exceptions[0].requested_at = Some(at("2026-01-30T00:00:00Z"));
        let mut second = report.exceptions[0].clone();
        second.name = "other".to_owned();
        second.owner = "team-data".to_owned();
        second.would_return_if = wish("nodes with more  memory");
        report.exceptions.push(second);
        let mut closed = report.exceptions[0].clone();
        closed.name = "closed".to_owned();
        closed.phase = Phase::Closed;
        closed.would_return_if = wish("Something else");
        report.exceptions.push(closed);
        let mut broken = workload("broken", Status::Unknown);
        broken.checks = vec![check("backup", Outcome::Error)];
        let mut asks = workload("asks", Status::GoldenPath);
        asks.ignore_reason = Some("a load | test".to_owned());
        report.workloads = vec![undocumented(), documented(), unscoped(), broken, asks];
        report
    }

    #[test]
    fn most_services_come_first_with_their_teams_hours_and_age() {
        let demand = demand(&asking());
        let asks: Vec<_> = demand
            .items
            .iter()
            .map(|item| (item.kind, &*item.ask, item.services, item.hours_per_month))
            .collect();
        assert_eq!(
            asks,
            [
                (DemandKind::Step, "memory-limit", 2, 3.0),
                (DemandKind::Wish, "nodes with more  memory", 1, 6.0),
                (DemandKind::Ignore, "a load | test", 1, 0.0),
                (DemandKind::NoPath, "A path for this Deployment", 1, 0.0),
                (DemandKind::CheckError, "backup", 1, 0.0),
            ]
        );
        let wish = &demand.items[1];
        assert_eq!(wish.since, Some(at("2026-01-30T00:00:00Z")));
        assert_eq!(wish.exceptions.len(), 2);
        assert_eq!(wish.teams.len(), 2);
    }

    #[test]
    fn a_step_counts_the_services_that_the_summary_counts() {
        let mut report = asking();
        report.summary.paths[0].top_deviations[0].services = 1;
        let steps = demand(&report).items;
        let mut steps = steps.iter().filter(|item| item.kind == DemandKind::Step);
        assert_eq!(steps.next().map(|step| step.services), Some(1));
    }

    #[test]
    fn the_table_and_the_note_have_the_same_rows() {
        let demand = demand(&asking());
        let text = render(&demand, Style::default());
        assert!(
            text.starts_with(
                "5 things keep services of 2 teams off the paths: 1 step, 1 wish, 1 request to be \
                 ignored, 1 kind without a path, 1 check that cannot be evaluated\n\nWHAT"
            ),
            "{text}"
        );
        assert!(text.contains("30 days ago"), "{text}");
        let note = markdown(&demand);
        assert_eq!(note.lines().filter(|line| line.starts_with('|')).count(), 7);
        assert!(note.contains(r"| a load \| test | ignore |"), "{note}");
    }

    #[test]
    fn nothing_asked_for_is_said_in_one_line() {
        let mut report = report();
        report.workloads = vec![workload("web", Status::GoldenPath)];
        report.exceptions.clear();
        let text = render(&demand(&report), Style::default());
        assert_eq!(text, "Nothing keeps services off the paths.\n");
    }
}
