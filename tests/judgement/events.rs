//! How the inventory handles events: what removes an object, what requests another list, and what
//! time changes.

use std::collections::HashSet;

use goldenpath::assess::inventory::Reread;
use goldenpath::assess::inventory::lists::Listed;
use goldenpath::assess::object::kind::WatchedKind;
use goldenpath::assess::state::{Cause, Phase, Standing, State, Status};
use goldenpath::assess::verdict::AsOf;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::fixtures::{
    Cluster, deployment, deployment_id, exception, instant, now, web_path, with,
};

fn keys(names: &[&str]) -> HashSet<(String, String)> {
    names
        .iter()
        .map(|name| ("shop".to_owned(), (*name).to_owned()))
        .collect()
}

#[test]
fn completed_list_removes_what_it_did_not_hold_and_nothing_else() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web")).put(deployment("api"));
    let kinds = WatchedKind::built_in();
    let seen = keys(&["api"]);
    let (reread, _) = cluster.0.complete_list(
        &Listed::Workloads {
            kind: &kinds[1],
            namespace: None,
            seen: &seen,
        },
        now(),
    );
    assert_eq!(reread, Reread::Nothing);
    assert!(
        cluster.verdict_at("web", now()).is_some(),
        "a list of another kind changes no Deployment"
    );
    let listed = Listed::Workloads {
        kind: &kinds[0],
        namespace: Some("other"),
        seen: &seen,
    };
    let _ = cluster.0.complete_list(&listed, now());
    assert!(
        cluster.verdict_at("web", now()).is_some(),
        "a list of another namespace changes nothing in shop"
    );
    let _ = cluster.0.complete_list(
        &Listed::Workloads {
            kind: &kinds[0],
            namespace: None,
            seen: &seen,
        },
        now(),
    );
    assert!(cluster.verdict_at("web", now()).is_none());
    assert!(cluster.verdict_at("api", now()).is_some());
}

#[test]
fn exception_missing_from_a_completed_list_is_given_back_whole() {
    let mut cluster = Cluster::with_web_path();
    cluster
        .put_exception(exception("a"))
        .put_exception(exception("b"));
    let (_, gone) = cluster
        .0
        .complete_list(&Listed::Exceptions(&keys(&["b"])), now());
    let gone: Vec<_> = gone
        .iter()
        .map(|(namespace, gone)| (namespace.as_str(), &*gone.name))
        .collect();
    assert_eq!(gone, [("shop", "a")]);
}

#[test]
fn changed_expression_asks_for_every_workload_and_a_changed_title_for_none() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    assert_eq!(
        cluster.put_path("web", with(web_path(), json!({"title": "Web"}))),
        Reread::Nothing
    );
    let other =
        json!({"checks": [{"name": "replicas", "expression": "object.spec.replicas >= 9"}]});
    assert_eq!(
        cluster.put_path("web", with(web_path(), other)),
        Reread::Everything
    );
}

#[test]
fn workload_keeps_its_verdict_until_it_was_read_by_the_new_paths() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    let other =
        json!({"checks": [{"name": "replicas", "expression": "object.spec.replicas >= 9"}]});
    let _ = cluster.put_path("web", with(web_path(), other));
    assert_eq!(cluster.verdict("web").status, Status::GoldenPath);
    cluster.put(deployment("web"));
    assert_eq!(cluster.verdict("web").status, Status::Deviating);
}

#[test]
fn changed_policy_takes_effect_without_reading_workloads_again() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    cluster.put_exception(with(
        exception("licence"),
        json!({"spec": {"approval": null}}),
    ));
    assert_eq!(cluster.verdict("web").standing, Some(Standing::Pending));
    let reread = cluster.put_path(
        "web",
        with(
            web_path(),
            json!({"exceptionPolicy": {"requireApproval": false}}),
        ),
    );
    assert_eq!(reread, Reread::Nothing);
    assert_eq!(cluster.verdict("web").standing, Some(Standing::Documented));
}

