//! The content of a report: the mapping from check and standing to result, and the messages.

use goldenpath::assess::state::Standing;
use goldenpath::assess::verdict::findings::PolicyResult;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, instant, now, with};
use crate::scene::{excusing, golden, lonely, path, report, report_at, result, scene};

/// A deviating workload and its exception, seen at an instant.
fn replicas(exception: Option<Value>, at: &str) -> Value {
    let mut cluster = scene();
    cluster.put(lonely("web"));
    if let Some(spec) = exception {
        cluster.put_exception(excusing("web", &spec));
    }
    let report = report_at(&cluster, "web", instant(at)).unwrap();
    result(&report, "replicas").clone()
}

#[test]
fn an_exception_that_excuses_is_skipped_and_one_that_ended_fails() {
    let no = json!({"approval": {"decision": "Rejected"}});
    for (exception, at, standing, expected) in [
        (None, "2026-06-01T00:00:00Z", "undocumented", "fail"),
        (
            Some(json!({"approval": null})),
            "2026-06-01T00:00:00Z",
            "pending",
            "fail",
        ),
        (Some(no), "2026-06-01T00:00:00Z", "undocumented", "fail"),
        (
            Some(json!({})),
            "2026-06-01T00:00:00Z",
            "documented",
            "skip",
        ),
        (
            Some(json!({})),
            "2026-07-17T00:00:00Z",
            "review-due",
            "warn",
        ),
        (
            Some(json!({})),
            "2026-07-31T00:00:00Z",
            "review-overdue",
            "warn",
        ),
        (Some(json!({})), "2026-08-30T00:00:00Z", "expired", "fail"),
    ] {
        let result = replicas(exception, at);
        assert_eq!(result["result"], expected, "{standing}");
        assert_eq!(result["properties"]["standing"], standing);
        let counts = expected == "fail";
        assert_eq!(result["scored"], counts, "{standing}");
        let would_be = if counts { Value::Null } else { "fail".into() };
        assert_eq!(result["properties"]["would-be"], would_be, "{standing}");
    }
}

#[test]
fn every_standing_has_its_result() {
    let results = Standing::ALL.map(|standing| PolicyResult::of_standing(standing).as_str());
    assert_eq!(
        results,
        ["fail", "fail", "fail", "warn", "warn", "skip", "skip"]
    );
}

#[test]
fn what_is_not_counted_does_not_fail() {
    let mut cluster = scene();
    let older = json!({"metadata": {"creationTimestamp": "2025-01-01T00:00:00Z"}});
    let latest = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/web:latest"}]}}}});
    let unnamed = json!({"metadata": {"labels": {"name": null}}});
    cluster
        .put(with(lonely("old"), older))
        .put(with(golden("moving"), latest))
        .put(with(golden("unnamed"), unnamed));
    let old = report(&cluster, "old");
    assert_eq!(result(&old, "replicas")["result"], "skip");
    assert_eq!(
        result(&old, "replicas")["properties"]["standing"],
        "predates"
    );
    let moving = report(&cluster, "moving");
    assert_eq!(result(&moving, "pinned")["result"], "skip");
    assert_eq!(result(&moving, "pinned")["properties"]["would-be"], "fail");
    assert_eq!(
        result(&moving, "pinned")["message"],
        "pinned counts from 1 Dec 2026; not taken yet"
    );
    let unnamed = report(&cluster, "unnamed");
    let named = result(&unnamed, "named");
    assert_eq!(named["result"], "warn");
    assert_eq!(
        (&named["severity"], &named["scored"]),
        (&json!("info"), &json!(false))
    );
}

#[test]
fn a_check_that_cannot_be_evaluated_is_an_error_of_the_platform() {
    let mut cluster = scene();
    cluster.put(with(golden("web"), json!({"spec": {"replicas": null}})));
    let report = report(&cluster, "web");
    let replicas = result(&report, "replicas");
    assert_eq!(replicas["result"], "error");
    let message = replicas["message"].as_str().unwrap();
    assert!(
        message.contains("our check failed, not your service"),
        "{message}"
    );
    assert_eq!(
        report["metadata"]["labels"]["goldenpath.dev/state"],
        "unknown"
    );
}

