//! What tools change in workloads, pattern by pattern, and the class that each rollout gets. The rows
//! follow the table of delivery patterns; those of other kinds are in `kinds`, whole histories in
//! `stories`.

use serde_json::{Value, json};

use crate::assess::delivery::fixtures::{Deployment, World, annotation, at, image, mode};
use crate::assess::delivery::observe;

const NONE: [&str; 0] = [];

fn label(key: &str, value: &str) -> impl Fn(&mut Value) + use<> {
    let (key, value) = (key.to_owned(), value.to_owned());
    move |template| template["metadata"]["labels"][&key] = value.clone().into()
}

fn env(name: &str, value: &str) -> impl Fn(&mut Value) + use<> {
    let variable = json!({"name": name, "value": value});
    move |template| {
        let list = template["spec"]["containers"][0]["env"].as_array_mut();
        list.unwrap().push(variable.clone());
    }
}

fn container(name: &str) -> impl Fn(&mut Value) + use<> {
    let container = json!({"name": name, "image": "registry/other:1"});
    move |template| {
        let list = template["spec"]["containers"].as_array_mut();
        list.unwrap().push(container.clone());
    }
}

fn volume(name: &str) -> impl Fn(&mut Value) + use<> {
    let volume = json!({"name": name, "configMap": {"name": "shop-8c2f9dk4t7"}});
    move |template| template["spec"]["volumes"] = json!([volume])
}

fn both(first: impl Fn(&mut Value), second: impl Fn(&mut Value)) -> impl Fn(&mut Value) {
    move |template| {
        first(template);
        second(template);
    }
}

fn field(key: &str, value: Value) -> impl Fn(&mut Value) + use<> {
    let key = key.to_owned();
    move |template| template["spec"]["containers"][0][&key] = value.clone()
}

/// A pattern, the change it makes, and its class.
type Row = (&'static str, Box<dyn Fn(&mut Value)>, &'static str);

fn release(pattern: &'static str, change: impl Fn(&mut Value) + 'static) -> Row {
    (pattern, Box::new(change), "release")
}

fn config(pattern: &'static str, change: impl Fn(&mut Value) + 'static) -> Row {
    (pattern, Box::new(change), "config")
}

fn platform(pattern: &'static str, change: impl Fn(&mut Value) + 'static) -> Row {
    (pattern, Box::new(change), "platform")
}

fn restart(pattern: &'static str, change: impl Fn(&mut Value) + 'static) -> Row {
    (pattern, Box::new(change), "restart")
}

fn releases_and_restarts() -> Vec<Row> {
    const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";
    const UPDATED: &str = "keel.sh/update-time";
    let chart = || label("helm.sh/chart", "shop-2");
    vec![
        release("kubectl set image, apply", image("b")),
        release("command", field("command", json!(["run"]))),
        release("another container", container("cache")),
        release("Helm upgrade: image and chart", both(image("b"), chart())),
        release(
            "Keel: a new tag",
            both(image("b"), annotation(UPDATED, "x")),
        ),
        release("Keel: a tag pushed again", annotation(UPDATED, "x")),
        release(
            "Flux or Argo image automation",
            image("b@sha256:0123456789abcdef"),
        ),
        restart(
            "rollout restart, Argo CD restart",
            annotation(RESTARTED, "x"),
        ),
        restart("skaffold run-id", annotation("skaffold.dev/run-id", "x")),
        restart("Helm rollme", annotation("rollme", "x")),
        restart(
            "kustomize commonAnnotations",
            annotation("goldenpath.dev/commit-time", "x"),
        ),
    ]
}

