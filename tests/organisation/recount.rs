//! What reports say, and an independent recount of it: services by state and team from the labels that
//! `kubectl` shows, by nothing but the README's words.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;

/// Standings, worst first, as README lists them.
const WORST_FIRST: [&str; 7] = [
    "undocumented",
    "expired",
    "pending",
    "review-overdue",
    "review-due",
    "predates",
    "documented",
];

/// A line for each workload, by `namespace/Kind/name`.
pub type Table = BTreeMap<String, String>;

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn list<'a>(report: &'a Value, field: &str) -> &'a [Value] {
    report[field].as_array().unwrap()
}

fn name(object: &Value) -> String {
    ["namespace", "kind", "name"]
        .map(|field| text(object, field))
        .join("/")
}

/// Each workload as a report shows it, check by check.
pub fn verdicts(report: &Value) -> Table {
    const FIELDS: [&str; 6] = ["team", "path", "status", "deviation", "turn", "steps"];
    let lines = list(report, "workloads").iter().map(|workload| {
        let fields = FIELDS.map(|field| workload[field].to_string());
        let checks = list(workload, "checks").iter().map(|check| {
            ["name", "outcome", "exception"]
                .map(|field| check[field].to_string())
                .join(":")
        });
        let line: Vec<String> = fields.into_iter().chain(checks).collect();
        (name(workload), line.join(" "))
    });
    lines.collect()
}

/// Exceptions by phase and reach.
pub fn phases(report: &Value) -> Table {
    let lines = list(report, "exceptions").iter().map(|exception| {
        let fields = ["phase", "matched", "inUse", "needed"];
        let line = fields.map(|field| exception[field].to_string()).join(" ");
        (name(exception), line)
    });
    lines.collect()
}

/// `status/path/deviation` of each workload, as its labels ought to be by a report.
pub fn wanted_labels(report: &Value) -> Table {
    let lines = list(report, "workloads").iter().map(|workload| {
        let is_labelled = !["unscoped", "ignored"].contains(&text(workload, "status"));
        let fields = ["status", "path", "deviation"].map(|field| text(workload, field));
        let labels = if is_labelled {
            fields.join("/")
        } else {
            "//".to_owned()
        };
        (name(workload), labels)
    });
    lines.collect()
}

/// The same as they are.
pub fn labels(stored: &[Value]) -> Table {
    let lines = stored.iter().map(|object| {
        let labels = &object["metadata"]["labels"];
        let keys = ["status", "evaluated-path", "deviation"];
        let labels = keys
            .map(|key| text(labels, &format!("goldenpath.dev/{key}")))
            .join("/");
        (stored_name(object), labels)
    });
    lines.collect()
}

fn stored_name(object: &Value) -> String {
    let metadata = &object["metadata"];
    let parts = [
        text(metadata, "namespace"),
        text(object, "kind"),
        text(metadata, "name"),
    ];
    parts.join("/")
}

/// The differences of two tables, for people.
pub fn differences(found: &Table, wanted: &Table) -> Vec<String> {
    let names = found.keys().chain(wanted.keys());
    let names: BTreeSet<_> = names.collect();
    names
        .into_iter()
        .filter(|name| found.get(*name) != wanted.get(*name))
        .map(|name| format!("{name}: {:?}, not {:?}", found.get(name), wanted.get(name)))
        .collect()
}

/// Services counted by hand.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub states: BTreeMap<String, u64>,
    pub workloads: u64,
    /// Services in scope and on the path, by path.
    pub paths: BTreeMap<String, [u64; 2]>,
}

/// Counts by the labels of stored workloads.
pub fn recount(stored: &[Value]) -> Count {
    let mut services: BTreeMap<String, Vec<[&str; 3]>> = BTreeMap::new();
    let mut count = Count::default();
    for object in stored {
        let labels = &object["metadata"]["labels"];
        let [status, path, deviation] = ["status", "evaluated-path", "deviation"]
            .map(|key| text(labels, &format!("goldenpath.dev/{key}")));
        if status.is_empty() {
            continue;
        }
        count.workloads += 1;
        let service = service(object);
        services
            .entry(service)
            .or_default()
            .push([status, path, deviation]);
    }
    for workloads in services.values() {
        let state = state(
            workloads
                .iter()
                .map(|[status, _, deviation]| (*status, *deviation)),
        );
        *count.states.entry(state.to_owned()).or_default() += 1;
        let mut paths: Vec<&str> = workloads.iter().map(|[_, path, _]| *path).collect();
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let line = count.paths.entry(path.to_owned()).or_default();
            line[0] += 1;
            let mut of_path = workloads.iter().filter(|[_, of, _]| *of == path);
            line[1] += u64::from(of_path.all(|[status, ..]| *status == "golden-path"));
        }
    }
    count
}

/// The workloads of a namespace that share `backstage.io/kubernetes-id`, else one workload.
fn service(object: &Value) -> String {
    let metadata = &object["metadata"];
    let ids =
        ["annotations", "labels"].map(|field| text(&metadata[field], "backstage.io/kubernetes-id"));
    let id = ids.into_iter().find(|id| !id.is_empty());
    let namespace = text(metadata, "namespace");
    id.map_or_else(|| stored_name(object), |id| format!("{namespace} {id}"))
}

/// Services that a path judges and that have an image without a fixed tag or digest.
pub fn with_moving_images(stored: &[Value], path: &str) -> usize {
    let fixed = Regex::new("[^/]+(:[^:/]+|@sha256:[0-9a-f]{64})$").unwrap();
    let is_moving = |image: &str| image.ends_with(":latest") || !fixed.is_match(image);
    let moving = stored.iter().filter(|object| {
        let pod = &object["spec"]["template"]["spec"];
        let containers = ["containers", "initContainers"].map(|field| pod[field].as_array());
        let mut containers = containers.into_iter().flatten().flatten();
        text(
            &object["metadata"]["labels"],
            "goldenpath.dev/evaluated-path",
        ) == path
            && containers.any(|container| is_moving(text(container, "image")))
    });
    moving.map(service).collect::<BTreeSet<_>>().len()
}

/// The state of the worst workload.
fn state<'a>(workloads: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> &'a str {
    let worst = WORST_FIRST.into_iter().find_map(|standing| {
        let mut deviations = workloads.clone().map(|(_, deviation)| deviation);
        deviations.find(|deviation| *deviation == standing)
    });
    let mut statuses = workloads.map(|(status, _)| status);
    worst
        .or_else(|| statuses.find(|status| *status == "unknown"))
        .unwrap_or("golden-path")
}

/// What a report counted.
pub fn counted(report: &Value) -> Count {
    let summary = &report["summary"];
    let states = summary["services"].as_object().unwrap().iter();
    let states = states.map(|(state, count)| (state.clone(), count.as_u64().unwrap()));
    let paths = list(summary, "paths").iter().map(|path| {
        let figures = ["services", "onPath"].map(|field| path[field].as_u64().unwrap_or_default());
        (text(path, "path").to_owned(), figures)
    });
    let unlabelled = ["unscoped", "ignored"];
    let judged = list(report, "workloads").iter();
    let judged = judged.filter(|workload| !unlabelled.contains(&text(workload, "status")));
    Count {
        states: states.filter(|(_, count)| *count > 0).collect(),
        workloads: judged.count() as u64,
        paths: paths.filter(|(_, [services, _])| *services > 0).collect(),
    }
}
