//! Which path judges a workload.

use goldenpath::assess::adoption::Tally;
use goldenpath::assess::path::Origin;
use goldenpath::assess::register::index::Register;
use goldenpath::assess::state::Status;
use goldenpath::assess::verdict::{AsOf, Choice};
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, now, web_path, with};

fn declare(path: &str) -> Value {
    with(
        deployment("web"),
        json!({"metadata": {"labels": {"goldenpath.dev/path": path}}}),
    )
}

fn asks_for(replicas: u32) -> Value {
    let expression = format!("object.spec.replicas >= {replicas}");
    with(
        web_path(),
        json!({"checks": [{"name": "replicas", "expression": expression}]}),
    )
}

#[test]
fn declared_path_is_chosen_even_where_another_fits_better() {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("strict", asks_for(9));
    cluster.put(declare("strict"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("strict"));
    assert_eq!(cluster.verdict("web").choice, Choice::Declared);
    assert_eq!(cluster.verdict("web").status, Status::Deviating);
}

#[test]
fn former_name_of_a_path_still_declares_it() {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path(
        "strict",
        with(asks_for(9), json!({"formerNames": ["severe"]})),
    );
    cluster.put(declare("severe"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("strict"));
}

#[test]
fn path_with_the_fewest_missing_steps_is_chosen() {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("a-strict", with(asks_for(9), json!({"priority": 10})));
    cluster.put(deployment("web"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("web"));
}

#[test]
fn among_equal_fits_priority_then_name_decides() {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("zebra", with(asks_for(1), json!({"priority": 1})));
    let _ = cluster.put_path("apple", asks_for(1));
    cluster.put(deployment("web"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("zebra"));
    let _ = cluster.put_path("zebra", asks_for(1));
    cluster.put(deployment("web"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("apple"));
}

/// The services that each launched path would judge if the path `starter` did not.
fn launched_beside(cluster: &Cluster) -> Vec<(String, usize)> {
    let as_of = AsOf::new(now());
    let register = Register::of(&cluster.0, &as_of);
    let tally = Tally::of(&cluster.0, &as_of, &register);
    let beside = tally.paths["starter"].launched_beside.iter();
    beside
        .map(|(path, services)| (path.to_string(), *services))
        .collect()
}

fn put_starter(cluster: &mut Cluster, spec: Value) {
    let origin = Origin {
        name: "starter".into(),
        is_starter: true,
        ..Origin::default()
    };
    let _ = cluster
        .0
        .put_path(origin, serde_json::from_value(spec).unwrap(), None);
    for name in ["web", "shop"] {
        cluster.put(deployment(name));
    }
}

#[test]
fn starter_path_is_chosen_like_any_other_and_counts_whom_it_takes_from_launched_ones() {
    let advice = || with(asks_for(1), json!({"launchedAt": null}));
    let mut cluster = Cluster::with_web_path();
    put_starter(&mut cluster, advice());
    assert_eq!(
        cluster.path_of("web").as_deref(),
        Some("starter"),
        "by name"
    );
    assert_eq!(launched_beside(&cluster), [("web".to_owned(), 2)]);
    // The launched path that is closest.
    let _ = cluster.put_path("strict", with(asks_for(9), json!({"priority": 9})));
    put_starter(&mut cluster, with(advice(), json!({"priority": 7})));
    assert_eq!(
        cluster.path_of("web").as_deref(),
        Some("starter"),
        "by priority"
    );
    assert_eq!(launched_beside(&cluster), [("web".to_owned(), 2)]);
    cluster.put(declare("starter"));
    assert_eq!(
        launched_beside(&cluster),
        [("web".to_owned(), 1)],
        "one team declares it"
    );
    // Once it is launched itself, it takes from none.
    put_starter(&mut cluster, asks_for(1));
    assert_eq!(launched_beside(&cluster), []);
    put_starter(&mut cluster, with(advice(), json!({"priority": -1})));
    assert_eq!(cluster.path_of("web").as_deref(), Some("web"));
    assert_eq!(launched_beside(&cluster), []);
}

#[test]
fn declared_path_that_does_not_exist_is_reported_and_the_closest_fit_chosen() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(declare("nowhere"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("web"));
    assert_eq!(cluster.verdict("web").choice, Choice::DeclaredMissing);
}

#[test]
fn declared_path_whose_scope_excludes_the_workload_is_reported() {
    let mut cluster = Cluster::with_web_path();
    let scope = json!({"scope": {"kinds": [{"group": "batch", "kind": "CronJob"}]}});
    let _ = cluster.put_path("jobs", with(web_path(), scope));
    cluster.put(declare("jobs"));
    assert_eq!(cluster.path_of("web").as_deref(), Some("web"));
    assert_eq!(cluster.verdict("web").choice, Choice::DeclaredNotApplicable);
}

#[test]
fn every_part_of_a_scope_must_hold() {
    for (scope, in_scope) in [
        (
            json!({"kinds": [{"group": "apps", "kind": "Deployment"}]}),
            true,
        ),
        (
            json!({"kinds": [{"group": "", "kind": "Deployment"}]}),
            false,
        ),
        (
            json!({"selector": {"matchLabels": {"tier": "front"}}}),
            true,
        ),
        (
            json!({"selector": {"matchLabels": {"tier": "back"}}}),
            false,
        ),
        (
            json!({"namespaceSelector": {"matchLabels": {"stage": "prod"}}}),
            true,
        ),
        (
            json!({"namespaceSelector": {"matchLabels": {"stage": "test"}}}),
            false,
        ),
        (
            json!({"matchConditions": [{"name": "a", "expression": "object.metadata.name == 'web'"}]}),
            true,
        ),
        (
            json!({"matchConditions": [{"name": "a", "expression": "namespaceObject.metadata.labels.stage == 'test'"}]}),
            false,
        ),
        (
            json!({"matchConditions": [{"name": "a", "expression": "object.spec.nothing == 1"}]}),
            false,
        ),
        (
            json!({"matchConditions": [{"name": "a", "expression": "does not compile"}]}),
            false,
        ),
    ] {
        let mut cluster = Cluster::with_web_path();
        cluster.put_namespace("shop", &json!({"stage": "prod"}));
        let _ = cluster.put_path("web", with(web_path(), json!({"scope": scope})));
        cluster.put(deployment("web"));
        assert_eq!(
            cluster.verdict("web").status == Status::GoldenPath,
            in_scope,
            "{scope}"
        );
        assert_eq!(
            cluster.verdict("web").status == Status::Unscoped,
            !in_scope,
            "{scope}"
        );
    }
}

#[test]
fn path_on_the_roadmap_is_a_preview_and_judges_no_workload() {
    for preview in [
        json!({"launchedAt": null, "horizon": "Next"}),
        json!({"launchedAt": "2026-06-01T12:00:01Z"}),
        json!({"checks": [{"name": "a", "expression": "no good"}]}),
        json!({"checks": [{"name": "a", "level": "recommended", "expression": "true"}]}),
        json!({"checks": [{"name": "a", "enforceFrom": "2027-01-01T00:00:00Z", "expression": "true"}]}),
    ] {
        let mut cluster = Cluster::with_web_path();
        let _ = cluster.put_path("web", with(web_path(), preview.clone()));
        cluster.put(deployment("web"));
        assert_eq!(cluster.verdict("web").status, Status::Unscoped, "{preview}");
    }
}

#[test]
fn path_takes_part_from_the_very_instant_of_its_launch() {
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path(
        "web",
        with(
            web_path(),
            json!({"launchedAt": crate::fixtures::NOW, "horizon": "Now"}),
        ),
    );
    cluster.put(deployment("web"));
    assert_eq!(cluster.verdict("web").status, Status::GoldenPath);
}