fn configuration_and_platform() -> Vec<Row> {
    const INJECT: &str = "sidecar.istio.io/inject";
    const RELOADED: &str = "reloader.stakater.com/last-reloaded-from";
    let linkerd = || both(container("linkerd-proxy"), volume("linkerd-identity-token"));
    vec![
        config(
            "Helm upgrade: checksum alone",
            annotation("checksum/config", "x"),
        ),
        config(
            "Helm upgrade: chart label alone",
            label("helm.sh/chart", "shop-2"),
        ),
        config("kustomize generator suffix", volume("config")),
        config("Reloader: environment", env("STAKATER_SHOP_CONFIGMAP", "x")),
        config("Reloader: annotation", annotation(RELOADED, "x")),
        config("environment", mode("other")),
        config("resources by people", field("resources", json!({}))),
        config("probes", field("livenessProbe", json!({}))),
        config("an unknown field", |it| it["spec"]["future"] = json!(1)),
        config(
            "Spinnaker",
            annotation("moniker.spinnaker.io/sequence", "7"),
        ),
        config(
            "two Deployments: colour",
            label("k8s.deploy.color", "green"),
        ),
        platform("digest pinning", image("a@sha256:0123456789abcdef")),
        platform("mesh: annotation", annotation(INJECT, "true")),
        platform("mesh: label", label(INJECT, "true")),
        platform("mesh: --manual", linkerd()),
    ]
}

#[test]
fn every_pattern_of_a_template_change_has_its_class() {
    let rows = releases_and_restarts()
        .into_iter()
        .chain(configuration_and_platform());
    for (pattern, change, class) in rows {
        let mut world = World::new();
        world.roll_out("10:00", "10:02", change);
        assert_eq!(world.lines(), [format!("{class} available")], "{pattern}");
    }
}

#[test]
fn keys_that_controllers_write_for_themselves_are_nothing() {
    for key in [
        "flagger-id",
        "pod-template-hash",
        "controller-revision-hash",
    ] {
        let mut world = World::new();
        world.roll_out(
            "10:00",
            "10:02",
            both(annotation(key, "x"), label(key, "x")),
        );
        assert_eq!(world.lines(), NONE, "{key}");
    }
}

/// A pattern, and what it does to a `Deployment`.
type Nothing = (&'static str, fn(&mut Deployment));

/// Changes of a `Deployment` without a change of its template.
#[test]
fn every_pattern_without_a_new_template_is_nothing() {
    let patterns: [Nothing; 8] = [
        ("replicas, HPA, KEDA", |app| app.scale(7)),
        ("strategy", |app| {
            app.object["spec"]["strategy"] = json!({"type": "Recreate"});
            app.annotate("x", "y");
        }),
        ("minReadySeconds", |app| {
            app.object["spec"]["minReadySeconds"] = 5.into();
            app.annotate("x", "y");
        }),
        ("desired-replicas", |app| {
            app.annotate("deployment.kubernetes.io/desired-replicas", "3");
        }),
        ("change-cause", |app| {
            app.annotate("kubernetes.io/change-cause", "new");
        }),
        (
            "eviction, Karpenter, descheduler, VPA, mesh injection: pods",
            |app| app.count([3, 3, 1]),
        ),
        ("collisionCount; ReplicaSet deleted by hand", |app| {
            app.object["status"]["collisionCount"] = 1.into();
            app.revisions[0]["metadata"]["name"] = "shop-x".into();
            app.revisions[0]["metadata"]["creationTimestamp"] = json!(at("09:29"));
        }),
        ("upgrade of the API server", |app| {
            app.object["spec"]["template"]["spec"]["newDefault"] = true.into();
            app.revisions[0]["spec"]["template"]["spec"]["newDefault"] = true.into();
        }),
    ];
    for (pattern, change) in patterns {
        let mut world = World::new();
        change(&mut world.app);
        world.look("09:30");
        world.app.sync(at("09:30"));
        world.look("09:30");
        let replicas = world.app.object["spec"]["replicas"].as_i64().unwrap();
        world.app.count([replicas; 3]);
        world.look("09:31");
        assert_eq!(world.lines(), NONE, "{pattern}");
        assert_eq!(
            (world.untracked(), &world.status.open),
            (0, &None),
            "{pattern}"
        );
        world.roll_out("10:00", "10:02", image("b"));
        assert_eq!(
            world.lines(),
            ["release available"],
            "{pattern}, and a release"
        );
        assert_eq!(world.untracked(), 0, "{pattern}");
    }
}

#[test]
fn resources_that_a_tool_sets_are_of_the_platform() {
    let mut world = World::new();
    let change = |it: &mut Value| it["spec"]["containers"][0]["resources"] = json!({});
    world.app.edit(at("10:00"), change);
    world.app.object["metadata"]["managedFields"] = json!([
        {"manager": "kubectl", "time": at("08:00"), "fieldsV1": {"f:spec": {"f:template": {"f:spec":
            {"f:containers": {"k:{\"name\":\"shop\"}": {"f:resources": {}}}}}}}},
        {"manager": "stormforge-applier", "time": at("10:00"), "fieldsV1": {"f:spec": {"f:template": {"f:spec":
            {"f:containers": {"k:{\"name\":\"shop\"}": {"f:resources": {}}}}}}}},
    ]);
    world.look("10:00");
    world.app.sync(at("10:00"));
    world.complete("10:02");
    assert_eq!(world.lines(), ["platform available"]);
}

#[test]
fn a_pushed_tag_with_another_digest_is_a_release() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("a@sha256:0123456789abcdef"));
    world.roll_out("10:10", "10:12", image("a@sha256:fedcba9876543210"));
    assert_eq!(world.lines(), ["platform available", "release available"]);
}

