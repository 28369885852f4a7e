//! Collects what is asked for: equal asks are one group, each with its services, teams and exceptions.
//! It looks at one workload after another and keeps none. Nothing is ranked here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use super::{DemandKind, Item, Lines, ServiceKey, ServiceRule};
use crate::assess::state::{Outcome, Phase, Status};
use crate::report::document::{Check, Exception, Workload};
use crate::report::voice;

/// What makes two asks the same one.
type Key = (DemandKind, String, String);

/// An exception, by namespace and name.
type Named<'a> = (&'a str, &'a str);

/// A service, by the order in which services were first seen.
type ServiceNumber = usize;

/// Numbers of the services that ask for something.
#[derive(Default)]
struct Services(HashMap<String, ServiceNumber>);

impl Services {
    fn number(&mut self, key: ServiceKey<'_>) -> ServiceNumber {
        let next = self.0.len();
        *self.0.entry(text(key)).or_insert(next)
    }

    fn known(&self, key: ServiceKey<'_>) -> Option<ServiceNumber> {
        self.0.get(&text(key)).copied()
    }
}

fn text((namespace, kind, name): ServiceKey<'_>) -> String {
    [namespace, kind, name].join("\n")
}

/// Collects one item.
#[derive(Default)]
struct Group<'a> {
    ask: String,
    about: Option<(String, String)>,
    services: BTreeSet<ServiceNumber>,
    teams: BTreeSet<String>,
    exceptions: BTreeSet<Named<'a>>,
    since: Option<Timestamp>,
    example: Option<String>,
}

impl<'a> Group<'a> {
    /// Adds the team, and the first workload as the example.
    fn describe(&mut self, workload: &Workload) {
        self.add_team(&workload.team);
        self.example
            .get_or_insert_with(|| format!("{}/{}", workload.namespace, voice::target(workload)));
    }

    fn add_team(&mut self, team: &str) {
        if !self.teams.contains(team) {
            self.teams.insert(team.to_owned());
        }
    }

    fn add_exception(&mut self, exception: &'a Exception) {
        self.exceptions
            .insert((&exception.namespace, &exception.name));
        self.add_team(&exception.owner);
        self.note_age(exception.requested_at);
    }

    fn note_age(&mut self, at: Option<Timestamp>) {
        self.since = [self.since, at].into_iter().flatten().min();
    }
}

/// All groups, while workloads are added to them.
struct Groups<'a> {
    rule: &'a ServiceRule,
    exceptions: BTreeMap<Named<'a>, &'a Exception>,
    services: Services,
    found: BTreeMap<Key, Group<'a>>,
    /// Services of workloads without a path, with the kind of each.
    without_path: Vec<(String, ServiceNumber)>,
}

/// One item for each group, in no order.
pub(super) fn items(lines: &Lines<'_>, rule: &ServiceRule) -> Vec<Item> {
    let mut all = Groups {
        rule,
        exceptions: lines
            .exceptions
            .iter()
            .map(|line| ((&*line.namespace, &*line.name), line))
            .collect(),
        services: Services::default(),
        found: BTreeMap::new(),
        without_path: Vec::new(),
    };
    for exception in lines.exceptions {
        if let Some(group) = all.wish(exception) {
            group.about = Some((exception.path.clone(), String::new()));
            group.add_exception(exception);
        }
    }
    (lines.workloads)(&mut |workload| all.add(workload));
    if !all.without_path.is_empty() {
        let mut with_path = BTreeSet::new();
        (lines.workloads)(&mut |workload| with_path.extend(all.on_a_path(workload)));
        all.count_without_path(with_path);
    }
    let exceptions = all.exceptions;
    all.found
        .into_iter()
        .map(|((kind, ..), group)| item(kind, group, &exceptions))
        .collect()
}

impl<'a> Groups<'a> {
    fn add(&mut self, workload: &Workload) {
        self.steps(workload);
        self.request(workload);
        self.wishes_for(workload);
        self.no_path(workload);
    }

