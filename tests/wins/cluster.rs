//! Two months on a real API server: what each digest names, what it does not repeat, what is sent once,
//! and what is published.

use std::fs;

use goldenpath_e2e::{ControlPlane, Options};
use serde_json::{Value, json};

use crate::job;
use crate::receiver::Receiver;
use crate::suite;

const RECORD: &str = "--state-configmap=platform/goldenpath-wins";

const OBJECTS: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: platform}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: search}
---
apiVersion: v1
kind: Namespace
metadata: {name: quiet, annotations: {goldenpath.dev/wins: \"off\"}}
---
apiVersion: goldenpath.dev/v1alpha1
kind: GoldenPath
metadata: {name: web-service}
spec:
  title: Web service
  owner: {team: platform}
  launchedAt: \"2026-01-01T00:00:00Z\"
  releases: [{at: \"2026-10-12T00:00:00Z\", note: Probes are set for you}]
  checks: [{name: replicas, title: Has two replicas, expression: object.spec.replicas >= 2}]
---
apiVersion: goldenpath.dev/v1alpha1
kind: RoadmapItem
metadata: {name: licence-server}
spec: {title: A shared licence server, horizon: Now, state: Shipped, shippedAt: \"2026-10-02T00:00:00Z\"}
---
apiVersion: goldenpath.dev/v1alpha1
kind: DeviationException
metadata: {name: index-replicas, namespace: search}
spec:
  path: web-service
  checks: [replicas]
  targets: [{kind: Deployment, name: index}]
  reason: The licence of the vendor allows one replica only.
  owner: {team: find}
  ownershipCost: {hoursPerMonth: 2}
  waitsFor: [licence-server]
  approval: {decision: Approved, by: ann, at: \"2026-08-20T00:00:00Z\"}
  reviews: [{by: mira, at: \"2026-10-05T00:00:00Z\", outcome: Closed}]
";

fn deployment(namespace: &str, name: &str, team: &str, since: &str) -> String {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": {"team": team},
            "annotations": {"goldenpath.dev/service-since": since}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "registry.example.com/web:1"}]}}},
    })
    .to_string()
}

/// A record whose only rollout, in October, found the workload deviating.
fn record(cluster: &ControlPlane, namespace: &str, name: &str) {
    let object = json!({
        "apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeliveryRecord",
        "metadata": {"name": format!("deployment-{name}"), "namespace": namespace},
        "spec": {"workload": {"group": "apps", "kind": "Deployment", "name": name}},
    });
    cluster.apply(&object.to_string()).unwrap();
    let on = "2026-10-14T10:00:00Z";
    let hashes =
        json!({"version": 1, "release": "a", "config": "b", "resources": "c", "platform": "d"});
    let status = json!({"status": {
        "mark": {"uid": "u", "generation": 1, "at": on, "template": hashes},
        "standing": "golden-path",
        "recorded": 1,
        "rollouts": [{"number": 1, "cause": "release", "startedAt": on, "availableAt": on,
            "result": "available", "failureVisible": true, "standing": "deviating"}],
    }});
    let patch = format!("--patch={status}");
    let name = format!("deliveryrecord/deployment-{name}");
    let of = [
        "patch",
        &name,
        "-n",
        namespace,
        "--subresource=status",
        "--type=merge",
        &patch,
    ];
    cluster.kubectl_ok(&of).unwrap();
}

fn seed(cluster: &ControlPlane) {
    cluster.apply(OBJECTS).unwrap();
    for (namespace, name, team, since) in [
        ("shop", "basket", "cart", "2026-02-01"),
        ("shop", "till", "cart", "2026-02-01"),
        ("shop", "gift", "cart", "2026-10-20"),
        ("search", "index", "find", "2026-02-01"),
        ("search", "query", "find", "2026-02-01"),
        ("search", "crawl", "find", "2026-02-01"),
        ("quiet", "one", "shy", "2026-10-20"),
        ("quiet", "two", "shy", "2026-10-20"),
        ("quiet", "three", "shy", "2026-10-20"),
    ] {
        let since = format!("{since}T00:00:00Z");
        cluster
            .apply(&deployment(namespace, name, team, &since))
            .unwrap();
    }
    record(cluster, "shop", "basket");
}

/// `goldenpath wins ARGS`: exit code, standard output and standard error.
fn wins(cluster: &ControlPlane, args: &[&str]) -> (i32, String, String) {
    let args = [&["wins"], args].concat();
    let output = suite::goldenpath(cluster.kubeconfig(), &args)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn json_of(cluster: &ControlPlane, args: &[&str]) -> Value {
    let (code, printed, errors) = wins(cluster, &[args, &["-o=json"]].concat());
    assert_eq!(code, 0, "{args:?}: {errors}");
    serde_json::from_str(&printed).unwrap()
}

fn teams(document: &Value) -> Vec<&str> {
    let teams = document["digest"]["teams"].as_array().unwrap();
    teams
        .iter()
        .map(|win| win["team"].as_str().unwrap())
        .collect()
}

fn recorded(cluster: &ControlPlane) -> Value {
    let map = cluster
        .stored("platform", "configmap/goldenpath-wins")
        .unwrap();
    serde_json::from_str(map["data"]["digests.json"].as_str().unwrap()).unwrap()
}

#[test]
fn a_month_is_drafted_recorded_sent_published_and_not_repeated() {
    let Some(cluster) = suite::control_plane(&Options::default()) else {
        return;
    };
    seed(&cluster);
    october_names_who_gained(&cluster);
    november_does_not_repeat_them(&cluster);
    a_draft_is_sent_once_and_published_once(&cluster);
    the_record_needs_one_right(&cluster);
    job::the_account_of_the_charts_job_suffices_for_its_arguments(&cluster);
}

fn october_names_who_gained(cluster: &ControlPlane) {
    let of = ["--month=2026-10", "--as-of=2026-11-02", RECORD];
    let document = json_of(cluster, &[&of[..], &["--record"]].concat());
    assert_eq!(teams(&document), ["cart", "find"], "{document:#}");
    let [cart, find] = &document["digest"]["teams"].as_array().unwrap()[..] else {
        panic!("{document:#}")
    };
    assert_eq!((&cart["gained"], &cart["services"]), (&json!(2), &json!(3)));
    let kinds = |win: &Value| {
        let facts = win["evidence"].as_array().unwrap().clone();
        facts
            .iter()
            .map(|it| it["kind"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(cart), ["started", "joined"]);
    assert_eq!(kinds(find), ["closed"]);
    assert_eq!(find["capability"]["title"], "A shared licence server");
    let obstacle = &document["digest"]["obstacle"];
    assert_eq!(
        (&obstacle["id"], &obstacle["teams"]),
        (&json!("item/licence-server"), &json!(["find"]))
    );
    assert!(!document.to_string().contains("shy"), "{document:#}");
    assert_eq!(recorded(cluster)["digests"].as_array().unwrap().len(), 1);
    // Made again, it is the same.
    assert_eq!(json_of(cluster, &of), document);
}

fn november_does_not_repeat_them(cluster: &ControlPlane) {
    cluster
        .apply(&deployment(
            "shop",
            "wish-list",
            "cart",
            "2026-11-10T00:00:00Z",
        ))
        .unwrap();
    let of = ["--month=2026-11", "--as-of=2026-12-02"];
    let document = json_of(cluster, &[&of[..], &[RECORD]].concat());
    assert_eq!(teams(&document), [""; 0], "{document:#}");
    assert!(
        document
            .to_string()
            .contains("was in one of the last three digests"),
        "{document:#}"
    );
    assert_eq!(document["digest"]["obstacle"], Value::Null);
    let without_record = json_of(cluster, &of);
    assert_eq!(teams(&without_record), ["cart"]);
    let (code, printed, _) = wins(cluster, &[&of[..], &[RECORD]].concat());
    assert_eq!(code, 0);
    assert!(
        printed.contains("No change in November 2026 that the cluster can prove."),
        "{printed}"
    );
}

fn a_draft_is_sent_once_and_published_once(cluster: &ControlPlane) {
    let receiver = Receiver::start();
    let config = cluster.data_dir().join("channels.yaml");
    let text = json!({
        "default": "pm", "wins": {"draft": "pm", "publish": "hall"},
        "channels": {
            "pm": {"url": receiver.url("/pm"), "format": "json"},
            "hall": {"url": receiver.url("/hall"), "format": "teams"},
        },
    });
    fs::write(&config, text.to_string()).unwrap();
    let config = format!("--config={}", config.display());
    let send = [
        "--month=2026-10",
        "--as-of=2026-11-02",
        RECORD,
        "--record",
        "--send",
        &config,
    ];
    for _ in 0..2 {
        let (code, _, errors) = wins(cluster, &send);
        assert_eq!(code, 0, "{errors}");
    }
    let publish = [
        RECORD,
        "--publish",
        &config,
        "--quote=We like it.",
        "--quote-by=Mira",
    ];
    let (code, _, errors) = wins(cluster, &publish);
    assert_eq!(code, 0, "{errors}");
    let (code, _, errors) = wins(cluster, &publish);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("was published at"), "{errors}");
    // Another draft arrives, and the month stays published.
    let (code, _, errors) = wins(cluster, &[&send[..], &["--again"]].concat());
    assert_eq!(code, 0, "{errors}");
    let (code, _, errors) = wins(cluster, &publish);
    assert_eq!(code, 2, "{errors}");
    let messages = receiver.received();
    let paths: Vec<_> = messages.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["/pm", "/hall", "/pm"]);
    assert_eq!(messages[2].key(), "\"wins-2026-10-draft-2\"");
    assert_eq!(messages[0].body["draft"], true);
    let card = messages[1].body["attachments"][0]["content"].to_string();
    assert!(card.contains("“We like it.” \\\\(Mira\\\\)"), "{card}");
    let entry = &recorded(cluster)["digests"][0];
    assert!(
        entry["sentAt"].is_string() && entry["publishedAt"].is_string(),
        "{entry:#}"
    );
}

/// As the chart grants it: no right to create a `ConfigMap`, and to read and change this one alone.
fn the_record_needs_one_right(cluster: &ControlPlane) {
    let role = "
apiVersion: v1
kind: ServiceAccount
metadata: {name: wins, namespace: platform}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: wins, namespace: platform}
rules:
- {apiGroups: [\"\"], resources: [configmaps], resourceNames: [goldenpath-wins], verbs: [get, patch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: wins, namespace: platform}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: wins}
subjects: [{kind: ServiceAccount, name: wins, namespace: platform}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: wins}
rules:
- {apiGroups: [apps], resources: [deployments, statefulsets, daemonsets], verbs: [list]}
- {apiGroups: [batch], resources: [cronjobs], verbs: [list]}
- {apiGroups: [\"\"], resources: [namespaces], verbs: [list]}
- {apiGroups: [goldenpath.dev], resources: [\"*\"], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: wins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: wins}
subjects: [{kind: ServiceAccount, name: wins, namespace: platform}]
";
    cluster.apply(role).unwrap();
    let account = cluster
        .kubeconfig_for_service_account("platform", "wins")
        .unwrap();
    let record = |month: &str, as_of: &str, place: &str| {
        let args = ["wins", "--record", month, as_of, place];
        suite::goldenpath(&account, &args).output().unwrap()
    };
    let recorded_as = record("--month=2026-11", "--as-of=2026-12-02", RECORD);
    let errors = String::from_utf8_lossy(&recorded_as.stderr).into_owned();
    assert!(recorded_as.status.success(), "{errors}");
    assert_eq!(recorded(cluster)["digests"].as_array().unwrap().len(), 2);
    let other = record(
        "--month=2026-11",
        "--as-of=2026-12-02",
        "--state-configmap=platform/other",
    );
    assert_eq!(other.status.code(), Some(2));
}
