//! The life of a release on a real API server, with both Helm versions: upgrade from the previous
//! chart, change values, roll back, uninstall. Golden paths and exceptions survive all of it.

use std::time::Duration;

use goldenpath_e2e::{ControlPlane, Options, Tool, control_plane_or_skip, eventually};
use serde_json::Value;

use crate::helm::{GENERATIONS, Helm, NAMESPACE, chart, on_disk};

const SOON: Duration = Duration::from_secs(60);
const PREVIOUS: &str = "tests/fixtures/chart/goldenpath-0.1.0.tgz";
/// Every kind of object the chart has, but the definitions.
const KINDS: &str = "deployments,services,serviceaccounts,roles,rolebindings,clusterroles,\
    clusterrolebindings,networkpolicies,poddisruptionbudgets,configmaps,pods,\
    validatingadmissionpolicies,validatingadmissionpolicybindings";
/// As the definitions of the older chart have it.
const WRITTEN_DOWN: &str = r"
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web}
spec:
  title: Web service
  owner: {team: platform}
  checks: [{name: spread, title: It runs more than once, expression: object.spec.replicas > 1, message: one replica}]
---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: web-spread, namespace: default}
spec:
  path: web
  checks: [spread]
  targets: [{kind: Deployment, name: web}]
  category: Experiment
  disposition: Waiver
  reason: An experiment that nobody depends on yet.
  owner: {team: web}
  requestedBy: mira
  ownershipCost: {hoursPerMonth: 1}
";
/// Values that bring an object of every kind.
const MORE: [&str; 10] = [
    "--set",
    "replicaCount=2",
    "--set",
    "networkPolicy.enabled=true",
    "--set",
    "dashboards.enabled=true",
    "--set",
    "labels.enabled=false",
    "--set-json",
    r#"rbac.approvers=[{"name": "p", "paths": ["web-service"], "groups": ["platform"]}]"#,
];

#[test]
fn a_release_is_upgraded_changed_rolled_back_and_removed_by_helm_4() {
    live_through(Tool::Helm);
}

#[test]
fn a_release_is_upgraded_changed_rolled_back_and_removed_by_helm_3() {
    live_through(Tool::Helm3);
}

fn live_through(tool: Tool) {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let Some(helm) = Helm::or_skip(tool, &cluster) else {
        return;
    };
    let old = on_disk(PREVIOUS);
    let install = ["install", "goldenpath", &old, "--create-namespace"];
    helm.run(&[&install[..], &["--set", "judging.teamFrom={squad}"]].concat());
    write_something_down(&cluster);
    let before = release(&cluster);
    assert_eq!(ports(&before), ["http"]);

    older_values_are_not_mistaken_for_all(&helm);
    helm.run(&["upgrade", "goldenpath", &chart()]);
    let upgraded = release(&cluster);
    assert_eq!(ports(&upgraded), ["http", "metrics"]);
    assert!(args(&upgraded).contains(&"--metrics-listen=0.0.0.0:8081".to_owned()));
    assert!(args(&upgraded).contains(&"--team-from=squad".to_owned()));

    let change = ["upgrade", "goldenpath", &chart(), "--reuse-values"];
    helm.run(&[&change[..], &MORE[..]].concat());
    let changed = release(&cluster);
    for kind in ["NetworkPolicy", "PodDisruptionBudget", "ConfigMap"] {
        assert!(!named(&changed, kind).is_empty(), "{kind}");
    }
    assert_eq!(deployment(&changed)["spec"]["replicas"], 2);
    assert!(args(&changed).contains(&"--labels=off".to_owned()));

    helm.run(&["rollback", "goldenpath", "1"]);
    let back = release(&cluster);
    assert_eq!(all(&back), all(&before));
    assert_eq!(args(&back), args(&before));
    assert_eq!(ports(&back), ["http"]);

    helm.run(&["upgrade", "goldenpath", &chart()]);
    helm.run(&["uninstall", "goldenpath"]);
    assert_eq!(all(&release(&cluster)), [""; 0]);
    what_was_written_down_is_still_there(&cluster);
}

