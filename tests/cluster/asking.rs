//! `report` and `why` against a live cluster with nothing installed, and the demo.

use std::process::Output;

use goldenpath_e2e::{
    ControlPlane, Options, Tool, User, binaries_or_skip, control_plane_or_skip, eventually,
};

use crate::ground::{SOON, deployment};
use crate::suite;

const MAY_LIST_DEPLOYMENTS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: lister}
rules: [{apiGroups: [apps], resources: [deployments], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: lister}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lister}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: visitor}]
";

/// The platform team's own kinds, of which few may list all.
const GOALS: [&str; 4] = [
    "PlatformObjective",
    "DeveloperSurvey",
    "RoadmapItem",
    "Persona",
];

/// Runs a command as somebody; their kubeconfig is the only one it can find.
fn goldenpath(cluster: &ControlPlane, user: &str, args: &[&str]) -> Output {
    suite::goldenpath(&cluster.kubeconfig_for(user).unwrap(), args)
        .output()
        .unwrap()
}

#[test]
fn a_cluster_without_anything_installed_is_judged_by_list_rights_alone() {
    let options = Options {
        users: vec![User::new("visitor", &[]).unwrap()],
        ..Options::default()
    };
    let Some(cluster) = control_plane_or_skip(&options) else {
        return;
    };
    cluster.apply(MAY_LIST_DEPLOYMENTS).unwrap();
    cluster.apply(&deployment("default", "web", 1)).unwrap();
    let args = ["report", "--paths", "starter", "-o", "json"];
    let report = eventually(SOON, "the right is in force", || {
        let output = goldenpath(&cluster, "visitor", &args);
        assert!(output.status.success(), "{output:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        (report["workloads"].as_array()?.len() == 1).then_some(report)
    });
    assert_eq!(report["workloads"][0]["name"], "web");
    assert_eq!(report["workloads"][0]["path"], "web-service", "{report:#}");
    assert_eq!(report["workloads"][0]["status"], "deviating");
    let problems = report["problems"].to_string();
    assert!(problems.contains("StatefulSet") && problems.contains("may not be listed"));
    let notes = report["problems"].as_array().unwrap();
    for kind in GOALS {
        let mut found = notes.iter().filter(|note| note["source"] == kind);
        let message = found.next().unwrap()["message"].as_str().unwrap();
        assert!(message.starts_with("may not be listed by you"), "{message}");
    }
    let why = ["why", "deploy/web", "--paths", "starter"];
    let output = goldenpath(&cluster, "visitor", &why);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("web"),
        "{output:?}"
    );
    let absent = goldenpath(&cluster, "visitor", &["why", "sts/web", "--paths=starter"]);
    let printed = String::from_utf8_lossy(&absent.stderr);
    assert!(
        printed.contains("no sts/web in namespace default"),
        "{printed}"
    );
    assert_eq!(absent.status.code(), Some(2));
    let during = crate::ground::requests_during(&cluster, || {
        goldenpath(&cluster, "visitor", &args);
    });
    assert_eq!(during.writes("deployments"), 0);
}

const ITEM: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: RoadmapItem
metadata: {name: registry}
spec: {title: A registry of our own, horizon: Now}
---
apiVersion: goldenpath.dev/v1alpha1
kind: PlatformObjective
metadata: {name: easy-path}
spec:
  objective: Deviations have an owner
  owner: {team: platform}
  period: {from: '2026-01-01T00:00:00Z', to: '2099-01-01T00:00:00Z'}
  keyResults:
  - {name: accounted, source: {builtin: AccountedRatio}, baseline: 0, target: 1, unit: ratio}
  - {name: lead-time, source: {builtin: LeadTime}, baseline: 72, target: 4, unit: hours}
  - {name: portal, source: {promql: portal_users}, baseline: 0, target: 100}
";

