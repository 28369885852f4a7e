//! What keeps services off the paths, as one ranked list for the platform team's triage: steps that
//! are not taken, what owners of exceptions wait for, requests to be ignored, workloads without a path,
//! and checks that cannot be evaluated. Counted from a report; nothing is judged here.

mod groups;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::api::API_VERSION;
use crate::assess::inventory::Inventory;
use crate::assess::source::Problem;
use crate::report::document::{Exception, Report, Summary, Workload};
use crate::report::register::beside_workloads;

pub(in crate::report) use text::{answered, head, named_teams};
pub use text::{markdown, render};

/// `kind` of the list.
pub const KIND: &str = "Demand";

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
    /// Services it concerns, of those that the summary counts.
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
    /// The roadmap items that answer it: they unblock the step, or the exceptions of the wish wait for
    /// them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub roadmap: BTreeSet<String>,
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

/// How the summary counts services: which namespaces count, and whether one name in several namespaces
/// is one service.
#[derive(Debug, Default)]
pub struct ServiceRule {
    across_namespaces: bool,
    uncounted: BTreeSet<String>,
}

/// The roadmap items, and the steps that each unblocks.
#[derive(Debug, Default)]
pub struct Answers {
    steps: BTreeMap<(String, String), BTreeSet<String>>,
    items: BTreeSet<String>,
}

impl Answers {
    /// The roadmap of an inventory.
    pub fn of(inventory: &Inventory) -> Self {
        let mut answers = Self::default();
        for item in inventory.goals().roadmap.iter() {
            answers.items.insert(item.name.to_string());
            for unblocked in &item.spec.unblocks {
                let paths = inventory.paths();
                let Some(path) = paths.resolve(&unblocked.path).map(|index| paths.get(index))
                else {
                    continue;
                };
                let named = unblocked.check.as_ref();
                let checks = path.spec.checks.iter().map(|check| &check.name);
                for check in checks.filter(|check| named.is_none_or(|name| name == *check)) {
                    let step = (path.name.to_string(), check.clone());
                    let of_step = answers.steps.entry(step).or_default();
                    of_step.insert(item.name.to_string());
                }
            }
        }
        answers
    }

    /// The items that answer an ask.
    fn to(&self, item: &Item, exceptions: &[Exception]) -> BTreeSet<String> {
        match item.kind {
            DemandKind::Step => {
                let step = item.path.clone().zip(item.check.clone());
                let of_step = step.and_then(|step| self.steps.get(&step));
                of_step.cloned().unwrap_or_default()
            }
            DemandKind::Wish => {
                let is_of = |line: &&Exception| {
                    let name = format!("{}/{}", line.namespace, line.name);
                    !line.waits_for.is_empty() && item.exceptions.contains(&name)
                };
                let waits = exceptions
                    .iter()
                    .filter(is_of)
                    .flat_map(|line| &line.waits_for);
                waits
                    .filter(|name| self.items.contains(*name))
                    .cloned()
                    .collect()
            }
            DemandKind::Ignore | DemandKind::NoPath | DemandKind::CheckError => BTreeSet::new(),
        }
    }
}

/// A service of a report: its namespace, and its name or its only workload's kind and name.
type ServiceKey<'a> = (&'a str, &'a str, &'a str);

impl ServiceRule {
    /// The rule by which the summary of this inventory is counted.
    pub fn of(inventory: &Inventory) -> Self {
        let settings = &inventory.settings;
        Self {
            across_namespaces: settings.services_across_namespaces,
            uncounted: inventory
                .namespaces()
                .filter(|(_, ns)| !ns.is_counted(settings))
                .map(|(name, _)| name.to_owned())
                .collect(),
        }
    }

    /// The service of a workload; none where its namespace does not count.
    fn service<'a>(&self, workload: &'a Workload) -> Option<ServiceKey<'a>> {
        let namespace = workload.namespace.as_str();
        if self.uncounted.contains(namespace) {
            return None;
        }
        Some(match &workload.service {
            Some(service) if self.across_namespaces => ("", "", service),
            Some(service) => (namespace, "", service),
            None => (namespace, &workload.kind, &workload.name),
        })
    }
}

/// Looks at one workload.
pub(in crate::report) type Visit<'a> = dyn FnMut(&Workload) + 'a;

/// What a demand is counted from.
#[derive(Clone, Copy)]
pub(in crate::report) struct Lines<'a> {
    pub summary: &'a Summary,
    pub exceptions: &'a [Exception],
    pub as_of: Timestamp,
    /// Shows every workload, one after another, so that a large fleet's lines are never in memory at once.
    pub workloads: &'a dyn Fn(&mut Visit<'_>),
}

