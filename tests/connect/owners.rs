//! A team that the configured keys find satisfies the owner check of a path, for every command: on
//! files, on a live cluster with paths from a file, with the cluster's own paths, and in a preview.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::ground::{cluster, directory, goldenpath};

/// As the owner check of the examples is marked; the operator's keys replace its expression.
const PATH: &str = "---
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: owned, annotations: {goldenpath.dev/owner-check: owner}}
spec:
  owner: {team: platform}
  scope: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: owners}}}
  checks:
  - {name: owner, expression: \"has(object.metadata.annotations) && 'goldenpath.dev/team' in object.metadata.annotations\"}
";

const SQUAD: &str = "example.com/squad";

/// Three Deployments: with a squad, with a team as label, and with neither.
fn deployments() -> String {
    let deployment = |name: &str, label: &str| {
        format!(
            "---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: owners, labels: {{{label}}}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: web, image: 'registry.example.com/web:1'}}]}}
"
        )
    };
    deployment("of-a-squad", "example.com/squad: till")
        + &deployment("of-a-team", "team: shop")
        + &deployment("of-no-one", "a: b")
}

/// The workloads whose owner check passes, in a report.
fn owned(kubeconfig: &Path, args: &[&str]) -> Vec<String> {
    let report = json(kubeconfig, args);
    let workloads = report["workloads"].as_array().unwrap();
    let is_owned = |workload: &Value| {
        let checks = workload["checks"].as_array().unwrap();
        let owner = checks.iter().find(|check| check["name"] == "owner");
        owner.unwrap()["outcome"] == "pass"
    };
    let mut names: Vec<String> = workloads
        .iter()
        .filter(|workload| is_owned(workload))
        .map(|workload| workload["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn json(kubeconfig: &Path, args: &[&str]) -> Value {
    let args = [args, &["-o", "json"]].concat();
    let output = goldenpath(kubeconfig, &args).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?}: {output:?}"))
}

#[test]
fn an_owner_by_the_configured_keys_satisfies_the_owner_check_everywhere() {
    let Some(cluster) = cluster() else { return };
    let kubeconfig = cluster.kubeconfig();
    let here = directory("owners");
    let file = |name: &str, text: &str| {
        let file = here.join(name);
        fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: owners, labels: {kubernetes.io/metadata.name: owners}}\n";
    let manifests = file("manifests.yaml", &(namespace.to_owned() + &deployments()));
    let path = file("path.yaml", PATH);
    cluster.apply(namespace).unwrap();
    cluster.apply(&deployments()).unwrap();
    for (team_from, expected) in [
        (SQUAD, vec!["of-a-squad"]),
        ("goldenpath.dev/team,team", vec!["of-a-team"]),
        ("example.com/squad,team", vec!["of-a-squad", "of-a-team"]),
    ] {
        let keys = ["--team-from", team_from];
        let scan = [&["scan", &manifests, "--paths", &path][..], &keys].concat();
        assert_eq!(owned(kubeconfig, &scan), expected, "{scan:?}");
        let report = [&["report", "-n", "owners", "--paths", &path][..], &keys].concat();
        assert_eq!(owned(kubeconfig, &report), expected, "{report:?}");
        let preview = [&["preview", &path, "-n", "owners"][..], &keys].concat();
        let then = &json(kubeconfig, &preview)["paths"][0]["then"];
        assert_eq!(then["onPath"], expected.len(), "{preview:?}");
        assert_eq!(then["services"], 3, "{preview:?}");
    }
    // The paths we ship, and the cluster's own paths.
    for example in ["web-service", "stateful-service", "batch-job"] {
        let file = format!("examples/paths/{example}.yaml");
        let path = fs::read_to_string(&file).unwrap();
        assert!(path.contains("goldenpath.dev/owner-check: owner"), "{file}");
    }
    cluster.apply(PATH).unwrap();
    let report = ["report", "-n", "owners", "--team-from", SQUAD];
    assert_eq!(owned(kubeconfig, &report), ["of-a-squad"]);
    cluster
        .kubectl_ok(&["delete", "goldenpath", "owned"])
        .unwrap();
    cluster
        .kubectl_ok(&["delete", "namespace", "owners", "--wait=false"])
        .unwrap();
}