#[test]
fn a_whole_report_reads_so() {
    let mut cluster = scene();
    cluster.put(lonely("web"));
    cluster.put_exception(excusing("web", &json!({})));
    let report = report(&cluster, "web");
    assert_eq!(report["apiVersion"], "openreports.io/v1alpha1");
    assert_eq!(report["kind"], "Report");
    assert_eq!(report["source"], "goldenpath");
    assert_eq!(
        report["metadata"]["labels"],
        json!({
            "app.kubernetes.io/managed-by": "goldenpath",
            "goldenpath.dev/evaluated-path": "web",
            "goldenpath.dev/state": "documented",
            "goldenpath.dev/team": "group-default-red",
        })
    );
    let workload =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-web"});
    assert_eq!(report["metadata"]["name"], "uid-web");
    assert_eq!(report["metadata"]["ownerReferences"], json!([workload]));
    assert_eq!(
        report["scope"],
        with(workload, json!({"namespace": "shop"}))
    );
    assert_eq!(
        report["summary"],
        json!({"pass": 3, "fail": 0, "warn": 0, "error": 0, "skip": 2})
    );
}

#[test]
fn a_whole_result_reads_so() {
    let mut replicas = replicas(Some(json!({})), "2026-06-01T00:00:00Z");
    let id = replicas["properties"]
        .as_object_mut()
        .unwrap()
        .remove("resultID");
    assert_eq!(id.unwrap().as_str().unwrap().len(), 32);
    assert_eq!(
        replicas,
        json!({
            "source": "goldenpath", "policy": "web", "rule": "replicas", "category": "Golden path",
            "severity": "high", "result": "skip", "scored": false,
            "message": "Replicas: one replica is none. Exception approved until 30 Aug 2026 (exception e-web).",
            "properties": {
                "level": "required", "team": "group:default/red", "would-be": "fail", "standing": "documented",
                "docs": "https://docs.example.com/replicas",
                "exceptions": "e-web", "exception-owner": "shop", "exception-phase": "Active",
                "exception-approved-by": "ann", "exception-ticket": "SHOP-7",
                "exception-reason": "one replica holds the licence of the vendor",
                "exception-expires-at": "2026-08-30T00:00:00Z", "exception-review-at": "2026-07-31T00:00:00Z",
            },
        })
    );
}

#[test]
fn what_is_missing_comes_with_the_next_step_and_the_off_ramp() {
    let undocumented = replicas(None, "2026-06-01T00:00:00Z");
    assert_eq!(
        undocumented["message"],
        "Replicas: one replica is none. No exception yet. Next: take this step, or record why you \
         deviate: kubectl goldenpath except deploy/web -n shop --check replicas --reason \"…\""
    );
    let overdue = replicas(Some(json!({})), "2026-08-01T00:00:00Z");
    assert_eq!(
        overdue["message"],
        "Replicas: one replica is none. Exception review overdue since 31 Jul 2026, expires 30 Aug \
         2026 (exception e-web). Next: take this step, or ask to go on: kubectl goldenpath request-renewal e-web -n shop \
         --because \"…\""
    );
}

#[test]
fn an_open_request_names_the_platform_team() {
    let pending = replicas(Some(json!({"approval": null})), "2026-06-01T00:00:00Z");
    let asked = json!({"renewal": {"requestedAt": "2026-08-02T00:00:00Z", "by": "sam", "stillNeededBecause": "x"}});
    let asked = replicas(Some(asked), "2026-08-03T00:00:00Z");
    for (result, next) in [
        (
            pending,
            "Next: the platform team decides: kubectl goldenpath approve e-web -n shop",
        ),
        (
            asked,
            "Next: the platform team answers: kubectl goldenpath renew e-web -n shop",
        ),
    ] {
        let message = result["message"].as_str().unwrap();
        assert!(message.ends_with(next), "{message}");
    }
}