    fn group(&mut self, key: Key) -> &mut Group<'a> {
        self.found.entry(key).or_default()
    }

    /// Adds a workload and its service to a group.
    fn join(&mut self, key: Key, workload: &Workload) -> &mut Group<'a> {
        let service = self.rule.service(workload);
        let number = service.map(|service| self.services.number(service));
        let group = self.group(key);
        group.services.extend(number);
        group.describe(workload);
        group
    }

    /// The exception of this name in the workload's namespace.
    fn exception(&self, workload: &Workload, name: &str) -> Option<&'a Exception> {
        self.exceptions.get(&(&*workload.namespace, name)).copied()
    }

    /// The steps a workload does not take, and the checks that fail on it.
    fn steps(&mut self, workload: &Workload) {
        let Some(path) = &workload.path else {
            return;
        };
        for check in workload.missing() {
            let kind = match check.outcome {
                Outcome::Error => DemandKind::CheckError,
                Outcome::Fail | Outcome::Pass | Outcome::Announced => DemandKind::Step,
            };
            let named = check.exception.as_ref();
            let exception = named.and_then(|name| self.exception(workload, name));
            let group = self.join((kind, path.clone(), check.name.clone()), workload);
            title(check).clone_into(&mut group.ask);
            if group.about.is_none() {
                group.about = Some((path.clone(), check.name.clone()));
            }
            if let Some(exception) = exception {
                group.add_exception(exception);
            }
        }
    }

    /// A request to be ignored, where that is not allowed.
    fn request(&mut self, workload: &Workload) {
        let asks = match workload.status {
            Status::Unscoped | Status::GoldenPath | Status::Deviating | Status::Unknown => true,
            Status::Ignored => false,
        };
        let Some(reason) = workload.ignore_reason.as_ref().filter(|_| asks) else {
            return;
        };
        let key = (DemandKind::Ignore, normal(reason), String::new());
        let group = self.join(key, workload);
        group.ask.clone_from(reason);
        group.note_age(workload.born_at);
    }

    /// A workload without a path, under its kind.
    fn no_path(&mut self, workload: &Workload) {
        match workload.status {
            Status::Unscoped => {}
            Status::GoldenPath | Status::Deviating | Status::Unknown | Status::Ignored => return,
        }
        let key = (DemandKind::NoPath, workload.kind.clone(), String::new());
        let group = self.group(key);
        group.ask = format!("A path for this {}", workload.kind);
        group.describe(workload);
        group.note_age(workload.born_at);
        if let Some(service) = self.rule.service(workload) {
            let number = self.services.number(service);
            self.without_path.push((workload.kind.clone(), number));
        }
    }

    /// The service of a workload with a path, if another workload may have made it count as without one.
    fn on_a_path(&self, workload: &Workload) -> Option<ServiceNumber> {
        workload.path.as_ref()?;
        self.services.known(self.rule.service(workload)?)
    }

    /// A service of several workloads has no path where none of them has one, and counts once, under the
    /// kind of the first.
    fn count_without_path(&mut self, with_path: BTreeSet<ServiceNumber>) {
        let mut counted = with_path;
        for (kind, service) in std::mem::take(&mut self.without_path) {
            if counted.insert(service) {
                let key = (DemandKind::NoPath, kind, String::new());
                self.group(key).services.insert(service);
            }
        }
    }

    /// What an exception that is not over waits for: equal wishes are one group.
    fn wish(&mut self, exception: &Exception) -> Option<&mut Group<'a>> {
        let wish = open_wish(exception)?;
        let group = self.group(wish_key(wish));
        wish.clone_into(&mut group.ask);
        Some(group)
    }

    /// Adds a workload to the wishes of the exceptions that cover it.
    fn wishes_for(&mut self, workload: &Workload) {
        for check in &workload.checks {
            let named = check.exception.as_ref();
            let exception = named.and_then(|name| self.exception(workload, name));
            if let Some(wish) = exception.and_then(open_wish) {
                self.join(wish_key(wish), workload);
            }
        }
    }
}

fn wish_key(wish: &str) -> Key {
    (DemandKind::Wish, normal(wish), String::new())
}

fn open_wish(exception: &Exception) -> Option<&str> {
    let is_open = match exception.phase {
        Phase::Pending
        | Phase::Active
        | Phase::ReviewDue
        | Phase::ReviewOverdue
        | Phase::Expired
        | Phase::Rejected => true,
        Phase::Closed => false,
    };
    exception.would_return_if.as_deref().filter(|_| is_open)
}

fn item(kind: DemandKind, group: Group<'_>, exceptions: &BTreeMap<Named<'_>, &Exception>) -> Item {
    let carried = group
        .exceptions
        .iter()
        .filter_map(|key| exceptions.get(key));
    let hours_per_month = carried.map(|exception| exception.hours_per_month).sum();
    let (path, check) = group.about.unzip();
    Item {
        kind,
        ask: group.ask,
        path,
        check: check.filter(|check| !check.is_empty()),
        services: group.services.len(),
        hours_per_month,
        teams: group.teams,
        exceptions: group
            .exceptions
            .into_iter()
            .map(|(namespace, name)| format!("{namespace}/{name}"))
            .collect(),
        since: group.since,
        example: group.example,
        roadmap: BTreeSet::new(),
    }
}

fn title(check: &Check) -> &str {
    check.title.as_deref().unwrap_or(&check.name)
}

/// The same words in another case, with other blanks or another full stop are the same wish.
fn normal(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches('.').to_owned()
}