/// What the services and exceptions of a report ask for, counted by the rule of its summary, and which
/// roadmap items answer it.
pub fn demand(report: &Report, rule: &ServiceRule, answers: &Answers) -> Demand {
    let lines = Lines {
        summary: &report.summary,
        exceptions: &report.exceptions,
        as_of: report.as_of,
        workloads: &|visit| report.workloads.iter().for_each(visit),
    };
    Demand {
        problems: beside_workloads(report),
        ..demand_of(&lines, rule, answers)
    }
}

/// What these lines ask for. Problems are left out.
pub(in crate::report) fn demand_of(
    lines: &Lines<'_>,
    rule: &ServiceRule,
    answers: &Answers,
) -> Demand {
    let mut items = groups::items(lines, rule);
    for item in &mut items {
        count_as(lines.summary, item);
        item.roadmap = answers.to(item, lines.exceptions);
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
        as_of: lines.as_of,
        items,
        problems: Vec::new(),
    }
}

/// A step keeps as many services off its path as the summary says.
fn count_as(summary: &Summary, item: &mut Item) {
    match item.kind {
        DemandKind::Step => {}
        DemandKind::Wish | DemandKind::Ignore | DemandKind::NoPath | DemandKind::CheckError => {
            return;
        }
    }
    let mut paths = summary.paths.iter();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::state::{Outcome, Phase, Status};
    use crate::report::fixtures::{
        at, check, documented, report, undocumented, unscoped, workload,
    };
    use crate::report::terminal::table::Style;

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
        let demand = demand(&asking(), &ServiceRule::default(), &Answers::default());
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
    fn a_step_and_a_wish_name_the_roadmap_items_that_answer_them() {
        let mut report = asking();
        report.exceptions[0].waits_for = vec!["big-nodes".to_owned(), "unknown".to_owned()];
        let names = |names: &[&str]| -> BTreeSet<String> {
            names.iter().map(ToString::to_string).collect()
        };
        let step = ("web-service".to_owned(), "memory-limit".to_owned());
        let answers = Answers {
            steps: [(step, names(&["limits-by-default"]))].into(),
            items: names(&["big-nodes", "limits-by-default"]),
        };
        let demand = demand(&report, &ServiceRule::default(), &answers);
        assert_eq!(demand.items[0].roadmap, names(&["limits-by-default"]));
        assert_eq!(demand.items[1].roadmap, names(&["big-nodes"]));
        let table = render(&demand, Style::default());
        assert!(table.contains("big-nodes"), "{table}");
        assert!(markdown(&demand).contains("| big-nodes |"));
    }

    #[test]
    fn a_step_counts_the_services_that_the_summary_counts() {
        let mut report = asking();
        report.summary.paths[0].top_deviations[0].services = 1;
        let steps = demand(&report, &ServiceRule::default(), &Answers::default()).items;
        let mut steps = steps.iter().filter(|item| item.kind == DemandKind::Step);
        assert_eq!(steps.next().map(|step| step.services), Some(1));
    }

    #[test]
    fn a_service_counts_once_and_only_where_its_namespace_counts() {
        let part = |name: &str, namespace: &str, mut of: Workload| {
            of.name = name.to_owned();
            of.namespace = namespace.to_owned();
            of.service = Some("edge".to_owned());
            of
        };
        let mut report = report();
        report.exceptions.clear();
        report.workloads = vec![
            part("web", "a", unscoped()),
            part("jobs", "a", unscoped()),
            part("web", "b", unscoped()),
            part("web", "c", workload("web", Status::GoldenPath)),
            part("jobs", "c", unscoped()),
            part("web", "uncounted", unscoped()),
        ];
        report.workloads[1].kind = "CronJob".to_owned();
        report.workloads[4].kind = "CronJob".to_owned();
        let services = |across_namespaces| {
            let rule = ServiceRule {
                across_namespaces,
                uncounted: ["uncounted".to_owned()].into(),
            };
            let items = demand(&report, &rule, &Answers::default()).items;
            let counts = items.iter().map(|item| (item.ask.clone(), item.services));
            counts.collect::<Vec<_>>()
        };
        let [deployment, job] =
            ["Deployment", "CronJob"].map(|kind| format!("A path for this {kind}"));
        assert_eq!(services(false), [(deployment.clone(), 2), (job.clone(), 0)]);
        // One workload of it has a path, in one of its namespaces.
        assert_eq!(services(true), [(job, 0), (deployment, 0)]);
    }

    #[test]
    fn the_table_and_the_note_have_the_same_rows() {
        let demand = demand(&asking(), &ServiceRule::default(), &Answers::default());
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
        let text = render(
            &demand(&report, &ServiceRule::default(), &Answers::default()),
            Style::default(),
        );
        assert_eq!(text, "Nothing keeps services off the paths.\n");
    }
}