/// Without an operator, and without the definition of one kind.
#[test]
fn a_cluster_without_an_operator_is_measured_and_a_missing_definition_is_a_note() {
    let Some(cluster) = crate::ground::cluster() else {
        return;
    };
    cluster.apply(&crate::ground::path("web")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    cluster.apply(ITEM).unwrap();
    let crd = "personas.goldenpath.dev";
    cluster.kubectl_ok(&["delete", "crd", crd]).unwrap();
    let json = |args: &[&str]| -> serde_json::Value {
        let output = goldenpath(&cluster, "admin", args);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let report = eventually(SOON, "the missing definition is a note", || {
        let report = json(&["report", "-o", "json"]);
        let mut notes = report["problems"].as_array()?.iter();
        let note = notes.find(|note| note["source"] == "Persona")?;
        let message = note["message"].as_str()?;
        message
            .starts_with("is not installed")
            .then(|| report.clone())
    });
    assert_eq!(report["summary"]["roadmap"]["items"][0]["name"], "registry");
    assert!(report["summary"].get("personas").is_none());
    let of = |document: &serde_json::Value, pointer: &str| {
        let found = document.pointer(pointer);
        found.map_or(String::new(), ToString::to_string)
    };
    let here = "/summary/objectives/0/keyResults";
    assert_eq!(of(&report, &format!("{here}/0/current")), "1.0");
    assert!(of(&report, &format!("{here}/1/message")).contains("goldenpath objectives reads them"));
    assert!(of(&report, &format!("{here}/2/message")).contains("--prometheus-url"));
    // A part of the cluster says nothing about all of it; a command for objectives reads rollouts.
    let part = json(&["report", "-n", "default", "-o", "json"]);
    assert_eq!(of(&part, &format!("{here}/0/current")), "");
    assert!(of(&part, &format!("{here}/0/message")).contains("only a part of the cluster"));
    let objectives = json(&["objectives", "-o", "json"]);
    let message = of(&objectives, "/objectives/0/keyResults/1/message");
    let is_read = message.contains("Not measured") && !message.contains("were not read");
    assert!(is_read, "{message}");
    // What an operator stored is shown as it is.
    let stored = r#"{"status": {"keyResults": [{"name": "accounted", "current": 0.25}]}}"#;
    let patch = [
        "patch",
        "okr",
        "easy-path",
        "--subresource=status",
        "--type=merge",
        "-p",
        stored,
    ];
    cluster.kubectl_ok(&patch).unwrap();
    let report = json(&["report", "-o", "json"]);
    assert_eq!(of(&report, &format!("{here}/0/current")), "0.25");
    assert_eq!(of(&report, &format!("{here}/1/message")), "");
}

const RECORD: &str = "
apiVersion: goldenpath.dev/v1alpha1
kind: DeliveryRecord
metadata: {name: deployment-web, namespace: default}
spec: {workload: {group: apps, kind: Deployment, name: web}}
";

#[test]
fn the_contrast_is_read_from_records() {
    let Some(cluster) = crate::ground::cluster() else {
        return;
    };
    cluster.apply(&crate::ground::path("web")).unwrap();
    cluster.apply(&deployment("default", "web", 2)).unwrap();
    let contrast = || -> serde_json::Value {
        let output = goldenpath(&cluster, "admin", &["report", "--contrast", "-o", "json"]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let message = contrast()["message"].to_string();
    assert!(message.contains("--delivery"), "{message}");
    cluster.apply(RECORD).unwrap();
    let today = jiff::Timestamp::now().to_string();
    let status = serde_json::json!({"status": {"days": [{
        "day": today[..10], "standing": "golden-path", "counts": {"rollouts": 2, "visible": 2},
    }]}});
    let patch = [
        "patch",
        "dlv",
        "deployment-web",
        "--subresource=status",
        "--type=merge",
        "-p",
    ];
    let status = status.to_string();
    let args: Vec<&str> = patch.into_iter().chain([status.as_str()]).collect();
    cluster.kubectl_ok(&args).unwrap();
    let contrast = contrast();
    let side = &contrast["contrast"]["windows"][0]["goldenPath"];
    assert_eq!(side["rollouts"], 2, "{contrast:#}");
    let withheld = serde_json::json!({"reason": "FewServices", "have": 1, "need": 5});
    assert_eq!(side["changeFailRatio"]["withheld"], withheld);
    let output = goldenpath(&cluster, "admin", &["report", "--contrast"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("withheld: needs 5 services, has 1"),
        "{printed}"
    );
}

#[test]
fn a_cluster_without_paths_gets_a_next_step() {
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let output = goldenpath(&cluster, "admin", &["report"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("--paths starter"), "{output:?}");
    // Without the definitions, commands about exceptions say how to install them.
    for args in [&["approve", "x"][..], &["close", "x"]] {
        let output = goldenpath(&cluster, "admin", args);
        let printed = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{printed}");
        let hint = "hint: install the definitions: goldenpath crds | kubectl apply -f -";
        assert!(printed.contains(hint), "{args:?}: {printed}");
    }
    for args in [&["inbox"][..], &["exceptions"], &["report"]] {
        let output = goldenpath(&cluster, "admin", args);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(
            printed.contains("GoldenPath: is not installed"),
            "{args:?}: {output:?}"
        );
    }
}

#[test]
fn the_demo_shows_every_example() {
    if binaries_or_skip(&Tool::CONTROL_PLANE).is_none() {
        return;
    }
    let args = ["demo", "--once", "-o", "json"];
    let output = suite::goldenpath("/does/not/exist".as_ref(), &args)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("/metrics") && printed.contains("export KUBECONFIG="));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["summary"]["workloads"].as_u64() >= Some(40));
    let services = report["summary"]["services"].as_object().unwrap();
    let missing: Vec<_> = services.iter().filter(|(_, count)| **count == 0).collect();
    assert_eq!(missing, [], "every state has an example");
}
