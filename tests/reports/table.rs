//! The instants at which an answer changes by itself, and the objects it is about: one workload for
//! each cause.

use std::fs;

use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, web_path, with};

/// Workload, the instant, what it is before, and what it is from then on.
pub const TABLE: [(&str, &str, &str, &str); 17] = [
    // A decision counts from five minutes before its own date on.
    ("ahead", "2026-06-10T00:05:00Z", "pending", "documented"),
    // remindBefore, the next review, the lapse.
    ("agreed", "2026-07-17T00:00:00Z", "documented", "review-due"),
    (
        "agreed",
        "2026-07-31T00:00:00Z",
        "review-due",
        "review-overdue",
    ),
    (
        "agreed",
        "2026-08-30T00:00:00Z",
        "review-overdue",
        "expired",
    ),
    // The agreed end.
    ("ending", "2026-06-06T00:00:00Z", "documented", "review-due"),
    ("ending", "2026-06-20T00:00:00Z", "review-due", "expired"),
    // What a team declares by itself.
    (
        "declared",
        "2026-05-17T00:00:00Z",
        "documented",
        "review-due",
    ),
    ("declared", "2026-05-31T00:00:00Z", "review-due", "expired"),
    // An open request to go on stops the lapse, and nothing else.
    (
        "asking",
        "2026-07-31T00:00:00Z",
        "review-due",
        "review-overdue",
    ),
    (
        "asking",
        "2026-08-30T00:00:00Z",
        "review-overdue",
        "review-overdue",
    ),
    (
        "asking",
        "2026-10-29T00:00:00Z",
        "review-overdue",
        "expired",
    ),
    // A renewal is a decision, and is capped again; closing is final.
    (
        "renewed",
        "2026-07-19T23:55:00Z",
        "review-due",
        "documented",
    ),
    (
        "renewed",
        "2026-10-04T00:00:00Z",
        "documented",
        "review-due",
    ),
    (
        "closed",
        "2026-06-14T23:55:00Z",
        "documented",
        "undocumented",
    ),
    // Kindness to older services ends.
    ("old", "2026-09-01T00:00:00Z", "predates", "undocumented"),
    // A check that was announced counts.
    (
        "moving",
        "2026-07-15T00:00:00Z",
        "golden-path",
        "undocumented",
    ),
    // The path itself begins; a decision of May counts for nothing yet.
    ("agreed", "2026-01-01T00:00:00Z", "unscoped", "pending"),
];

/// The path all of them are judged by.
pub fn path() -> Value {
    with(
        web_path(),
        json!({
            "existing": {"treatAs": "Predates", "until": "2026-09-01T00:00:00Z"},
            "exceptionPolicy": {"selfDeclare": {"maxSeverity": "low", "maxDuration": "30d", "maxRenewals": 0}},
            "checks": [
                {"name": "replicas", "severity": "high", "expression": "object.spec.replicas >= 2"},
                {"name": "tier", "severity": "low",
                    "expression": "has(object.metadata.labels) && 'tier' in object.metadata.labels"},
                {"name": "pinned", "enforceFrom": "2026-07-15T00:00:00Z",
                    "expression": "!object.spec.template.spec.containers.exists(c, c.image.endsWith(':latest'))"},
            ],
        }),
    )
}

/// Every workload of the table.
pub fn workloads() -> Vec<Value> {
    let lonely = |name| with(deployment(name), json!({"spec": {"replicas": 1}}));
    let older = json!({"metadata": {"creationTimestamp": "2025-06-01T00:00:00Z"}});
    let latest = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/web:latest"}]}}}});
    let untiered = json!({"metadata": {"labels": {"tier": null}}});
    let mut all = ["ahead", "agreed", "ending", "asking", "renewed", "closed"]
        .map(lonely)
        .to_vec();
    all.extend([
        with(lonely("old"), older),
        with(deployment("moving"), latest),
        with(deployment("declared"), untiered),
    ]);
    all
}

/// The exceptions of the table, each for the workload of its name.
pub fn exceptions() -> Vec<Value> {
    let of = |name: &str, spec: Value| {
        let target = json!({"spec": {"targets": [{"kind": "Deployment", "name": name}]}});
        with(with(exception(name), target), json!({"spec": spec}))
    };
    let review = |at: &str, outcome: &str| json!({"at": at, "by": "ann", "outcome": outcome});
    let asked = json!({"requestedAt": "2026-08-10T00:00:00Z", "by": "sam", "stillNeededBecause": "the vendor has not answered"});
    vec![
        of("ahead", json!({"approval": {"at": "2026-06-10T00:10:00Z"}})),
        of("agreed", json!({})),
        of("ending", json!({"expiresAt": "2026-06-20T00:00:00Z"})),
        of("declared", json!({"approval": null, "checks": ["tier"]})),
        of("asking", json!({"renewal": asked})),
        of(
            "renewed",
            json!({"reviews": [review("2026-07-20T00:00:00Z", "Renewed")]}),
        ),
        of(
            "closed",
            json!({"reviews": [review("2026-06-15T00:00:00Z", "Closed")]}),
        ),
    ]
}

/// All of it, taken in.
pub fn cluster() -> Cluster {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("web", path());
    cluster.put_namespace("shop", &json!({}));
    for workload in workloads() {
        cluster.put(workload);
    }
    for exception in exceptions() {
        cluster.put_exception(exception);
    }
    cluster
}

/// The same as manifests, for the commands that read files.
pub fn manifests(name: &str) -> String {
    let path = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "GoldenPath", "metadata": {"name": "web"}, "spec": path()});
    let objects = [vec![path], workloads(), exceptions()].concat();
    let texts: Vec<String> = objects.iter().map(ToString::to_string).collect();
    let file = format!("{}/{name}.yaml", env!("CARGO_TARGET_TMPDIR"));
    fs::write(&file, texts.join("\n---\n")).unwrap();
    file
}
