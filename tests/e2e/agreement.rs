//! One judgement, many surfaces: an offline scan, the live report, `why`, labels, statuses and
//! `/metrics` agree on the same fifty workloads and their exceptions.

use std::collections::BTreeMap;

use goldenpath::api::keys;
use goldenpath_e2e::{ControlPlane, Options, Samples, eventually};
use serde_json::Value;

use crate::stage::{Labels, SOON, goldenpath, own_labels, start, stop};
use crate::suite::{as_of_today, control_plane};

const EXAMPLES: [&str; 3] = [
    "examples/paths",
    "examples/workloads",
    "examples/exceptions",
];
const WATCHED: &str = "deployments,statefulsets,daemonsets,cronjobs";
/// What a live report and one of manifests both know of a workload.
const FIELDS: [&str; 6] = ["team", "path", "status", "deviation", "turn", "steps"];

/// A line for each workload or exception, by its name.
type Table = BTreeMap<String, String>;

#[test]
fn all_surfaces_agree() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let copies = EXAMPLES.map(|directory| as_of_today(directory).display().to_string());
    let examples = copies.each_ref().map(String::as_str);
    for directory in examples {
        cluster
            .kubectl_ok(&["apply", "--server-side", "-f", directory])
            .unwrap();
    }
    let scan = [&["scan", "-o", "json", "--fail-on", "none"], &examples[..]].concat();
    let scanned = json(&goldenpath(&cluster, &scan));
    let live = json(&goldenpath(&cluster, &["report", "-o", "json"]));
    assert_eq!(workloads(&live), workloads(&scanned));
    assert_eq!(exceptions(&live), exceptions(&scanned));
    assert_eq!(summary(&live), summary(&scanned));
    assert!(workloads(&live).len() >= 50);

    explained(&cluster, &live);
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    eventually(SOON, "labels agree with the report", || {
        (labels(&cluster) == labels_of(&live)).then_some(())
    });
    eventually(SOON, "statuses agree with the report", || {
        (phases(&cluster) == exceptions(&live)).then_some(())
    });
    let samples = operator.scrape().unwrap();
    assert_eq!(states(&samples), states_of(&live));
    // The statuses hold the first point of each path's trend now.
    let live = json(&goldenpath(&cluster, &["report", "-o", "json"]));
    let served = json(&operator.get("/api/v1/report").unwrap().1);
    assert_eq!(workloads(&served), workloads(&live));
    assert_eq!(exceptions(&served), exceptions(&live));
    assert_eq!(summary(&served), summary(&live));
    stop(operator);
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn list<'a>(report: &'a Value, field: &str) -> &'a [Value] {
    report[field].as_array().unwrap()
}

fn name(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
    [text("namespace"), text("kind"), text("name")].join("/")
}

/// The numbers without the empty namespaces: a cluster has more of those.
fn summary(report: &Value) -> Value {
    let mut summary = report["summary"].clone();
    summary["namespacesTotal"] = Value::Null;
    summary
}

/// Each workload as both kinds of report show it, checks included.
fn workloads(report: &Value) -> Table {
    let lines = list(report, "workloads").iter().map(|workload| {
        let fields: Vec<String> = FIELDS
            .iter()
            .map(|field| workload[*field].to_string())
            .collect();
        let checks = list(workload, "checks").iter().map(|check| {
            format!(
                "{}:{}:{}",
                check["name"], check["outcome"], check["exception"]
            )
        });
        let checks: Vec<String> = checks.collect();
        (name(workload), [fields, checks].concat().join(" "))
    });
    lines.collect()
}

fn exceptions(report: &Value) -> Table {
    let lines = list(report, "exceptions");
    let lines = lines.iter().map(|exception| {
        let fields = ["phase", "matched"].map(|field| exception[field].to_string());
        (name(exception), fields.join(" "))
    });
    lines.collect()
}

/// The phases and reach the operator wrote.
fn phases(cluster: &ControlPlane) -> Table {
    let stored = json(
        &cluster
            .kubectl_ok(&["get", "devex", "-A", "-o", "json"])
            .unwrap(),
    );
    let lines = list(&stored, "items").iter().map(|exception| {
        let status = &exception["status"];
        let matched = status["matchedCount"].as_u64().unwrap_or_default();
        let mut named = exception["metadata"].clone();
        named["kind"] = Value::Null;
        (name(&named), format!("{} {matched}", status["phase"]))
    });
    lines.collect()
}

fn labels(cluster: &ControlPlane) -> BTreeMap<String, Labels> {
    let stored = json(
        &cluster
            .kubectl_ok(&["get", WATCHED, "-A", "-o", "json"])
            .unwrap(),
    );
    let labels = list(&stored, "items").iter().map(|object| {
        let mut named = object["metadata"].clone();
        named["kind"] = object["kind"].clone();
        (name(&named), own_labels(object))
    });
    labels.collect()
}

/// The labels a report's verdicts ask for.
fn labels_of(report: &Value) -> BTreeMap<String, Labels> {
    let labels = list(report, "workloads").iter().map(|workload| {
        let status = workload["status"].as_str().unwrap();
        let is_labelled = !["unscoped", "ignored"].contains(&status);
        let fields = [
            (keys::STATUS, "status"),
            (keys::EVALUATED_PATH, "path"),
            (keys::DEVIATION, "deviation"),
        ];
        let fields = fields
            .iter()
            .filter(|_| is_labelled)
            .filter_map(|(key, field)| {
                Some(((*key).to_owned(), workload[*field].as_str()?.to_owned()))
            });
        (name(workload), fields.collect())
    });
    labels.collect()
}

/// Services by state, as `/metrics` counts them, without empty states.
fn states(samples: &Samples) -> BTreeMap<String, u64> {
    let mut states = BTreeMap::new();
    for sample in samples.all("goldenpath_services", &[]) {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a small count
        let count = sample.value as u64;
        *states.entry(sample.labels["state"].clone()).or_default() += count;
    }
    states.retain(|_, count| *count > 0);
    states
}

fn states_of(report: &Value) -> BTreeMap<String, u64> {
    let states = report["summary"]["services"].as_object().unwrap();
    let states = states
        .iter()
        .map(|(state, count)| (state.clone(), count.as_u64().unwrap()));
    states.filter(|(_, count)| *count > 0).collect()
}

/// `why` agrees with the report on each workload.
fn explained(cluster: &ControlPlane, report: &Value) {
    for workload in list(report, "workloads").iter().step_by(5) {
        let text = |field: &str| workload[field].as_str().unwrap();
        let target = format!("{}/{}", text("kind"), text("name"));
        let why = ["why", &target, "-n", text("namespace"), "-o", "json"];
        let why = json(&goldenpath(cluster, &why));
        let why = if why["workloads"].is_array() {
            &why["workloads"][0]
        } else {
            &why
        };
        for field in FIELDS {
            assert_eq!(why[field], workload[field], "{field} of {target}");
        }
    }
}
