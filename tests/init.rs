//! `goldenpath init` on manifests, as a user runs it: the proposal judges the same manifests with
//! exactly the shares it announces, and nothing judged ends with 2.

#![allow(clippy::unwrap_used)]

#[path = "suite/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

/// A new directory that goes with the test's target directory.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("init")
        .join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn goldenpath(as_of: &str, args: &[&str], directory: &Path) -> Output {
    program::goldenpath(as_of, args, directory, "")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Of ten Deployments, as many do each thing as its number says.
fn deployment(n: usize) -> Value {
    let mut container = json!({"name": "web", "image": format!("registry.example.com/web:{n}")});
    if n < 8 {
        container["resources"] = json!({"limits": {"memory": "64Mi"}});
    }
    if n < 4 {
        container["securityContext"] = json!({"readOnlyRootFilesystem": true});
    }
    let mut pod = json!({"containers": [container]});
    if n == 9 {
        // A sidecar that the main container would hide.
        pod["initContainers"] = json!([{
            "name": "proxy",
            "image": "quay.io/proxy/proxy:latest",
            "restartPolicy": "Always",
            "ports": [{"containerPort": 15001}],
            "securityContext": {"privileged": true},
        }]);
    }
    let app = format!("app-{}", n / 2);
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": format!("web-{n}"), "namespace": "shop", "labels": {"app": app}},
        "spec": {
            "replicas": if n < 3 { 2 } else { 1 },
            "selector": {"matchLabels": {"app": app}},
            "template": {"metadata": {"labels": {"app": app}}, "spec": pod},
        },
    });
    if n < 9 {
        object["metadata"]["labels"]["example.com/squad"] = json!(format!("team-{}", n % 3));
    }
    object
}

fn cron_job(n: usize) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": format!("job-{n}"), "namespace": "jobs"},
        "spec": {
            "schedule": "5 4 * * *",
            "concurrencyPolicy": if n < 2 { "Forbid" } else { "Allow" },
            "jobTemplate": {"spec": {
                "activeDeadlineSeconds": 600,
                "template": {"spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "job", "image": "job:1"}],
                }},
            }},
        },
    })
}

fn write(objects: impl Iterator<Item = Value>, directory: &Path) {
    let text = objects.fold(String::new(), |mut text, object| {
        writeln!(text, "---\n{object}").unwrap();
        text
    });
    fs::write(directory.join("deploy.yaml"), text).unwrap();
}

/// What a proposal announces: workloads that pass and all, by path and check.
fn announced(text: &str) -> BTreeMap<(String, String), (usize, usize)> {
    let mut shares = BTreeMap::new();
    let (mut path, mut share) = (String::new(), None);
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("  name: ") {
            name.clone_into(&mut path);
        } else if let Some((pass, of)) = line
            .strip_prefix("  # ")
            .and_then(|line| line.split_once(" pass ("))
            .and_then(|(share, _)| share.split_once(" of "))
        {
            share = Some((pass.parse().unwrap(), of.parse().unwrap()));
        } else if let Some((name, share)) = line.strip_prefix("  - name: ").zip(share.take()) {
            shares.insert((path.clone(), name.to_owned()), share);
        }
    }
    shares
}

/// What a report judges, likewise.
fn judged(report: &Value) -> BTreeMap<(String, String), (usize, usize)> {
    let mut shares = BTreeMap::<_, (usize, usize)>::new();
    for workload in report["workloads"].as_array().unwrap() {
        for check in workload["checks"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let share = shares
                .entry((text(&workload["path"]), text(&check["name"])))
                .or_default();
            share.0 += usize::from(check["outcome"] == "pass");
            share.1 += 1;
        }
    }
    shares
}

/// The proposal for ten Deployments and three `CronJob`s, and what it notes on stderr.
fn proposal(directory: &Path) -> (String, String) {
    write(
        (0..10).map(deployment).chain((0..3).map(cron_job)),
        directory,
    );
    let init = goldenpath(
        "2026-03-01",
        &["init", "--from", ".", "--output-file", "init.yml"],
        directory,
    );
    assert_eq!(init.status.code(), Some(0), "{}", stderr(&init));
    assert_eq!(stdout(&init), "");
    let text = fs::read_to_string(directory.join("init.yml")).unwrap();
    (text, stderr(&init))
}

