//! Which workloads are judged, and the outcomes of their checks.

use goldenpath::assess::path::ExpressionPlace;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::state::Status;
use goldenpath::assess::verdict::Steps;
use serde_json::json;

use crate::fixtures::{Cluster, deployment, now, web_path, with};

fn status_with_path(spec: serde_json::Value, object: serde_json::Value) -> Status {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("web", with(web_path(), spec));
    cluster.put(object);
    cluster.verdict("web").status
}

#[test]
fn workload_that_passes_every_required_check_is_on_the_path() {
    assert_eq!(
        status_with_path(json!({}), deployment("web")),
        Status::GoldenPath
    );
}

#[test]
fn one_failing_required_check_makes_a_workload_deviate() {
    let one = with(deployment("web"), json!({"spec": {"replicas": 1}}));
    assert_eq!(status_with_path(json!({}), one), Status::Deviating);
}

#[test]
fn check_that_cannot_be_evaluated_is_unknown_and_never_golden() {
    let none = with(deployment("web"), json!({"spec": {"replicas": null}}));
    assert_eq!(status_with_path(json!({}), none), Status::Unknown);
}

#[test]
fn failing_check_outweighs_one_that_errs() {
    let both = with(
        deployment("web"),
        json!({"spec": {"replicas": null}, "metadata": {"labels": {"tier": null}}}),
    );
    assert_eq!(status_with_path(json!({}), both), Status::Deviating);
}

#[test]
fn check_that_does_not_compile_is_an_error_and_its_neighbours_go_on() {
    let mut cluster = Cluster::with_web_path();
    let broken = json!({"checks": [
        {"name": "broken", "expression": "object.spec.replicas >"},
        {"name": "tier", "expression": "'tier' in object.metadata.labels"},
    ]});
    let _ = cluster.put_path("web", with(web_path(), broken));
    cluster.put(deployment("web"));
    assert_eq!(cluster.verdict("web").status, Status::Unknown);
    assert_eq!(cluster.verdict("web").steps, Steps { passed: 1, of: 2 });
    cluster.put(with(
        deployment("web"),
        json!({"metadata": {"labels": {"tier": null}}}),
    ));
    assert_eq!(cluster.verdict("web").status, Status::Deviating);
    let invalid = &cluster.0.paths().get(0).invalid;
    assert_eq!(invalid[0].place, ExpressionPlace::Check("broken".into()));
    assert_eq!(invalid.len(), 1);
}

#[test]
fn recommended_check_never_makes_a_service_deviate() {
    let advice = json!({"checks": [
        {"name": "tier", "expression": "'tier' in object.metadata.labels"},
        {"name": "replicas", "level": "recommended", "expression": "object.spec.replicas >= 9"},
    ]});
    assert_eq!(
        status_with_path(advice, deployment("web")),
        Status::GoldenPath
    );
}

#[test]
fn announced_check_counts_from_its_very_instant() {
    let announced = json!({"checks": [
        {"name": "tier", "expression": "'tier' in object.metadata.labels"},
        {"name": "replicas", "expression": "object.spec.replicas >= 9", "enforceFrom": "2026-06-01T12:00:00Z"},
    ]});
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("web", with(web_path(), announced));
    cluster.put(deployment("web"));
    let second_before = now() - jiff::SignedDuration::from_secs(1);
    assert_eq!(
        cluster.verdict_at("web", second_before).unwrap().status,
        Status::GoldenPath
    );
    assert_eq!(
        cluster.verdict_at("web", second_before).unwrap().steps,
        Steps { passed: 1, of: 1 }
    );
    assert_eq!(cluster.verdict("web").status, Status::Deviating);
}

#[test]
fn what_the_operator_writes_or_the_cluster_reports_is_not_judged() {
    for expression in [
        "has(object.status)",
        "object.status.replicas > 0",
        "object.metadata.resourceVersion != ''",
        "has(object.metadata.managedFields)",
        "object.metadata.labels['goldenpath.dev/status'] == 'golden-path'",
        "'goldenpath.dev/status' in object.metadata.labels || object.metadata.labels[?'goldenpath.dev/deviation'].hasValue()",
    ] {
        let mut cluster = Cluster::with_web_path();
        let spec = json!({"checks": [{"name": "self-reference", "expression": expression}]});
        let _ = cluster.put_path("web", with(web_path(), spec));
        let invalid = &cluster.0.paths().get(0).invalid;
        assert_eq!(
            invalid
                .iter()
                .map(|invalid| invalid.reason)
                .collect::<Vec<_>>(),
            ["ReadsUnjudged"],
            "{expression}"
        );
    }
}

#[test]
fn own_labels_are_invisible_to_checks() {
    let no_labels =
        json!({"checks": [{"name": "bare", "expression": "!has(object.metadata.labels)"}]});
    let labelled = with(
        deployment("web"),
        json!({"metadata": {"labels": {"tier": null, "app": null, "goldenpath.dev/status": "deviating"}}}),
    );
    assert_eq!(status_with_path(no_labels, labelled), Status::GoldenPath);
}