#[test]
fn a_sensitive_message_stays_out() {
    let mut cluster = scene();
    let secret = json!({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "shop/web:secret"}]}}}});
    cluster.put(with(golden("web"), secret));
    let text = report(&cluster, "web").to_string();
    assert!(text.contains("licence is not met yet"), "{text}");
    assert!(
        !text.contains("0815") && !text.contains("shop/web:secret"),
        "{text}"
    );
}

/// Receivers get a result again when its id changes: once for each change.
#[test]
fn the_id_of_a_result_changes_with_its_content_and_not_with_time() {
    let id =
        |exception: Option<Value>, at| replicas(exception, at)["properties"]["resultID"].clone();
    let first = id(None, "2026-06-01T00:00:00Z");
    assert_eq!(first, id(None, "2026-11-30T23:59:59Z"));
    let ids = [
        first,
        id(Some(json!({})), "2026-06-01T00:00:00Z"),
        id(Some(json!({})), "2026-07-17T00:00:00Z"),
        id(Some(json!({})), "2026-07-31T00:00:00Z"),
        id(Some(json!({})), "2026-08-30T00:00:00Z"),
    ];
    let different: std::collections::HashSet<_> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(different.len(), ids.len());
}

/// Nothing in a report counts days: seen twice between two changes it is the same to the byte.
#[test]
fn a_report_is_the_same_to_the_byte_until_something_changes() {
    let mut cluster = scene();
    cluster.put(lonely("web")).put(lonely("other"));
    cluster.put_exception(excusing("web", &json!({})));
    for name in ["golden", "web", "other"] {
        for (from, to) in [
            ("2026-05-02T00:00:00Z", "2026-07-16T23:59:59Z"),
            ("2026-07-31T00:00:00Z", "2026-08-29T23:59:59Z"),
            ("2026-12-01T00:00:00Z", "2036-01-01T00:00:00Z"),
        ] {
            let [from, to] = [from, to].map(|at| report_at(&cluster, name, instant(at)));
            assert_eq!(from.unwrap().to_string(), to.unwrap().to_string(), "{name}");
        }
    }
}

#[test]
fn who_is_not_judged_has_no_report() {
    let mut cluster = Cluster::with_web_path();
    let scoped = json!({"scope": {"kinds": [{"group": "batch", "kind": "CronJob"}]}});
    let _ = cluster.put_path("web", with(path(), scoped));
    cluster.put_namespace("shop", &json!({}));
    cluster.put(golden("web"));
    assert_eq!(report_at(&cluster, "web", now()), None);
}

#[test]
fn no_word_of_a_report_shames_and_none_is_too_long() {
    let mut cluster = scene();
    let long = "x".repeat(2_000);
    let _ = cluster.put_path("web", with(path(), json!({"checks": [
        {"name": "replicas", "message": long.clone().split_off(1_000), "expression": "object.spec.replicas >= 2"},
    ]})));
    cluster.put_namespace("shop", &json!({}));
    cluster.put(lonely("web"));
    cluster.put_exception(excusing("web", &json!({"reason": long})));
    for at in [
        "2026-06-01T00:00:00Z",
        "2026-07-17T00:00:00Z",
        "2026-08-01T00:00:00Z",
        "2026-09-01T00:00:00Z",
    ] {
        let report = report_at(&cluster, "web", instant(at)).unwrap();
        let replicas = result(&report, "replicas");
        assert!(replicas["message"].as_str().unwrap().chars().count() <= 1_000);
        let reason = replicas["properties"]["exception-reason"].as_str().unwrap();
        assert_eq!(reason.chars().count(), 256);
        let text = report.to_string().to_lowercase();
        for word in ["violat", "complian", "failing team", "must "] {
            assert!(!text.contains(word), "{text}");
        }
    }
}
