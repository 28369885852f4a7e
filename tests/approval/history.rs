//! The operator's account and `metadata.managedFields`, which record the writer of each field: its
//! own writes change the entries of its labels, and its token can neither erase nor invent others.

use std::process::Output;

use serde_json::{Value, json};

use crate::ground::{Ground, accepted, refused, with_policies};

const OPERATOR: &str = "goldenpath-system/goldenpath";
const KEPT: &str = "may only change its own entries in metadata.managedFields";

const READS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: kubectl-reads-history}
rules:
- {apiGroups: [apps], resources: [deployments], verbs: [get]}
- {apiGroups: [''], resources: [services], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kubectl-reads-history}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kubectl-reads-history}
subjects: [{kind: ServiceAccount, name: goldenpath, namespace: goldenpath-system}]
";

/// A Deployment with labels of its own, or a Service without any, written by `team`.
fn object(kind: &str, name: &str) -> Value {
    let metadata = json!({"name": name, "namespace": "shop"});
    if kind == "service" {
        let spec = json!({"selector": {"app": name}, "ports": [{"port": 80}]});
        return json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec});
    }
    let labels = json!({ "app": name });
    let containers = json!([{"name": "web", "image": "registry.example.com/web:1"}]);
    let mut metadata = metadata;
    metadata["labels"] = labels.clone();
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}}}})
}

fn there_is(ground: &Ground, kind: &str, name: &str) {
    ground.cluster.apply(READS).unwrap();
    let file = ground.file(&format!("{kind}-{name}"), &object(kind, name).to_string());
    let apply = [
        "apply",
        "--server-side",
        "--field-manager=team",
        "-f",
        &file,
    ];
    ground.cluster.kubectl_ok(&apply).unwrap();
}

/// As the operator writes its labels.
fn label(ground: &Ground, kind: &str, name: &str, labels: &Value) -> Output {
    let mut own = object(kind, name);
    own.as_object_mut().unwrap().remove("spec");
    own["metadata"]["labels"] = labels.clone();
    let file = ground.file(&format!("own-{kind}-{name}"), &own.to_string());
    let how = [
        "--server-side",
        "--force-conflicts",
        "--field-manager=goldenpath",
    ];
    ground.kubectl(OPERATOR, &[&["apply", "-f", &file], &how[..]].concat())
}

/// As `goldenpath cleanup` and the operator remove keys that others own, too.
fn unlabel(ground: &Ground, kind: &str, name: &str) -> Output {
    let keys = ["status", "evaluated-path", "deviation"].map(|key| format!("goldenpath.dev/{key}"));
    let nothing: Value = keys.into_iter().map(|key| (key, Value::Null)).collect();
    let patch = json!({"metadata": {"labels": nothing}});
    patch_as(
        ground,
        (OPERATOR, "goldenpath"),
        (kind, name),
        ("merge", &patch),
    )
}

fn patch_as(
    ground: &Ground,
    (who, manager): (&str, &str),
    (kind, name): (&str, &str),
    (how, patch): (&str, &Value),
) -> Output {
    let patch = patch.to_string();
    let (how, manager) = (
        format!("--type={how}"),
        format!("--field-manager={manager}"),
    );
    let args = ["patch", kind, name, "-n=shop", &how, &manager, "-p", &patch];
    ground.kubectl(who, &args)
}

fn record(ground: &Ground, kind: &str, name: &str) -> Vec<Value> {
    let get = [
        "get",
        kind,
        name,
        "-n=shop",
        "-o=json",
        "--show-managed-fields",
    ];
    let object: Value = serde_json::from_str(&ground.cluster.kubectl_ok(&get).unwrap()).unwrap();
    let entries = object["metadata"]["managedFields"].as_array();
    entries.cloned().unwrap_or_default()
}

/// The entries that are not the operator's own.
fn of_others(ground: &Ground, kind: &str, name: &str) -> Vec<Value> {
    let mut entries = record(ground, kind, name);
    entries.retain(|entry| entry["manager"] != "goldenpath");
    entries
}

fn deviating() -> Value {
    json!({"goldenpath.dev/status": "deviating", "goldenpath.dev/evaluated-path": "web-service"})
}

/// What an attacker would do to the record: erase all or a part of it, or invent an entry.
fn forgeries(before: &[Value]) -> Vec<Value> {
    let is_team = |entry: &Value| entry["manager"] == "team";
    let team = before.iter().position(is_team).unwrap();
    let place = |field: &str| format!("/metadata/managedFields/{team}{field}");
    let all = "/metadata/managedFields";
    let invented = json!({"manager": "mallory", "operation": "Apply", "fieldsType": "FieldsV1",
        "apiVersion": before[team]["apiVersion"], "time": "2020-01-01T00:00:00Z",
        "fieldsV1": {"f:spec": {"f:selector": {}}}});
    vec![
        json!({"op": "replace", "path": all, "value": [{}]}),
        json!({"op": "replace", "path": all, "value": []}),
        json!({"op": "remove", "path": place("")}),
        json!({"op": "remove", "path": place("/fieldsV1/f:spec/f:selector")}),
        json!({"op": "add", "path": place("/fieldsV1/f:status"), "value": {}}),
        json!({"op": "replace", "path": place("/manager"), "value": "mallory"}),
        json!({"op": "replace", "path": place("/operation"), "value": "Update"}),
        json!({"op": "replace", "path": place("/apiVersion"), "value": "extensions/v1beta1"}),
        json!({"op": "replace", "path": place("/time"), "value": "2020-01-01T00:00:00Z"}),
        json!({"op": "remove", "path": place("/time")}),
        json!({"op": "add", "path": place("/subresource"), "value": "status"}),
        json!({"op": "add", "path": format!("{all}/-"), "value": invented}),
    ]
}

