//! The warning and the report agree on every workload: on the examples, created and changed; and
//! every path that comes with goldenpath can generate warnings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use goldenpath_e2e::{ControlPlane, Options, eventually};
use serde_json::Value;

use crate::ground::{DEV, SOON, condition, in_force, prepared, start_warning, warnings};
use crate::suite;

/// Standings without a warning.
const SETTLED: [&str; 3] = ["documented", "review-due", "predates"];

fn files(directory: &str) -> Vec<PathBuf> {
    let found = fs::read_dir(suite::as_of_today(directory)).unwrap();
    let mut found: Vec<_> = found.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The paths of a directory, asking for warnings.
fn paths(directory: &str) -> String {
    let texts = files(directory).into_iter().map(|file| {
        fs::read_to_string(file)
            .unwrap()
            .replace("\nspec:\n", "\nspec:\n  warnOnApply: true\n")
    });
    texts.collect::<Vec<_>>().join("\n---\n")
}

/// `namespace/kind/name`, and its warning: the golden path and the steps, `2 of 3`.
type Said = BTreeMap<String, (String, String)>;

fn read(lines: &[String]) -> Said {
    let printed = lines.iter().map(|line| {
        let (path, rest) = line
            .strip_prefix("golden path ")
            .unwrap()
            .split_once(": ")
            .unwrap();
        let (steps, rest) = rest.split_once(" steps.").unwrap();
        let (_, command) = rest.split_once("goldenpath except ").unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[1], "-n", "{line}");
        (
            format!("{}/{}", words[2], words[0]),
            (path.to_owned(), steps.to_owned()),
        )
    });
    printed.collect()
}

fn report(cluster: &ControlPlane) -> Vec<Value> {
    let args = ["report", "-A", "-o", "json"];
    let output = suite::goldenpath(cluster.kubeconfig(), &args)
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["workloads"].as_array().unwrap().clone()
}

/// The warnings that the report leads to.
fn expected(workloads: &[Value], settled: &[&str]) -> Said {
    let deviating = workloads.iter().filter(|workload| {
        let standing = workload["deviation"].as_str().unwrap_or_default();
        workload["status"] == "deviating" && !settled.contains(&standing)
    });
    let expected = deviating.map(|workload| {
        let short = match workload["kind"].as_str().unwrap() {
            "Deployment" => "deploy",
            "StatefulSet" => "sts",
            "DaemonSet" => "ds",
            _ => "cj",
        };
        let text = |field: &str| workload[field].as_str().unwrap().to_owned();
        let steps = &workload["steps"];
        (
            format!("{}/{short}/{}", text("namespace"), text("name")),
            (
                text("path"),
                format!("{} of {}", steps["passed"], steps["of"]),
            ),
        )
    });
    expected.collect()
}

#[test]
fn the_warning_and_the_report_agree_on_every_example() {
    let Some(cluster) = prepared(Options::default()) else {
        return;
    };
    let operator = start_warning(&cluster);
    cluster.apply(&paths("examples/paths")).unwrap();
    for path in ["web-service", "stateful-service", "batch-job"] {
        condition(&cluster, path, ("True", "Installed"));
    }
    let apply = |text: &str| warnings(&cluster.apply_as(DEV, text).unwrap());
    let workloads: Vec<String> = files("examples/workloads")
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let probe = "{apiVersion: batch/v1, kind: CronJob, metadata: {name: probe, namespace: default}, \
        spec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, \
        containers: [{name: a, image: a}]}}}}}}";
    in_force(&cluster, probe);
    cluster.kubectl_ok(&["delete", "cronjob", "probe"]).unwrap();
    let created: Vec<String> = workloads.iter().flat_map(|text| apply(text)).collect();
    let created = read(&created);
    for file in files("examples/exceptions") {
        cluster.apply(&fs::read_to_string(file).unwrap()).unwrap();
    }
    settled(&cluster, &operator);
    let judged = report(&cluster);
    assert_eq!(created, expected(&judged, &[]), "as they are created");

    let mut changed = Vec::new();
    for file in files("examples/workloads") {
        let file = file.to_str().unwrap();
        let change = ["annotate", "--overwrite", "-f", file, "example.com/round=2"];
        changed.extend(warnings(&cluster.kubectl_as(DEV, &change).unwrap()));
    }
    assert_eq!(
        read(&changed),
        expected(&judged, &SETTLED),
        "as they are changed"
    );
    let paths: BTreeSet<_> = read(&changed).into_values().map(|(path, _)| path).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    drop(operator);
}