#[test]
fn helm_and_argo_rollbacks_are_recognised_by_the_record_alone() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.app.revisions.clear(); // revisionHistoryLimit 0
    world.app.edit(at("10:10"), image("a"));
    world.look("10:10");
    world.app.object["status"]["observedGeneration"] =
        world.app.object["metadata"]["generation"].clone();
    world.app.complete(at("10:12"));
    world.look("10:12");
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 1",
    ];
    assert_eq!(world.lines(), expected);
}

#[test]
fn a_config_return_is_a_rollback_where_the_stamp_moved_back() {
    let mut world = World::new();
    world.stamp("09:00");
    world.look("09:01");
    world.stamp("09:50");
    world.roll_out("10:00", "10:02", mode("slow"));
    world.stamp("09:00");
    world.roll_out("10:10", "10:12", mode("normal"));
    assert_eq!(world.lines()[1], "rollback available, rework of 1");
}

#[test]
fn a_rollback_after_the_window_is_no_failure() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("2026-03-04 10:00", "2026-03-04 10:02", image("a"));
    let expected = ["release available", "rollback available, rework of 1"];
    assert_eq!(world.lines(), expected);
}

#[test]
fn a_stuck_release_that_is_undone_has_failed_and_a_self_healed_edit_has_not() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.undo("10:04", "1");
    world.complete("10:05");
    let expected = [
        "release failed, recovery 5m",
        "rollback available, rework of 1",
    ];
    assert_eq!(world.lines(), expected);
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.edit("10:00:05", image("a"));
    world.complete("10:01");
    assert_eq!(world.lines(), NONE);
}

#[test]
fn a_deadline_is_one_failure_and_a_later_completion_recovers() {
    let mut world = World::new();
    world.stamp("09:00");
    world.edit("10:00", image("b"));
    world.exceed("10:10");
    world.look("10:11");
    world.complete("10:30");
    assert_eq!(world.lines(), ["release failed, lead 90m, recovery 20m"]);
    assert_eq!(world.status.figures[0].counts.failed, 1);
}

#[test]
fn a_replica_set_that_cannot_be_created_fails_by_our_own_timer() {
    for reason in ["ReplicaSetCreateError", "NewReplicaSetAvailable"] {
        let mut world = World::new();
        world.edit("10:00", image("b"));
        let condition = &mut world.app.object["status"]["conditions"][0];
        condition["reason"] = reason.into();
        condition["lastUpdateTime"] = json!(at("08:01"));
        world.app.count([3, 0, 3]);
        world.look("10:01");
        world.look("10:10");
        assert_eq!(world.lines(), NONE, "{reason}");
        world.look("10:12");
        assert_eq!(world.lines(), ["release failed"], "{reason}");
    }
}

#[test]
fn flapping_that_renews_the_deadline_fails_after_a_day() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.look("2026-03-03 09:59");
    assert_eq!(world.lines(), NONE);
    world.look("2026-03-03 10:00");
    assert_eq!(world.lines(), ["release failed"]);
}