#[test]
fn workload_of_a_watched_controller_is_judged_once_through_its_controller() {
    let mut cluster = Cluster::with_web_path();
    let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "parent", "controller": true, "uid": "1"}]);
    cluster.put(with(
        deployment("child"),
        json!({"metadata": {"ownerReferences": owner}}),
    ));
    let other = json!([{"apiVersion": "example.org/v1", "kind": "App", "name": "parent", "controller": true, "uid": "1"}]);
    cluster.put(with(
        deployment("web"),
        json!({"metadata": {"ownerReferences": other}}),
    ));
    assert!(cluster.verdict_at("child", now()).is_none());
    assert!(cluster.verdict_at("web", now()).is_some());
}

#[test]
fn the_clusters_own_workloads_are_not_judged() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(
        deployment("dns"),
        json!({"metadata": {"namespace": "kube-system"}}),
    ));
    assert!(cluster.0.namespace("kube-system").is_none());
}

#[test]
fn workload_takes_itself_out_only_where_that_is_allowed() {
    let ignore = json!({"metadata": {"annotations": {"goldenpath.dev/ignore": "a spike"}, "labels": {"tier": null}}});
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(deployment("web"), ignore.clone()));
    assert_eq!(cluster.verdict("web").status, Status::Deviating);

    let selector = serde_saphyr::from_str("matchLabels: {sandbox: 'true'}").unwrap();
    let settings = Settings {
        ignore_namespaces: Some(goldenpath::assess::object::labels::Selector::compile(
            &selector,
        )),
        ..Settings::default()
    };
    let mut cluster = Cluster::new(settings);
    let _ = cluster.put_path("web", web_path());
    cluster.put_namespace("shop", &json!({"sandbox": "true"}));
    cluster.put(with(deployment("web"), ignore));
    assert_eq!(cluster.verdict("web").status, Status::Ignored);
}

#[test]
fn team_is_the_first_name_found_nearest_to_the_workload() {
    let team = |metadata: serde_json::Value, on_namespace: serde_json::Value| {
        let mut cluster = Cluster::with_web_path();
        cluster.put_namespace("shop", &on_namespace);
        cluster.put(with(deployment("web"), json!({"metadata": metadata})));
        let ns = cluster.0.namespace("shop").unwrap();
        let entry = ns.workloads.values().next().unwrap();
        ns.team_of(&entry.workload).to_owned()
    };
    let none = || json!({});
    assert_eq!(team(none(), none()), "unknown");
    assert_eq!(team(none(), json!({"team": "tenants"})), "tenants");
    assert_eq!(
        team(
            json!({"labels": {"owner": "o"}}),
            json!({"team": "tenants"})
        ),
        "o"
    );
    assert_eq!(
        team(json!({"labels": {"owner": "o", "team": "t"}}), none()),
        "t"
    );
    let both = json!({"annotations": {"goldenpath.dev/team": "a"}, "labels": {"goldenpath.dev/team": "l"}});
    assert_eq!(team(both, none()), "a");
    let order = json!({"annotations": {"a8r.io/owner": "second"}, "labels": {"backstage.io/owner": "first"}});
    assert_eq!(team(order, none()), "first");
}

#[test]
fn scope_condition_that_errs_leaves_the_object_out_and_the_status_says_so() {
    let mut cluster = Cluster::with_web_path();
    let scope = json!({"scope": {"matchConditions": [
        {"name": "zone", "expression": "object.metadata.labels['zone'] == 'a'"},
    ]}});
    let _ = cluster.put_path("web", with(web_path(), scope));
    cluster.put(deployment("web"));
    cluster.put(deployment("api"));
    assert_eq!(cluster.verdict("web").status, Status::Unscoped);
    let plan = cluster.plan_statuses(now());
    let conditions = &plan.paths[0].status.conditions;
    let valid = conditions
        .iter()
        .find(|one| one.type_ == "ChecksValid")
        .unwrap();
    assert_eq!(valid.status, "False");
    let words =
        "fails on 2 workloads and leaves them out of the scope, such as shop/Deployment/web: ";
    assert!(valid.message.contains(words), "{}", valid.message);
    let end = "the workloads that a condition fails on stay out of the scope.";
    assert!(valid.message.ends_with(end), "{}", valid.message);
}

#[test]
fn false_scope_condition_decides_even_if_another_one_fails() {
    let mut cluster = Cluster::with_web_path();
    let scope = json!({"scope": {"matchConditions": [
        {"name": "zone", "expression": "object.metadata.labels['zone'] == 'a'"},
        {"name": "never", "expression": "object.spec.replicas > 99"},
    ]}});
    let _ = cluster.put_path("web", with(web_path(), scope));
    cluster.put(deployment("web"));
    assert_eq!(cluster.verdict("web").status, Status::Unscoped);
    let counts = goldenpath::assess::adoption::index::Contributions::of(
        &cluster.0,
        &goldenpath::assess::verdict::AsOf::new(now()),
    );
    assert!(counts.faults().is_empty());
}