#[test]
fn deleted_path_is_judged_by_for_five_more_minutes() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    assert_eq!(cluster.0.remove_path("web", now()), Reread::Nothing);
    let almost = now() + SignedDuration::from_secs(299);
    assert_eq!(cluster.0.tick(almost), Reread::Nothing);
    assert_eq!(cluster.verdict("web").status, Status::GoldenPath);
    assert_eq!(
        cluster.0.tick(now() + SignedDuration::from_secs(300)),
        Reread::Everything
    );
    cluster.put(deployment("web"));
    assert_eq!(cluster.verdict("web").status, Status::Unscoped);
}

#[test]
fn exceptions_of_a_deleted_path_go_on_living_by_its_terms() {
    let mut cluster = Cluster::with_web_path();
    let trusting = json!({"exceptionPolicy": {"requireApproval": false}});
    let _ = cluster.put_path("web", with(web_path(), trusting));
    let asked = json!({"spec": {"approval": null}});
    cluster.put_exception(with(exception("licence"), asked));
    let _ = cluster.0.remove_path("web", now());
    let later = now() + SignedDuration::from_secs(300);
    let _ = cluster.0.tick(later);
    assert!(cluster.0.paths().is_empty());
    let as_of = AsOf::new(later);
    let ns = cluster.0.namespace("shop").unwrap();
    let ctx = cluster.0.judge_context(&as_of);
    let life = ctx.life(ns, ns.exception("licence").unwrap());
    assert_eq!(life.phase, Phase::Active);
}

/// Its new name may be there before the old one goes, or after.
#[test]
fn renamed_path_takes_its_exceptions_along_without_a_flicker() {
    let renamed = with(web_path(), json!({"formerNames": ["web"]}));
    for new_one_first in [true, false] {
        let mut cluster = Cluster::with_web_path();
        cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
        cluster.put_exception(exception("licence"));
        assert_eq!(cluster.verdict("web").standing, Some(Standing::Documented));
        if new_one_first {
            // Last by name, so that the old one goes on judging while it exists.
            let _ = cluster.put_path("website", renamed.clone());
            cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
            assert_eq!(cluster.path_of("web").as_deref(), Some("web"));
            assert_eq!(cluster.0.remove_path("web", now()), Reread::Everything);
        } else {
            let _ = cluster.0.remove_path("web", now());
            let reread = cluster.put_path("website", renamed.clone());
            assert_eq!(reread, Reread::Everything);
        }
        let not_read_again_yet = cluster.verdict("web").standing;
        assert_eq!(not_read_again_yet, Some(Standing::Documented));
        cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
        assert_eq!(cluster.path_of("web").as_deref(), Some("website"));
        assert_eq!(cluster.verdict("web").standing, Some(Standing::Documented));
    }
}

#[test]
fn path_that_comes_back_within_the_grace_is_as_if_it_had_never_gone() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    let _ = cluster.0.remove_path("web", now());
    let _ = cluster.put_path("web", web_path());
    assert_eq!(
        cluster.0.tick(now() + SignedDuration::from_secs(301)),
        Reread::Nothing
    );
    assert_eq!(cluster.verdict("web").status, Status::GoldenPath);
}

#[test]
fn changed_namespace_labels_ask_for_its_workloads() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(deployment("web"));
    assert!(
        !cluster.put_namespace("shop", &json!({})),
        "nothing changed"
    );
    assert!(cluster.put_namespace("shop", &json!({"stage": "prod"})));
    assert!(
        !cluster.put_namespace("empty", &json!({"stage": "prod"})),
        "nothing lives there"
    );
}

