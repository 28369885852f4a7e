//! Which workloads each exception names, whether it is in use, and whether it is still needed.

use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::object::kind::WorkloadId;
use goldenpath::assess::register::next::Next;
use goldenpath::assess::register::{ExceptionView, Usage, Useless, exception_view};
use goldenpath::assess::verdict::AsOf;
use serde_json::json;

use crate::fixtures::{now, web_path, with};
use crate::fleet::{asking, cluster, excusing, far, golden, lonely, unknown};

fn look<T>(inventory: &Inventory, name: &str, at: impl Fn(&ExceptionView<'_>) -> T) -> T {
    let as_of = AsOf::new(now());
    at(&exception_view(inventory, &as_of, "shop", name).unwrap())
}

#[test]
fn an_exception_is_needed_while_its_target_fails_what_it_names() {
    for (object, needed, covered) in [
        (golden("web"), Some(false), 0),
        (lonely("web"), Some(true), 1),
        (far("web"), Some(true), 1),
        (unknown("web"), None, 0),
    ] {
        let mut cluster = cluster();
        cluster.put(object).put_exception(excusing("e", "web"));
        look(&cluster.0, "e", |view| {
            assert_eq!(view.usage, Usage::InUse);
            assert_eq!(view.needed, needed);
            assert_eq!(view.covered_failures, covered);
        });
    }
}

#[test]
fn a_check_that_is_only_announced_does_not_make_an_exception_superfluous() {
    let mut cluster = cluster();
    let soon = json!({"checks": [
        {"name": "replicas", "expression": "object.spec.replicas >= 2", "enforceFrom": "2027-01-01T00:00:00Z"},
        {"name": "tier", "expression": "has(object.metadata.labels)"},
    ]});
    let _ = cluster.put_path("web", with(web_path(), soon));
    cluster
        .put(lonely("web"))
        .put_exception(excusing("e", "web"));
    look(&cluster.0, "e", |view| assert_eq!(view.needed, None));
}

#[test]
fn an_unused_exception_has_a_reason() {
    let mut cluster = cluster();
    let narrow = json!({"scope": {"selector": {"matchLabels": {"app": "job"}}}});
    let _ = cluster.put_path("jobs", with(web_path(), narrow));
    cluster
        .put(lonely("web"))
        .put_exception(excusing("no-target", "gone"))
        .put_exception(with(
            excusing("other-path", "web"),
            json!({"spec": {"path": "jobs"}}),
        ))
        .put_exception(with(
            excusing("no-path", "web"),
            json!({"spec": {"path": "wbe"}}),
        ));
    for (name, usage) in [
        ("no-target", Usage::NoTarget),
        ("other-path", Usage::OtherPath),
        ("no-path", Usage::PathNotFound),
    ] {
        look(&cluster.0, name, |view| {
            assert_eq!(view.usage, usage, "{name}");
            assert_eq!(view.needed, None, "{name}");
            assert!(view.matched.is_empty(), "{name}");
        });
    }
}

#[test]
fn a_workload_no_path_is_for_is_not_on_another_path() {
    let mut cluster = cluster();
    let narrow = json!({"scope": {"selector": {"matchLabels": {"app": "job"}}}});
    let _ = cluster.put_path("web", with(web_path(), narrow));
    cluster
        .put(lonely("web"))
        .put_exception(excusing("e", "web"));
    look(&cluster.0, "e", |view| {
        assert_eq!(view.usage, Usage::NotJudged);
    });
}

#[test]
fn only_the_oldest_workloads_within_the_limit_are_matched() {
    let mut cluster = cluster();
    let by_label = json!({"spec": {"targets": null, "selector": {"matchLabels": {"tier": "front"}}, "maxWorkloads": 2}});
    for (name, created) in [
        ("new", "2026-03-01T00:00:00Z"),
        ("old", "2026-01-01T00:00:00Z"),
    ] {
        cluster.put(with(
            lonely(name),
            json!({"metadata": {"creationTimestamp": created}}),
        ));
    }
    cluster
        .put(lonely("mid"))
        .put_exception(with(excusing("e", "web"), by_label));
    look(&cluster.0, "e", |view| {
        let matched: Vec<String> = view.matched.iter().map(WorkloadId::local).collect();
        assert_eq!(matched, ["Deployment/mid", "Deployment/old"]);
        assert_eq!(view.named, 3);
        assert_eq!(view.covered_failures, 2);
    });
}

#[test]
fn a_mistyped_check_covers_nothing_and_the_others_still_count() {
    let mut cluster = cluster();
    let firm = json!({"checks": [
        {"name": "replicas", "expression": "object.spec.replicas >= 2"},
        {"name": "tier", "expression": "has(object.metadata.labels)", "exemptible": false},
    ]});
    let _ = cluster.put_path("web", with(web_path(), firm));
    cluster.put(lonely("web")).put_exception(with(
        excusing("e", "web"),
        json!({"spec": {"checks": ["replcias", "tier", "replicas"]}}),
    ));
    look(&cluster.0, "e", |view| {
        let useless: Vec<_> = view
            .useless_checks
            .iter()
            .map(|check| (check.name, check.because))
            .collect();
        assert_eq!(
            useless,
            [
                (
                    "replcias",
                    Useless::Unknown {
                        nearest: Some("replicas")
                    }
                ),
                ("tier", Useless::NotExemptible),
            ]
        );
        assert_eq!(view.covered_failures, 1);
    });
}

#[test]
fn an_exception_follows_its_path_to_a_new_name() {
    let mut cluster = cluster();
    let _ = cluster.0.remove_path("web", now());
    let _ = cluster.put_path(
        "site",
        with(web_path(), json!({"formerNames": ["web"], "priority": 9})),
    );
    cluster
        .put(lonely("web"))
        .put_exception(excusing("e", "web"));
    let _ = cluster
        .0
        .tick(goldenpath::assess::inventory::DELETED_PATH_GRACE.after(now()));
    cluster.put(lonely("web"));
    look(&cluster.0, "e", |view| {
        assert_eq!(view.path_name(), "site");
        assert!(view.path_found());
        assert_eq!(view.usage, Usage::InUse);
    });
}

#[test]
fn what_an_exception_asks_next_follows_from_its_life_and_its_use() {
    let approved =
        |at: &str| json!({"spec": {"approval": {"decision": "Approved", "by": "ada", "at": at}}});
    let wish = json!({"spec": {"renewal": {"requestedAt": "2026-05-20T00:00:00Z", "by": "grace", "stillNeededBecause": "x"}}});
    let fresh = approved("2026-05-15T00:00:00Z");
    let overdue = approved("2026-02-20T00:00:00Z");
    for (target, edits, next) in [
        ("web", vec![], Next::Decide),
        ("web", vec![&fresh], Next::Rest),
        ("web", vec![&approved("2026-03-10T00:00:00Z")], Next::Review),
        ("web", vec![&overdue], Next::ReviewOverdue),
        ("web", vec![&overdue, &wish], Next::Answer),
        (
            "web",
            vec![&approved("2025-01-01T00:00:00Z")],
            Next::RenewOrReturn,
        ),
        ("fine", vec![&fresh], Next::Close),
        ("gone", vec![&overdue], Next::Close),
        ("gone", vec![&approved("2025-01-01T00:00:00Z")], Next::Rest),
        (
            "web",
            vec![&fresh, &json!({"spec": {"path": "wbe"}})],
            Next::Rest,
        ),
    ] {
        let mut cluster = cluster();
        let start = if edits.is_empty() {
            asking("e", target)
        } else {
            excusing("e", target)
        };
        let exception = edits.into_iter().cloned().fold(start, with);
        cluster
            .put(lonely("web"))
            .put(golden("fine"))
            .put_exception(exception);
        look(&cluster.0, "e", |view| {
            let found = Next::of(view, &cluster.0, now());
            assert_eq!(found, next, "{target} {:?}", view.life);
        });
    }
}
