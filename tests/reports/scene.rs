//! A cluster in which every result and every standing occurs, and its reports.

use goldenpath::assess::verdict::AsOf;
use goldenpath::assess::verdict::findings::findings;
use goldenpath::report::policy_report::{Format, render};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, now, web_path, with};

/// The web path with a check of every sort.
pub fn path() -> Value {
    with(
        web_path(),
        json!({
            "existing": {"treatAs": "Predates", "until": "2026-09-01T00:00:00Z"},
            "checks": [
                {"name": "replicas", "title": "Replicas", "severity": "high", "docsURL": "https://docs.example.com/replicas",
                    "message": "one replica is none", "expression": "object.spec.replicas >= 2"},
                {"name": "tier", "expression": "has(object.metadata.labels) && 'tier' in object.metadata.labels"},
                {"name": "pinned", "enforceFrom": "2026-12-01T00:00:00Z",
                    "expression": "!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))"},
                {"name": "named", "level": "recommended", "severity": "high",
                    "expression": "has(object.metadata.labels.name)"},
                {"name": "licence", "sensitive": true, "exemptible": false, "message": "key 0815 is shared",
                    "messageExpression": "'key is ' + object.spec.template.spec.containers[0].image",
                    "expression": "object.spec.template.spec.containers[0].image != 'shop/web:secret'"},
            ],
        }),
    )
}

/// The scene: the path, and one workload that takes every step.
pub fn scene() -> Cluster {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("web", path());
    cluster.put_namespace("shop", &json!({}));
    cluster.put(golden("golden"));
    cluster
}

/// A Deployment that takes every step.
pub fn golden(name: &str) -> Value {
    with(
        deployment(name),
        json!({"metadata": {"labels": {"name": name}, "annotations": {"goldenpath.dev/team": "group:default/red"}}}),
    )
}

/// A Deployment with too few replicas.
pub fn lonely(name: &str) -> Value {
    with(golden(name), json!({"spec": {"replicas": 1}}))
}

/// An approved exception for the replicas of one Deployment.
pub fn excusing(target: &str, spec: &Value) -> Value {
    let own = json!({"spec": {
        "targets": [{"kind": "Deployment", "name": target}],
        "expiresAt": "2026-10-01T00:00:00Z",
        "ticket": "SHOP-7",
    }});
    with(
        with(exception(&format!("e-{target}")), own),
        json!({"spec": spec}),
    )
}

/// The report of one workload, if it has one.
pub fn report_at(cluster: &Cluster, name: &str, at: Timestamp) -> Option<Value> {
    let ns = cluster.0.namespace("shop")?;
    let mut entries = ns.workloads.values();
    let entry = entries.find(|entry| *entry.workload.id.name == *name)?;
    let as_of = AsOf::new(at);
    let found = findings(&entry.workload, ns, &cluster.0.judge_context(&as_of))?;
    Some(render(&found, Format::OpenReports).object)
}

/// The same, now.
pub fn report(cluster: &Cluster, name: &str) -> Value {
    report_at(cluster, name, now()).expect("it is judged")
}

/// The result of one check.
pub fn result<'a>(report: &'a Value, check: &str) -> &'a Value {
    let mut results = report["results"].as_array().unwrap().iter();
    results.find(|result| result["rule"] == check).unwrap()
}
