//! Inputs as people really have them, read by the program as a user runs it: what each of them used to
//! be taken for, and what it means.

#![allow(clippy::unwrap_used)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const PATH: &str = "---
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  title: Web service
  owner: {team: platform}
  checks:
  - {name: pinned-image, title: Images have a fixed tag, expression: \"!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))\"}
";

/// `goldenpath ARGS` with `input` on standard input.
fn goldenpath(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", "2026-03-01"])
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn printed(args: &[&str], input: &str) -> String {
    String::from_utf8(goldenpath(args, input).stdout).unwrap()
}

fn report(input: &str) -> Value {
    serde_json::from_str(&printed(&["scan", "-", "-o", "json"], input)).unwrap()
}

/// A file that goes with the test.
struct Manifest(PathBuf);

impl Manifest {
    fn of(test: &str, content: &str) -> Self {
        let name = format!("goldenpath-{test}-{}.yaml", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, content).unwrap();
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Manifest {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn problems(report: &Value) -> Vec<&str> {
    report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["message"].as_str().unwrap())
        .collect()
}

/// A Deployment of one container; `metadata` is more than its name.
fn deployment(name: &str, metadata: &str) -> String {
    format!(
        "---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
{metadata}spec:
  selector: {{matchLabels: {{a: b}}}}
  template:
    metadata: {{labels: {{a: b}}}}
    spec: {{containers: [{{name: c, image: 'example.com/c:latest'}}]}}
"
    )
}

#[test]
fn a_date_the_api_server_refuses_is_refused() {
    let exception = "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: never}
spec:
  path: web-service
  checks: [pinned-image]
  targets: [{kind: Deployment, name: web}]
  reason: Vendor publishes only the tag latest for it
  owner: {team: shop}
  ownershipCost: {hoursPerMonth: 1}
  expiresAt: \"9999-12-31T23:59:59Z\"
";
    let input = format!("{PATH}{}{exception}", deployment("web", ""));
    let output = goldenpath(&["scan", "-", "-o", "json"], &input);
    assert_eq!(output.status.code(), Some(2));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        problems(&report),
        [
            "DeviationException never cannot be used: spec.expiresAt: '9999-12-31T23:59:59Z' is not \
             accepted: write a date in the years 1 to 9998, such as 2026-03-01T09:00:00Z"
        ]
    );
}

#[test]
fn a_scope_condition_that_fails_is_reported_with_a_count_and_an_example() {
    let conditions = "  scope: {matchConditions: [{name: tier, expression: \"object.metadata.labels['tier'] == 'web'\"}]}\n";
    let mut input = format!("{PATH}{conditions}");
    for name in ["one", "two", "three"] {
        input += &deployment(name, "");
    }
    input += &deployment("other", "  labels: {tier: batch}\n");
    let found = report(&input);
    assert_eq!(
        problems(&found),
        [
            "path web-service, matchCondition 'tier': fails on 3 workloads and leaves them out of the \
             scope, such as default/Deployment/one: no such key: labels"
        ]
    );
    let file = Manifest::of("scope", &input);
    let why = printed(&["why", "deploy/two", "--from", file.path()], "");
    let note = "Note   the matchCondition 'tier' of path web-service fails on it, so it is not in the \
                path's scope: ";
    assert!(why.contains(note), "{why}");
    let silent = report(&format!(
        "{PATH}{conditions}{}",
        deployment("other", "  labels: {tier: batch}\n")
    ));
    assert_eq!(problems(&silent), [""; 0]);
}

#[test]
fn a_label_that_looks_like_a_float_is_a_text() {
    let found = report(&format!(
        "{PATH}{}",
        deployment("web", "  labels: {commit: 4e51289}\n")
    ));
    assert_eq!(problems(&found), [""; 0]);
    assert_eq!(found["workloads"][0]["status"], "deviating");
}

#[test]
fn teams_are_trimmed() {
    let mut input = PATH.to_owned();
    input += &deployment("one", "  annotations: {goldenpath.dev/team: payments}\n");
    input += &deployment(
        "two",
        "  annotations:\n    goldenpath.dev/team: |\n      payments\n",
    );
    input += &deployment(
        "three",
        "  annotations: {goldenpath.dev/team: '  ', team: ' payments '}\n",
    );
    let found = report(&input);
    let workloads = found["workloads"].as_array().unwrap();
    let teams: Vec<&Value> = workloads.iter().map(|workload| &workload["team"]).collect();
    assert_eq!(teams, ["payments"; 3]);
}

#[test]
fn exceptions_that_cost_nothing_cost_0_hours() {
    for hours in ["1", "-0.0"] {
        let exception = format!(
            "---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {{name: e1, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z'}}
spec:
  path: web-service
  checks: [pinned-image]
  targets: [{{kind: Deployment, name: gone}}]
  reason: Vendor publishes only the tag latest for it
  owner: {{team: shop}}
  ownershipCost: {{hoursPerMonth: {hours}}}
"
        );
        let file = Manifest::of(
            "hours",
            &format!("{PATH}{}{exception}", deployment("web", "")),
        );
        let text = printed(&["exceptions", "--from", file.path()], "");
        assert!(text.contains("those in use cost 0 hours a month"), "{text}");
        assert!(!text.contains("-0"), "{text}");
    }
}