#[test]
fn time_flips_a_standing_at_the_instant_that_was_foretold() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    let until = instant("2026-06-20T00:00:00Z");
    cluster.put_exception(with(
        exception("licence"),
        json!({"spec": {"expiresAt": "2026-06-20T00:00:00Z"}}),
    ));
    let _ = cluster.0.tick(now());
    cluster.apply(now());
    let (mut at, mut changes) = (now(), Vec::new());
    while let Some(next) = cluster.0.next_change().filter(|next| *next <= until) {
        assert!(next > at, "time moves on");
        at = next;
        let before = at - SignedDuration::from_nanos(1);
        let _ = cluster.0.tick(before);
        assert!(
            cluster.apply(before).labels.is_empty(),
            "nothing changes before {at}"
        );
        let _ = cluster.0.tick(at);
        changes.extend(
            cluster
                .apply(at)
                .transitions
                .into_iter()
                .map(|change| (at, change.to, change.cause)),
        );
    }
    let due = (
        instant("2026-06-06T00:00:00Z"),
        State::Deviating(Standing::ReviewDue),
        Cause::Time,
    );
    assert_eq!(
        changes,
        [
            due,
            (until, State::Deviating(Standing::Expired), Cause::Time)
        ]
    );
}

#[test]
fn an_instant_takes_effect_though_something_else_changes_right_after_it() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    let end = json!({"spec": {"expiresAt": "2026-06-20T00:00:00Z"}});
    cluster.put_exception(with(exception("licence"), end));
    let before = instant("2026-06-19T23:59:58Z");
    let _ = cluster.0.tick(before);
    cluster.apply(before);
    cluster.put_exception(with(
        exception("another"),
        json!({"spec": {"targets": [{"kind": "Deployment", "name": "elsewhere"}]}}),
    ));
    let after = instant("2026-06-20T00:00:03Z");
    let _ = cluster.0.tick(after);
    let plan = cluster.apply(after);
    assert_eq!(plan.labels[0].wanted.deviation.as_deref(), Some("expired"));
}

#[test]
fn clock_that_goes_back_makes_everything_be_looked_at_again() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    cluster.put_exception(with(
        exception("licence"),
        json!({"spec": {"expiresAt": "2026-06-20T00:00:00Z"}}),
    ));
    let late = instant("2026-06-21T00:00:00Z");
    let _ = cluster.0.tick(late);
    cluster.apply(late);
    let _ = cluster.0.tick(now());
    let plan = cluster.apply(now());
    assert_eq!(
        plan.labels[0].wanted.deviation.as_deref(),
        Some("documented")
    );
}

#[test]
fn older_version_of_a_workload_never_replaces_a_newer_one() {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(
        deployment("web"),
        json!({"metadata": {"resourceVersion": "9"}}),
    ));
    cluster.put(with(
        deployment("web"),
        json!({"spec": {"replicas": 1}, "metadata": {"resourceVersion": "8"}}),
    ));
    assert_eq!(cluster.verdict("web").status, Status::GoldenPath);
    let reborn =
        json!({"spec": {"replicas": 1}, "metadata": {"resourceVersion": "3", "uid": "another"}});
    cluster.put(with(deployment("web"), reborn));
    assert_eq!(cluster.verdict("web").status, Status::Deviating);
}

#[test]
fn hostile_sizes_leave_the_record_small() {
    let mut cluster = Cluster::with_web_path();
    let noise: serde_json::Map<_, _> = (0..10_000)
        .map(|n| (format!("noise.example.org/key-{n}"), json!("v")))
        .collect();
    let annotation = "x".repeat(256 * 1024);
    let huge = json!({"metadata": {"labels": noise, "annotations": {"notes": annotation, "goldenpath.dev/ignore": annotation,
        "goldenpath.dev/team": annotation}}});
    cluster.put(with(deployment("web"), huge));
    assert_eq!(cluster.verdict("web").status, Status::GoldenPath);
    let workload = cluster.0.workload(&deployment_id("web")).unwrap();
    assert!(workload.attributes.ignore.as_ref().unwrap().len() <= 200);
    assert!(workload.attributes.team.as_ref().unwrap().len() <= 63);
    let ns = cluster.0.namespace("shop").unwrap();
    let as_of = AsOf::new(now());
    let labels = goldenpath::assess::verdict::judge(workload, ns, &cluster.0.judge_context(&as_of))
        .labels(workload);
    assert_eq!(labels.status.as_deref(), Some("golden-path"));
}

/// Name and standing of every planned label that says one.
fn planned_standings(cluster: &mut Cluster, at: jiff::Timestamp) -> Vec<(String, String)> {
    let _ = cluster.0.tick(at);
    let labels = cluster.apply(at).labels.into_iter();
    labels
        .filter_map(|write| Some((write.id.name.to_string(), write.wanted.deviation?)))
        .collect()
}