/// With values of the chart before reused as if they were all of this one's, half a pod would come
/// out of it.
fn older_values_are_not_mistaken_for_all(helm: &Helm<'_>) {
    let printed = helm.refusal(&["upgrade", "goldenpath", &chart(), "--reuse-values"]);
    assert!(printed.contains("--reset-then-reuse-values"), "{printed}");
}

fn write_something_down(cluster: &ControlPlane) {
    eventually(SOON, "the definitions are served", || {
        cluster.kubectl_ok(&["get", "gp,devex", "-A"]).ok()
    });
    cluster.apply(WRITTEN_DOWN).unwrap();
}

fn what_was_written_down_is_still_there(cluster: &ControlPlane) {
    for object in ["gp/web", "devex/web-spread"] {
        let there = cluster.kubectl_ok(&["get", object, "-n", "default", "-o", "name"]);
        assert!(there.is_ok(), "{there:?}");
    }
}

/// What the release consists of.
fn release(cluster: &ControlPlane) -> Vec<Value> {
    let args = [
        "get",
        KINDS,
        "-A",
        "-l",
        "app.kubernetes.io/instance=goldenpath",
        "-o",
        "json",
    ];
    let mut list: Value = serde_json::from_str(&cluster.kubectl_ok(&args).unwrap()).unwrap();
    match list["items"].take() {
        Value::Array(items) => items,
        other => panic!("a list has items, not {other}"),
    }
}

fn named(objects: &[Value], kind: &str) -> Vec<String> {
    let of_kind = objects.iter().filter(|object| object["kind"] == kind);
    of_kind
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Kind and name of each, in order.
fn all(objects: &[Value]) -> Vec<String> {
    let mut all: Vec<String> = objects
        .iter()
        .map(|object| format!("{} {}", object["kind"], object["metadata"]["name"]))
        .collect();
    all.sort();
    all
}

fn deployment(objects: &[Value]) -> &Value {
    let mut deployments = objects
        .iter()
        .filter(|object| object["kind"] == "Deployment");
    deployments.next().expect("there is a Deployment")
}

fn args(objects: &[Value]) -> Vec<String> {
    let container = &deployment(objects)["spec"]["template"]["spec"]["containers"][0];
    serde_json::from_value(container["args"].clone()).unwrap()
}

/// Names of the ports of the Service.
fn ports(objects: &[Value]) -> Vec<String> {
    let service = objects.iter().find(|object| object["kind"] == "Service");
    let ports = service.unwrap()["spec"]["ports"].as_array().unwrap().iter();
    ports
        .map(|port| port["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn definitions_that_were_there_before_are_taken_over() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    for tool in GENERATIONS {
        let Some(helm) = Helm::or_skip(tool, &cluster) else {
            return;
        };
        let name = tool.as_str();
        let crds = on_disk("crds");
        let apply = ["apply", "--server-side", "--force-conflicts", "-f", &crds];
        cluster.kubectl_ok(&apply).unwrap();
        let install = ["install", name, &chart(), "--create-namespace"];
        let printed = helm.refusal(&install);
        assert!(printed.contains("goldenpath.dev"), "{printed}");
        helm.run(&[&install[..], &["--take-ownership"]].concat());
        helm.run(&["uninstall", name]);
    }
}

#[test]
fn what_helm_renders_is_applied_and_stays_as_it_is() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let create = ["create", "namespace", NAMESPACE];
    cluster.kubectl_ok(&create).unwrap();
    for tool in GENERATIONS {
        let Some(helm) = Helm::offline_or_skip(tool) else {
            return;
        };
        let template = ["template", "goldenpath", &chart(), "--skip-tests"];
        let manifests = helm.run(&[&template[..], &MORE[..]].concat());
        assert!(!manifests.contains("kind: Pod\n"));
        let file = cluster.data_dir().join(format!("{}.yaml", tool.as_str()));
        std::fs::write(&file, manifests).unwrap();
        let file = file.to_str().unwrap();
        let apply = ["apply", "--server-side", "-f", file];
        cluster.kubectl_ok(&apply).unwrap();
        // Both Helms render the same, and the server stores what was applied.
        let same = ["diff", "--server-side", "-f", file];
        let answer = cluster.kubectl(&same).unwrap();
        let differs = String::from_utf8_lossy(&answer.stdout);
        assert!(answer.status.success(), "{differs}");
    }
}
