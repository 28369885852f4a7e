//! One judgement, many surfaces: an offline scan, the live report, `why`, labels, statuses and
//! `/metrics` agree on the same fifty workloads and their exceptions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use goldenpath::api::keys;
use goldenpath::manifests::examples::moved;
use goldenpath_e2e::{ControlPlane, Options, Samples, eventually};
use jiff::Timestamp;
use serde_json::Value;

use crate::stage::{Labels, SOON, goldenpath, own_labels, start, stop};
use crate::suite::{as_of_today, control_plane};

const EXAMPLES: [&str; 4] = [
    "examples/paths",
    "examples/workloads",
    "examples/exceptions",
    "examples/objectives",
];
/// Personas and roadmap items for the examples.
const ROADMAP: &str = "docs/roadmap-example.yaml";
const SURVEY: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: DeveloperSurvey
metadata: {name: spring}
spec:
  period: {from: '2026-01-01T00:00:00Z', to: '2026-04-01T00:00:00Z'}
  questionSet: space-1
  invited: 80
  groups:
  - {name: shop, responses: 20, nps: {promoters: 9, passives: 6, detractors: 5}, space: {satisfaction: 3.9}}
";
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
    let mut copies: Vec<String> = EXAMPLES
        .iter()
        .map(|directory| as_of_today(directory).display().to_string())
        .collect();
    copies.push(goals());
    let examples: Vec<&str> = copies.iter().map(String::as_str).collect();
    for directory in examples.iter().copied() {
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
    for section in ["objectives", "surveys", "roadmap", "personas"] {
        assert!(
            live["summary"].get(section).is_some(),
            "{section} of a cluster without an operator"
        );
    }
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
    eventually(SOON, "the operator's report is that of the command", || {
        let live = json(&goldenpath(&cluster, &["report", "-o", "json"]));
        let served = json(&operator.get("/api/v1/report").unwrap().1);
        assert_eq!(workloads(&served), workloads(&live));
        assert_eq!(exceptions(&served), exceptions(&live));
        (summary(&served) == summary(&live)).then_some(())
    });
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

/// The numbers without the empty namespaces, of which a cluster has more, and without the times of measuring.
fn summary(report: &Value) -> Value {
    let mut summary = report["summary"].clone();
    summary["namespacesTotal"] = Value::Null;
    for objective in summary["objectives"].as_array_mut().unwrap() {
        for key_result in objective["keyResults"].as_array_mut().unwrap() {
            let key_result = key_result.as_object_mut().unwrap();
            key_result.remove("lastMeasuredAt");
            // Why there is no figure depends on what was asked to record rollouts.
            key_result.remove("message");
        }
    }
    summary
}

/// Roadmap, personas and a survey as a file, with the dates of the examples moved.
fn goals() -> String {
    let roadmap = Path::new(env!("CARGO_MANIFEST_DIR")).join(ROADMAP);
    let roadmap = moved(&fs::read_to_string(roadmap).unwrap(), Timestamp::now());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agreement-goals.yaml");
    fs::write(&file, format!("{roadmap}\n---{SURVEY}")).unwrap();
    file.display().to_string()
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
