//! The operator's own account: it may write its labels and none of the other fields that its RBAC
//! rights would allow.

use std::process::Output;

use goldenpath_e2e::{Options, eventually};
use serde_json::{Value, json};

use crate::ground::{Ground, SOON, accepted, refused, with_policies};

const OPERATOR: &str = "goldenpath-system/goldenpath";

/// kubectl reads what it patches, which the operator has no need and no right to.
const KUBECTL_READS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: kubectl-reads}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [get]}
- {apiGroups: [''], resources: [services], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kubectl-reads}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kubectl-reads}
subjects: [{kind: ServiceAccount, name: goldenpath, namespace: goldenpath-system}]
";

const WORKLOAD: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: held, namespace: shop, labels: {app: held, goldenpath.dev/path: web-service}, annotations: {note: kept}}
spec:
  replicas: 1
  selector: {matchLabels: {app: held}}
  template:
    metadata: {labels: {app: held}}
    spec: {containers: [{name: web, image: 'registry.example.com/web:1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: held, namespace: shop}
spec: {selector: {app: held}, ports: [{port: 80}]}
";

fn there_is_a_workload(ground: &Ground) {
    ground.cluster.apply(KUBECTL_READS).unwrap();
    ground.cluster.apply(WORKLOAD).unwrap();
}

fn merge(ground: &Ground, kind: &str, patch: &Value) -> Output {
    let patch = patch.to_string();
    let args = [
        "patch",
        kind,
        "held",
        "-n=shop",
        "--type=merge",
        "-p",
        &patch,
    ];
    ground.kubectl(OPERATOR, &args)
}

const OWN_LABELS: &str = "the operator's account may only change its own three label keys";
const LABELS_ONLY: &str = "in metadata, the operator's account may only change labels";
const METADATA_ONLY: &str = "the operator's account may only change metadata";

fn labels(labels: &Value) -> Value {
    json!({"metadata": {"labels": labels}})
}

#[test]
fn the_operator_changes_its_own_labels_and_no_others() {
    with_policies(|ground| {
        there_is_a_workload(ground);
        for kind in ["deployment", "service"] {
            for status in [json!("deviating"), Value::Null] {
                let own = labels(&json!({"goldenpath.dev/status": status}));
                accepted(&merge(ground, kind, &own));
            }
            for other in [json!({"app": "other"}), json!({"new": "one"})] {
                refused(&merge(ground, kind, &labels(&other)), OWN_LABELS);
            }
        }
        let users = labels(&json!({"goldenpath.dev/path": null}));
        refused(&merge(ground, "deployment", &users), OWN_LABELS);
    });
}

#[test]
fn the_operator_changes_nothing_but_labels() {
    with_policies(|ground| {
        there_is_a_workload(ground);
        let owner = json!([{"apiVersion": "v1", "kind": "Pod", "name": "a", "uid": "b"}]);
        for metadata in [
            json!({"annotations": {"note": "changed"}}),
            json!({"finalizers": ["example.com/hold"]}),
            json!({ "ownerReferences": owner }),
        ] {
            let patch = json!({ "metadata": metadata });
            refused(&merge(ground, "deployment", &patch), LABELS_ONLY);
            refused(&merge(ground, "service", &patch), LABELS_ONLY);
        }
        let replicas = json!({"spec": {"replicas": 3}});
        refused(&merge(ground, "deployment", &replicas), METADATA_ONLY);
        let ports = json!({"spec": {"ports": [{"port": 81}]}});
        refused(&merge(ground, "service", &ports), METADATA_ONLY);
    });
}

#[test]
fn the_operators_write_never_creates() {
    with_policies(|ground| {
        let object = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: new, namespace: shop, labels: {app: new}},
            spec: {selector: {matchLabels: {app: new}}, template: {metadata: {labels: {app: new}},
            spec: {containers: [{name: web, image: 'registry.example.com/web:1'}]}}}}";
        let file = ground.file("new", object);
        let apply = [
            "apply",
            "--server-side",
            "--field-manager=goldenpath",
            "-f",
            &file,
        ];
        let answer = ground.kubectl(OPERATOR, &apply);
        assert!(!answer.status.success());
    });
}

#[test]
fn the_api_server_finds_nothing_wrong_with_the_expressions() {
    let options = Options {
        controller_manager: true,
        ..Options::default()
    };
    let Some(ground) = Ground::start(&options) else {
        return;
    };
    ground.install(&[]);
    for policy in ["goldenpath-approval", "goldenpath-operator"] {
        let status = eventually(SOON, &format!("{policy} is type-checked"), || {
            let get = ["get", "validatingadmissionpolicy", policy, "-o=json"];
            let object: Value =
                serde_json::from_str(&ground.cluster.kubectl_ok(&get).ok()?).ok()?;
            let status = object["status"].clone();
            (status["observedGeneration"] == object["metadata"]["generation"]).then_some(status)
        });
        let warnings = &status["typeChecking"]["expressionWarnings"];
        assert!(warnings.is_null(), "{policy}: {warnings:#}");
    }
}
