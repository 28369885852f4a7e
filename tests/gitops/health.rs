//! Health by conditions: as a table over hand-made statuses, and of every example as the operator writes it on a
//! real API server.

use std::time::Duration;

use goldenpath_e2e::{Operator, Options, eventually};
use serde_json::{Value, json};

use crate::checks::{KINDS, expressions, healths, script};
use crate::suite::{as_of_today, control_plane, operator_options};

const SOON: Duration = Duration::from_secs(120);

fn condition(kind: &str, status: &str) -> Value {
    json!({"type": kind, "status": status, "reason": "Read", "message": format!("{kind} is {status}."),
        "lastTransitionTime": "2026-03-01T00:00:00Z"})
}

/// An object in its second generation with a status, written as `observed=2 phase=Expired Ready=True`: the
/// generation that was read, the phase, conditions. `-` is no status at all.
fn object(kind: &str, status: &str) -> Value {
    let mut object = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": kind,
        "metadata": {"name": "web", "generation": 2}});
    let mut conditions = Vec::new();
    for (field, value) in status.split(' ').filter_map(|word| word.split_once('=')) {
        match field {
            "observed" => {
                object["status"]["observedGeneration"] = value.parse::<u64>().unwrap().into();
            }
            "phase" => object["status"]["phase"] = value.into(),
            kind => conditions.push(condition(kind, value)),
        }
    }
    if status != "-" {
        object["status"]["conditions"] = conditions.into();
    }
    object
}

/// Status | Argo CD | its message | kstatus | Flux with our expressions. kstatus waits for Ready=False until the
/// timeout, and takes what was not read yet for current.
const TABLE: &str = "
observed=2 Ready=True | Healthy | Ready is True. | Current | Current
observed=2 phase=Pending Ready=True | Healthy | Pending: Ready is True. | Current | Current
observed=2 phase=Expired Ready=True | Healthy | Expired: Ready is True. | Current | Current
observed=2 phase=Rejected Ready=True | Healthy | Rejected: Ready is True. | Current | Current
observed=2 Ready=False Stalled=True | Degraded | Stalled is True. | Failed | Failed
observed=2 Ready=False | Degraded | Ready is False. | InProgress | Failed
observed=2 Ready=Unknown | Progressing | not judged by goldenpath yet | InProgress | InProgress
observed=1 Ready=True | Progressing | the last change is not read by goldenpath yet | InProgress | InProgress
- | Progressing | not read by goldenpath yet | Current | asked again
| Progressing | not read by goldenpath yet | Current | InProgress
";

#[test]
fn health_follows_the_conditions_and_never_a_decision_of_people() {
    let rows: Vec<Vec<&str>> = TABLE
        .trim()
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    for kind in KINDS {
        let objects: Vec<Value> = rows.iter().map(|row| object(kind, row[0])).collect();
        let Some(found) = healths(&objects) else {
            return;
        };
        for (row, (found, object)) in rows.iter().zip(found.iter().zip(&objects)) {
            let seen = [
                &*found.argo,
                &found.argo_message,
                &found.kstatus,
                found.flux,
            ];
            assert_eq!(seen, row[1..], "{object:#}");
        }
    }
}

#[test]
fn every_kind_has_the_same_checks() {
    for kind in KINDS {
        assert_eq!(script(kind), script("GoldenPath"), "{kind}");
        assert_eq!(expressions(kind), expressions("GoldenPath"), "{kind}");
    }
}

/// A path of which no check compiles.
const BROKEN: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: broken}
spec:
  owner: {team: platform}
  scope: {kinds: [{group: apps, kind: Deployment}]}
  checks:
  - {name: typo, expression: object.spec.replicas >== 2}
";

/// Every object of a kind with a status for its generation.
fn read(cluster: &goldenpath_e2e::ControlPlane, kind: &str, count: usize) -> Vec<Value> {
    eventually(SOON, &format!("the operator has read every {kind}"), || {
        let list = cluster
            .kubectl_ok(&["get", kind, "--all-namespaces", "-o", "json"])
            .ok()?;
        let mut list: Value = serde_json::from_str(&list).ok()?;
        let objects = list["items"].as_array_mut()?;
        let is_read = |object: &Value| {
            object["status"]["observedGeneration"] == object["metadata"]["generation"]
        };
        (objects.len() == count && objects.iter().all(is_read)).then(|| std::mem::take(objects))
    })
}

#[test]
fn every_example_is_healthy_as_the_operator_writes_it() {
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    cluster.apply(BROKEN).unwrap();
    for directory in ["paths", "workloads", "exceptions"] {
        let files = as_of_today(&format!("examples/{directory}"));
        let files = files.to_str().unwrap();
        eventually(SOON, "the examples are applied", || {
            cluster
                .kubectl_ok(&["apply", "--server-side", "-f", files])
                .ok()
        });
    }
    let mut operator = Operator::start(&cluster, &operator_options(&[])).unwrap();
    operator.wait_until_ready(SOON).unwrap();
    let paths = read(&cluster, "goldenpaths", 4);
    let exceptions = read(&cluster, "deviationexceptions", 14);
    let Some(found) = healths(&[paths.clone(), exceptions.clone()].concat()) else {
        return;
    };
    let mut phases = std::collections::BTreeSet::new();
    for (object, health) in paths.iter().chain(&exceptions).zip(found) {
        let is_broken = object["metadata"]["name"] == "broken";
        let expected = if is_broken {
            ("Degraded", "Failed", "Failed")
        } else {
            ("Healthy", "Current", "Current")
        };
        let seen = (&*health.argo, &*health.kstatus, health.flux);
        assert_eq!(seen, expected, "{object:#}");
        assert!(!health.argo_message.is_empty(), "{object:#}");
        if let Some(phase) = object["status"]["phase"].as_str() {
            assert!(health.argo_message.starts_with(phase), "{health:?}");
            phases.insert(phase.to_owned());
        }
    }
    assert_eq!(phases.len(), 7, "{phases:?}");
}