#[test]
fn another_workload_is_covered_when_one_leaves_an_exception_with_a_limit() {
    let mut cluster = Cluster::with_web_path();
    let lonely = |name: &str, created: &str| {
        with(
            deployment(name),
            json!({"spec": {"replicas": 1}, "metadata": {"creationTimestamp": created}}),
        )
    };
    cluster.put_exception(with(
        exception("one"),
        json!({"spec": {"targets": null, "maxWorkloads": 1,
            "selector": {"matchLabels": {"tier": "front"}}}}),
    ));
    cluster.put(lonely("first", "2026-02-01T00:00:00Z"));
    cluster.put(lonely("second", "2026-02-02T00:00:00Z"));
    cluster.apply(now());
    let planned = |name: &str, standing: &str| (name.to_owned(), standing.to_owned());
    cluster.0.remove_workload(&deployment_id("first"));
    assert_eq!(
        planned_standings(&mut cluster, now()),
        [planned("second", "documented")]
    );
    cluster.put(lonely("third", "2026-01-01T00:00:00Z"));
    let mut standings = planned_standings(&mut cluster, now());
    standings.sort();
    assert_eq!(
        standings,
        [
            planned("second", "undocumented"),
            planned("third", "documented")
        ]
    );
}

#[test]
fn a_bound_exception_has_its_review_whatever_template_its_target_had_meanwhile() {
    let mut cluster = Cluster::with_web_path();
    let web = |version: &str, arg: &str| {
        let container = json!({"name": "app", "image": "shop/web:1", "args": [arg]});
        with(
            deployment("web"),
            json!({"spec": {"replicas": 1, "template": {"spec": {"containers": [container]}}},
                "metadata": {"resourceVersion": version}}),
        )
    };
    cluster.put(web("5", "approved"));
    let approved = cluster.0.workload(&deployment_id("web")).unwrap().template;
    cluster.put(web("6", "other"));
    cluster.put_exception(with(
        exception("bound"),
        json!({"spec": {"boundTo": {"templateHash": approved.unwrap().to_string()}}}),
    ));
    let planned = |standing: &str| [("web".to_owned(), standing.to_owned())];
    assert_eq!(
        planned_standings(&mut cluster, now()),
        planned("review-overdue")
    );
    cluster.put(web("7", "approved"));
    assert_eq!(
        planned_standings(&mut cluster, now()),
        planned("documented")
    );
    // 90 days after the approval, less the 14 days of notice.
    let due = instant("2026-07-17T00:00:00Z");
    assert_eq!(planned_standings(&mut cluster, due), planned("review-due"));
}

#[test]
fn a_list_of_what_is_known_already_changes_nothing() {
    let mut cluster = Cluster::with_web_path();
    let objects: Vec<_> = (0..3).map(|n| deployment(&format!("w{n}"))).collect();
    for object in &objects {
        cluster.put(object.clone());
    }
    cluster.apply(now());
    // As a watch shows the labels that were written.
    let labelled: Vec<_> = objects
        .iter()
        .map(|object| {
            let name = object["metadata"]["name"].as_str().unwrap();
            let known = cluster.0.workload(&deployment_id(name)).unwrap();
            let live = known.attributes.live.clone();
            let labels: Map<String, Value> = live
                .present()
                .map(|(key, value)| (key.to_owned(), value.into()))
                .collect();
            with(object.clone(), json!({"metadata": {"labels": labels}}))
        })
        .collect();
    for object in &labelled {
        cluster.put(object.clone());
    }
    cluster.apply(now());
    let before = cluster.0.version();
    for object in &labelled {
        cluster.put(object.clone());
    }
    assert_eq!(cluster.0.version(), before);
    assert!(!cluster.has_work(now()));
    cluster.put(with(labelled[0].clone(), json!({"spec": {"replicas": 1}})));
    assert!(cluster.0.version() > before);
    assert!(cluster.has_work(now()));
}