#[test]
fn the_operators_account_cannot_erase_who_wrote_what() {
    with_policies(|ground| {
        let unknown = json!({"goldenpath.dev/status": "unknown"});
        let label_at_once = json!({"op": "add", "path": "/metadata/labels/goldenpath.dev~1status",
            "value": "deviating"});
        for kind in ["deployment", "service"] {
            there_is(ground, kind, "erased");
            accepted(&label(ground, kind, "erased", &unknown));
            let before = record(ground, kind, "erased");
            for change in forgeries(&before) {
                let sent = |patch: Value| {
                    let who = (OPERATOR, "goldenpath");
                    patch_as(ground, who, (kind, "erased"), ("json", &patch))
                };
                refused(&sent(json!([change, label_at_once])), KEPT);
                // Without a change beside it, the server may see no change at all.
                let alone = sent(json!([change]));
                if !alone.status.success() {
                    refused(&alone, KEPT);
                }
                assert_eq!(record(ground, kind, "erased"), before, "{change}");
            }
        }
    });
}

#[test]
fn the_operators_own_writes_leave_the_record_of_others_as_it_was() {
    with_policies(|ground| {
        for kind in ["deployment", "service"] {
            there_is(ground, kind, "written");
            let before = of_others(ground, kind, "written");
            accepted(&label(ground, kind, "written", &deviating()));
            accepted(&label(
                ground,
                kind,
                "written",
                &json!({"goldenpath.dev/status": "unknown"}),
            ));
            assert_eq!(of_others(ground, kind, "written"), before);
            accepted(&unlabel(ground, kind, "written"));
            assert_eq!(record(ground, kind, "written"), before);
        }
    });
}

/// Others set our keys, by an apply and by a patch that owns the map of labels as well.
#[test]
fn the_operator_takes_back_its_keys_from_any_field_manager() {
    with_policies(|ground| {
        for kind in ["deployment", "service"] {
            there_is(ground, kind, "taken");
            let theirs = json!({"metadata": {"labels": {"goldenpath.dev/status": "golden-path"},
                "annotations": {"note": "kept"}}});
            let patch = theirs.to_string();
            let merge = [
                "patch",
                kind,
                "taken",
                "-n=shop",
                "--type=merge",
                "-p",
                &patch,
            ];
            ground.cluster.kubectl_ok(&merge).unwrap();
            accepted(&label(ground, kind, "taken", &deviating()));
            let of = of_others(ground, kind, "taken");
            let note = |entry: &&Value| {
                entry["fieldsV1"]["f:metadata"]["f:annotations"]["f:note"].is_object()
            };
            assert_eq!(of.iter().filter(note).count(), 1, "{of:?}");
            accepted(&unlabel(ground, kind, "taken"));
            // And where nothing but our keys were theirs.
            ground
                .cluster
                .kubectl_ok(&[&merge[..], &["--field-manager=once"]].concat())
                .unwrap();
            accepted(&unlabel(ground, kind, "taken"));
            assert_eq!(
                of_others(ground, kind, "taken").iter().filter(note).count(),
                1
            );
        }
    });
}

/// The first apply makes the server write down what it finds.
#[test]
fn an_object_without_a_record_gets_its_labels() {
    with_policies(|ground| {
        there_is(ground, "service", "unrecorded");
        let emptied = json!({"metadata": {"managedFields": [{}]}}).to_string();
        let patch = [
            "patch",
            "service",
            "unrecorded",
            "-n=shop",
            "--type=merge",
            "-p",
            &emptied,
        ];
        ground.cluster.kubectl_ok(&patch).unwrap();
        assert_eq!(record(ground, "service", "unrecorded"), [Value::Null; 0]);
        accepted(&label(ground, "service", "unrecorded", &deviating()));
        let managers = of_others(ground, "service", "unrecorded");
        assert_eq!(managers.len(), 1);
        assert_eq!(managers[0]["manager"], "before-first-apply");
    });
}

/// A hundred field managers, each with a few hundred fields.
#[test]
fn a_long_record_costs_no_more_than_the_api_server_allows() {
    with_policies(|ground| {
        there_is(ground, "deployment", "long");
        let fields: serde_json::Map<String, Value> = (0..200)
            .map(|n| (format!("f:note-{n}"), json!({})))
            .collect();
        let mut entries: Vec<Value> = record(ground, "deployment", "long");
        let key = "f:goldenpath.dev/status";
        entries.extend((0..100).map(|n| json!({
            "manager": format!("manager-{n}"), "operation": "Apply", "apiVersion": "apps/v1",
            "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:annotations": fields, "f:labels": {key: {}, "f:app": {}}}},
        })));
        let notes: serde_json::Map<String, Value> = (0..200)
            .map(|n| (format!("note-{n}"), json!("x")))
            .collect();
        let patch = json!({"metadata": {"managedFields": entries, "annotations": notes,
            "labels": {"goldenpath.dev/status": "golden-path"}}});
        let file = ground.file("long-record-of-fields", &patch.to_string());
        let merge = [
            "patch",
            "deployment",
            "long",
            "-n=shop",
            "--type=merge",
            "--patch-file",
            &file,
        ];
        ground.cluster.kubectl_ok(&merge).unwrap();
        assert!(of_others(ground, "deployment", "long").len() > 100);
        // Taken over from every one of them.
        accepted(&label(ground, "deployment", "long", &deviating()));
        accepted(&unlabel(ground, "deployment", "long"));
        assert!(of_others(ground, "deployment", "long").len() > 100);
        let wiped = json!({"metadata": {"managedFields": [{}]}});
        let who = (OPERATOR, "goldenpath");
        let answer = patch_as(ground, who, ("deployment", "long"), ("merge", &wiped));
        refused(&answer, KEPT);
    });
}