#[test]
fn a_recreate_strategy_is_a_release_and_no_failure() {
    let mut world = World::new();
    world.app.edit(at("10:00"), image("b"));
    world.app.object["status"]["observedGeneration"] =
        world.app.object["metadata"]["generation"].clone();
    world.app.count([0, 0, 0]);
    world.look("10:00");
    world.app.sync(at("10:01"));
    world.look("10:01");
    world.complete("10:03");
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(world.untracked(), 0);
}

#[test]
fn a_failed_revision_that_comes_again_is_not_counted_again() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.roll_out("10:10", "10:12", image("a"));
    world.roll_out("10:20", "10:22", image("b"));
    world.roll_out("10:30", "10:32", image("a"));
    let counts = world.status.figures[0].counts;
    assert_eq!((counts.rollouts, counts.failed), (1, 1));
}

#[test]
fn without_a_probe_a_failure_is_not_visible() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", |it| {
        it["spec"]["containers"][0]["readinessProbe"] = Value::Null;
        image("b")(it);
    });
    world.roll_out("10:10", "10:12", image("a"));
    let counts = world.status.figures[0].counts;
    assert_eq!((counts.rollouts, counts.failed), (1, 1));
    assert_eq!((counts.visible, counts.visible_failed), (0, 0));
    assert!(!world.status.rollouts[0].failure_visible);
}

#[test]
fn a_reused_replica_set_is_a_rollback_though_the_record_forgot_its_release() {
    let mut world = World::new();
    world.roll_out("10:00", "10:02", image("b"));
    world.status.mark.as_mut().unwrap().revisions.clear();
    world.undo("10:10", "1");
    world.complete("10:12");
    let expected = [
        "release failed, recovery 10m",
        "rollback available, rework of 1",
    ];
    assert_eq!(world.lines(), expected);
}

#[test]
fn a_release_stays_one_though_the_next_revision_came_before_revisions_were_read() {
    let mut world = World::new();
    world.app.edit(at("10:00"), image("b"));
    world.look("10:00");
    world.app.sync(at("10:00"));
    world.app.complete(at("10:02"));
    // The look reads the workload, then its revisions: the next one is among them.
    let read_first = world.app.object.clone();
    world.app.edit(at("10:03"), image("c"));
    world.app.sync(at("10:03"));
    let next = std::mem::replace(&mut world.app.object, read_first);
    world.look("10:03");
    world.app.object = next;
    world.look("10:03");
    world.complete("10:05");
    assert_eq!(world.lines(), ["release available", "release available"]);
}

#[test]
fn a_release_that_two_edits_leave_and_restore_before_it_is_available_is_one_release() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.edit("10:02", image("c"));
    world.edit("10:04", image("b"));
    world.complete("10:06");
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(world.untracked(), 0);
}

#[test]
fn a_rollout_that_was_open_before_an_outage_and_replaced_in_it_is_untracked() {
    let mut world = World::new();
    world.edit("10:00", image("b"));
    world.app.complete(at("10:02"));
    world.app.edit(at("11:00"), image("c"));
    world.app.sync(at("11:00"));
    world.app.complete(at("11:02"));
    let mut seen = world.app.seen();
    seen.after_gap = true;
    world.status = observe(&world.status, &seen, &world.terms, at("12:00"));
    assert_eq!(world.lines(), ["release available"]);
    assert_eq!(world.untracked(), 1);
}

#[test]
fn undo_to_an_older_revision_fails_the_stuck_release_and_not_the_good_one_before_it() {
    for (is_exceeded, knows_revisions) in [(true, true), (true, false), (false, true)] {
        let mut world = World::new();
        world.roll_out("09:30", "09:32", image("z"));
        world.edit("10:00", image("b"));
        if is_exceeded {
            world.exceed("10:10");
        }
        if !knows_revisions {
            world.status.mark.as_mut().unwrap().revisions.clear();
        }
        world.undo("10:20", "1");
        world.complete("10:22");
        let lines = world.lines();
        let case = format!("{is_exceeded} {knows_revisions} {lines:?}");
        assert_eq!(lines[0], "release available", "{case}");
        assert!(lines[1].starts_with("release failed, recovery"), "{case}");
        assert_eq!(lines[2], "rollback available, rework of 2", "{case}");
    }
}