/// Waits until every workload carries the labels its verdict asks for.
fn settled(cluster: &ControlPlane, operator: &goldenpath_e2e::Operator) {
    eventually(SOON, "every label agrees with the report", || {
        let labelled = cluster
            .kubectl_ok(&["get", "deploy,sts,ds,cj", "-A", "-o", "json"])
            .ok()?;
        let stored: Value = serde_json::from_str(&labelled).ok()?;
        let (status, body) = operator.get("/api/v1/report").ok()?;
        assert_eq!(status, 200);
        let report: Value = serde_json::from_str(&body).ok()?;
        let judged: BTreeMap<String, (&str, &str)> = report["workloads"]
            .as_array()?
            .iter()
            .map(|workload| {
                let text = |field: &str| workload[field].as_str().unwrap_or_default();
                let key = format!("{}/{}/{}", text("namespace"), text("kind"), text("name"));
                (key, (text("status"), text("deviation")))
            })
            .collect();
        let items = stored["items"].as_array()?;
        let agrees = items.iter().all(|object| {
            let metadata = &object["metadata"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
            let key = format!("{namespace}/{}/{name}", text(&object["kind"]));
            let label = |key: &str| text(&metadata["labels"][format!("goldenpath.dev/{key}")]);
            judged.get(&key).is_some_and(|(status, deviation)| {
                let is_labelled = !["unscoped", "ignored"].contains(status);
                let status = if is_labelled { *status } else { "" };
                label("status") == status && label("deviation") == *deviation
            })
        });
        agrees.then_some(())
    });
}

#[test]
fn every_path_that_comes_with_goldenpath_can_be_warned_by() {
    let Some(cluster) = prepared(Options {
        controller_manager: true,
        ..Options::default()
    }) else {
        return;
    };
    let operator = start_warning(&cluster);
    cluster.apply(&paths("starter")).unwrap();
    let listed = cluster.kubectl_ok(&["get", "gp", "-o", "name"]).unwrap();
    assert_eq!(listed.lines().count(), 3);
    let type_checked = |name: &str| {
        let policy = format!("goldenpath-warn-{name}");
        let output = "-o=jsonpath={.status.observedGeneration}";
        let asked = ["get", "validatingadmissionpolicy", &policy, output];
        eventually(SOON, &format!("{name} was type-checked"), || {
            (!cluster.kubectl_ok(&asked).ok()?.is_empty()).then_some(())
        });
    };
    for line in listed.lines() {
        let (_, name) = line.split_once('/').unwrap();
        condition(&cluster, name, ("True", "Installed"));
        type_checked(name);
    }
    cluster.apply(&paths("examples/paths")).unwrap();
    for name in ["web-service", "stateful-service", "batch-job"] {
        type_checked(name);
        condition(&cluster, name, ("True", "Installed"));
    }
    a_field_that_does_not_exist_is_doubted(&cluster);
    drop(operator);
}

fn a_field_that_does_not_exist_is_doubted(cluster: &ControlPlane) {
    let slip = "
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: slip}
spec:
  owner: {team: platform}
  warnOnApply: true
  scope: {kinds: [{group: apps, kind: Deployment}]}
  checks:
  - {name: fine, expression: object.spec.replicas >= 2}
  - {name: slipped, expression: object.spec.replica >= 2}
";
    cluster.apply(slip).unwrap();
    let message = condition(cluster, "slip", ("True", "InstalledWithTypeWarnings"));
    assert_eq!(
        message,
        "Installed; the API server's type checker reports check 'slipped': undefined field \
         'replica'. Next: check that the expression reads fields that exist."
    );
}
