//! The rules of RoadmapItem and Persona, and what `kubectl get` shows of them.

use goldenpath::api;
use goldenpath_e2e::ControlPlane;
use serde_json::{Value, json};

use super::{accepts, exception, refuses, stored, with_cluster};

fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": api::API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

fn item(name: &str, more: &Value) -> Value {
    let mut spec = json!({"title": "Managed PostgreSQL", "horizon": "Next"});
    let fields = more.as_object().unwrap().clone();
    spec.as_object_mut().unwrap().extend(fields);
    object("RoadmapItem", name, &spec)
}

#[test]
fn a_shipped_item_has_its_date_and_an_open_one_has_none() {
    with_cluster(|cluster| {
        let at = "2026-10-01T00:00:00Z";
        refuses(
            cluster,
            &item("rmi-undated", &json!({"state": "Shipped"})),
            "needs shippedAt",
        );
        refuses(
            cluster,
            &item("rmi-open", &json!({"shippedAt": at})),
            "belongs to state Shipped",
        );
        accepts(
            cluster,
            &item("rmi-shipped", &json!({"state": "Shipped", "shippedAt": at})),
        );
        accepts(cluster, &item("rmi-planned", &json!({})));
        assert_eq!(
            stored(cluster, "rmi", "rmi-planned")["spec"]["state"],
            "Planned"
        );
        refuses(cluster, &item("Rmi", &json!({})), "lower-case");
    });
}

#[test]
fn a_persona_that_matches_needs_a_selector() {
    with_cluster(|cluster| {
        let persona = |name: &str, matching: Value| {
            object(
                "Persona",
                name,
                &json!({"title": "Data scientist", "match": matching}),
            )
        };
        let refusal = "set namespaceSelector or selector";
        refuses(cluster, &persona("persona-none", json!({})), refusal);
        accepts(cluster, &persona("persona-all", json!({"selector": {}})));
        accepts(
            cluster,
            &object("Persona", "persona-words", &json!({"title": "Writer"})),
        );
    });
}

#[test]
fn an_exception_waits_for_items_by_name() {
    with_cluster(|cluster| {
        let waiting = |name: &str, items: Value| {
            let mut object = exception(name);
            object["spec"]["waitsFor"] = items;
            object
        };
        accepts(
            cluster,
            &waiting("waits", json!(["managed-postgres", "previews"])),
        );
        refuses(
            cluster,
            &waiting("waits-oddly", json!(["Managed PostgreSQL"])),
            "waitsFor",
        );
    });
}

#[test]
fn the_columns_of_items_and_personas_show_their_figures() {
    with_cluster(|cluster| {
        accepts(cluster, &item("rmi-columns", &json!({})));
        let demand = json!({"status": {"demand": {"services": 12, "teams": 4, "exceptions": 3, "hoursPerMonth": 18.5,
            "assumedHoursPerMonth": 6}}});
        patch_status(cluster, "rmi/rmi-columns", &demand);
        let line = columns(cluster, "rmi", "rmi-columns");
        assert_eq!(
            line[..line.len() - 1].join(" "),
            "rmi-columns Managed PostgreSQL Next Planned 12 4 18.5"
        );
        let persona = object("Persona", "persona-columns", &json!({"title": "Writer"}));
        accepts(cluster, &persona);
        let status =
            json!({"status": {"services": 7, "onPath": 3, "columns": {"paths": "web-service"}}});
        patch_status(cluster, "persona/persona-columns", &status);
        let line = columns(cluster, "personas", "persona-columns");
        assert_eq!(
            line[..line.len() - 1].join(" "),
            "persona-columns Writer 7 3 web-service"
        );
    });
}

fn patch_status(cluster: &ControlPlane, object: &str, status: &Value) {
    let patch = status.to_string();
    let args = [
        "patch",
        object,
        "--subresource=status",
        "--type=merge",
        "-p",
        &patch,
    ];
    cluster.kubectl_ok(&args).unwrap();
}

/// The words of the object's line, without the heads.
fn columns(cluster: &ControlPlane, kind: &str, name: &str) -> Vec<String> {
    let text = cluster
        .kubectl_ok(&["get", kind, name, "--no-headers"])
        .unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}