#[test]
fn a_report_by_the_proposal_has_exactly_its_shares() {
    let directory = directory("shares");
    let (text, _) = proposal(&directory);
    fs::rename(directory.join("init.yml"), directory.join("init.txt")).unwrap();
    let shares = announced(&text);
    // In 90 days the announced steps count too.
    let report = goldenpath(
        "2026-06-01",
        &[
            "report",
            "--from",
            "deploy.yaml",
            "--paths",
            "init.txt",
            "-o",
            "json",
        ],
        &directory,
    );
    let report: Value = serde_json::from_str(&stdout(&report)).unwrap();
    assert_eq!(report["problems"], json!([]));
    assert_eq!(judged(&report), shares);
    let share = |path: &str, check: &str| shares[&(path.to_owned(), check.to_owned())];
    assert_eq!(share("service", "memory-limit"), (8, 10));
    assert_eq!(share("service", "read-only-root"), (4, 10));
    assert_eq!(share("service", "owner"), (9, 10));
    assert_eq!(share("batch-job", "no-overlap"), (2, 3));
    for check in [
        "not-privileged",
        "pinned-image",
        "image-registry",
        "readiness-probe",
    ] {
        assert_eq!(
            share("service", check),
            (9, 10),
            "{check}: the sidecar counts"
        );
    }
}

#[test]
fn shares_decide_levels_and_notes_name_the_keys() {
    let (text, notes) = proposal(&directory("levels"));
    let steps: Vec<Value> = goldenpath_checks(&text);
    let step = |name: &str| steps.iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(step("memory-limit")["level"], "required");
    assert_eq!(step("memory-limit")["enforceFrom"], Value::Null);
    assert_eq!(
        step("read-only-root")["enforceFrom"],
        "2026-05-30T00:00:00Z"
    );
    assert_eq!(step("replicas")["level"], "recommended");
    for field in ["title", "action", "message", "remediation"] {
        assert!(
            steps.iter().all(|check| check[field].is_string()),
            "{field}"
        );
    }
    for note in [
        "owner: example.com/squad is on 9 of 13 workloads (3 teams); the keys in force are on none. Set \
         --team-from=example.com/squad (chart value judging.teamFrom).",
        "service: app is on 10 of 13 workloads (5 services); the keys in force are on none. Set \
         --service-from=app (chart value judging.serviceFrom).",
        "service: 5 shapes among 10 workloads; 40 % share this one: every step but ",
    ] {
        assert!(notes.contains(note), "{note}\n{notes}");
    }
}

/// The checks of the first path.
fn goldenpath_checks(text: &str) -> Vec<Value> {
    let first = text.split("---\n").nth(1).unwrap();
    let path: Value = serde_saphyr::from_str(first).unwrap();
    path["spec"]["checks"].as_array().unwrap().clone()
}

#[test]
fn thresholds_are_flags_and_json_is_one_list() {
    let directory = directory("thresholds");
    write((0..10).map(deployment), &directory);
    let args = ["init", "--from", ".", "-o", "json", "--require-at", "100"];
    let more = ["--announce-at", "90", "--announce-for", "30d"];
    let init = goldenpath("2026-03-01", &[&args[..], &more].concat(), &directory);
    let list: Value = serde_json::from_str(&stdout(&init)).unwrap();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let checks = list["items"][0]["spec"]["checks"].as_array().unwrap();
    let named = |name: &str| checks.iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(
        named("not-privileged")["enforceFrom"],
        "2026-03-31T00:00:00Z"
    );
    assert_eq!(named("memory-limit")["level"], "recommended");
    assert_eq!(named("graceful-stop")["enforceFrom"], Value::Null);
}

#[test]
fn nothing_judged_and_a_file_that_is_there_end_with_2() {
    let directory = directory("nothing");
    fs::write(
        directory.join("map.yaml"),
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
    )
    .unwrap();
    let empty = goldenpath("2026-03-01", &["init", "--from", "."], &directory);
    assert_eq!(empty.status.code(), Some(2));
    assert_eq!(stdout(&empty), "");
    assert!(stderr(&empty).contains("no workload to judge; passed over: 1 of other kinds"));
    write((0..1).map(deployment), &directory);
    let args = ["init", "--from", ".", "--output-file", "map.yaml"];
    let written = goldenpath("2026-03-01", &args, &directory);
    assert_eq!(written.status.code(), Some(2), "{}", stderr(&written));
    assert!(
        fs::read_to_string(directory.join("map.yaml"))
            .unwrap()
            .contains("ConfigMap")
    );
}
