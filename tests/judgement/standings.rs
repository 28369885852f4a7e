//! The standing of a deviation under its exceptions.

use goldenpath::assess::state::{Standing, Status, Turn};
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, instant, web_path, with};

/// A cluster whose workload `web` fails `replicas`.
fn short_of_replicas() -> Cluster {
    let mut cluster = Cluster::with_web_path();
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    cluster
}

fn standing_with(change: Value) -> Standing {
    let mut cluster = short_of_replicas();
    cluster.put_exception(with(exception("licence"), change));
    let verdict = cluster.verdict("web");
    assert_eq!(
        verdict.status,
        Status::Deviating,
        "an exception never turns a deviating workload golden"
    );
    verdict
        .standing
        .expect("a deviating workload has a standing")
}

#[test]
fn failure_without_an_exception_is_undocumented() {
    let verdict = short_of_replicas().verdict("web");
    assert_eq!(
        (verdict.standing, verdict.turn),
        (Some(Standing::Undocumented), Some(Turn::Team))
    );
}

#[test]
fn active_exception_documents_the_failure_it_names() {
    assert_eq!(standing_with(json!({})), Standing::Documented);
}

#[test]
fn each_phase_gives_its_standing() {
    for (spec, standing) in [
        (json!({"approval": null}), Standing::Pending),
        (
            json!({"approval": {"decision": "Rejected"}}),
            Standing::Undocumented,
        ),
        (
            json!({"expiresAt": "2026-06-01T12:00:00Z"}),
            Standing::Expired,
        ),
        (
            json!({"expiresAt": "2026-06-10T00:00:00Z"}),
            Standing::ReviewDue,
        ),
        (json!({"reviewEvery": "30d"}), Standing::ReviewOverdue),
        (
            json!({"reviews": [{"by": "ann", "at": "2026-05-20T00:00:00Z", "outcome": "Closed"}]}),
            Standing::Undocumented,
        ),
    ] {
        assert_eq!(
            standing_with(json!({"spec": spec.clone()})),
            standing,
            "{spec}"
        );
    }
}

/// Every check it names has to be light, those a star means too.
#[test]
fn team_declares_by_itself_only_what_is_light() {
    let mut light = web_path();
    light["exceptionPolicy"] =
        json!({"selfDeclare": {"maxSeverity": "low", "maxDuration": "90d", "maxRenewals": 1}});
    light["checks"][0]["severity"] = "low".into();
    light["checks"][1]["severity"] = "high".into();
    let mut cluster = Cluster::new(goldenpath::assess::settings::Settings::default());
    let _ = cluster.put_path("web", light);
    cluster.put_namespace("shop", &json!({}));
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    for (checks, standing) in [
        (json!(["replicas"]), Standing::Documented),
        (json!(["replicas", "tier"]), Standing::Pending),
        (json!(["*"]), Standing::Pending),
    ] {
        let asked = json!({"spec": {"approval": null, "checks": checks}});
        cluster.put_exception(with(exception("licence"), asked));
        assert_eq!(cluster.verdict("web").standing, Some(standing), "{checks}");
    }
}

#[test]
fn exception_covers_only_what_it_names() {
    for spec in [
        json!({"path": "another"}),
        json!({"checks": ["tier"]}),
        json!({"checks": ["replica"]}),
        json!({"targets": [{"kind": "Deployment", "name": "api"}]}),
        json!({"targets": [{"kind": "StatefulSet", "name": "web"}]}),
        json!({"targets": [{"group": "batch", "kind": "Deployment", "name": "web"}]}),
        json!({"targets": [], "selector": {"matchLabels": {"app": "api"}}}),
    ] {
        assert_eq!(
            standing_with(json!({"spec": spec.clone()})),
            Standing::Undocumented,
            "{spec}"
        );
    }
}

#[test]
fn exception_names_workloads_by_target_or_by_label_and_checks_by_name_or_star() {
    for spec in [
        json!({"targets": [{"group": "apps", "kind": "Deployment", "name": "web"}]}),
        json!({"targets": [], "selector": {"matchLabels": {"app": "web"}}}),
        json!({"targets": [{"kind": "Deployment", "name": "api"}], "selector": {"matchLabels": {"app": "web"}}}),
        json!({"checks": ["*"]}),
        json!({"checks": ["tier", "replicas"]}),
    ] {
        assert_eq!(
            standing_with(json!({"spec": spec.clone()})),
            Standing::Documented,
            "{spec}"
        );
    }
}

#[test]
fn exception_of_another_namespace_covers_nothing_here() {
    let elsewhere = with(
        exception("licence"),
        json!({"metadata": {"namespace": "other"}}),
    );
    let mut cluster = short_of_replicas();
    cluster.put_exception(elsewhere);
    assert_eq!(
        cluster.verdict("web").standing,
        Some(Standing::Undocumented)
    );
}

#[test]
fn check_that_may_not_be_excepted_stays_undocumented_even_under_a_star() {
    let mut cluster = Cluster::with_web_path();
    let strict = json!({"checks": [{"name": "replicas", "exemptible": false, "expression": "object.spec.replicas >= 2"}]});
    let _ = cluster.put_path("web", with(web_path(), strict));
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    cluster.put_exception(with(
        exception("licence"),
        json!({"spec": {"checks": ["*", "replicas"]}}),
    ));
    assert_eq!(
        cluster.verdict("web").standing,
        Some(Standing::Undocumented)
    );
}

#[test]
fn workload_takes_the_worst_standing_over_its_failing_checks() {
    let mut cluster = Cluster::with_web_path();
    let two = json!({"spec": {"replicas": 1}, "metadata": {"labels": {"tier": null}}});
    cluster.put(with(deployment("web"), two));
    cluster.put_exception(exception("licence"));
    assert_eq!(
        cluster.verdict("web").standing,
        Some(Standing::Undocumented)
    );
    cluster.put_exception(with(
        exception("tierless"),
        json!({"spec": {"checks": ["tier"], "approval": null}}),
    ));
    let verdict = cluster.verdict("web");
    assert_eq!(
        (verdict.standing, verdict.turn),
        (Some(Standing::Pending), Some(Turn::Platform))
    );
    assert_eq!(
        verdict.worst().unwrap().exception.as_deref(),
        Some("tierless")
    );
}

#[test]
fn best_phase_among_the_exceptions_naming_a_check_counts() {
    let mut cluster = short_of_replicas();
    cluster.put_exception(with(
        exception("asked-again"),
        json!({"spec": {"approval": null}}),
    ));
    cluster.put_exception(exception("licence"));
    cluster.put_exception(with(
        exception("old"),
        json!({"spec": {"expiresAt": "2026-05-10T00:00:00Z"}}),
    ));
    let verdict = cluster.verdict("web");
    assert_eq!(verdict.standing, Some(Standing::Documented));
    assert_eq!(
        verdict.worst().unwrap().exception.as_deref(),
        Some("licence")
    );
}

#[test]
fn between_equal_exceptions_the_one_that_lasts_longest_is_reported_then_the_first_by_name() {
    let mut cluster = short_of_replicas();
    cluster.put_exception(exception("b"));
    cluster.put_exception(exception("a"));
    assert_eq!(
        cluster.verdict("web").worst().unwrap().exception.as_deref(),
        Some("a")
    );
    let shorter = with(
        exception("a"),
        json!({"spec": {"expiresAt": "2026-07-01T00:00:00Z"}}),
    );
    cluster.put_exception(shorter);
    assert_eq!(
        cluster.verdict("web").worst().unwrap().exception.as_deref(),
        Some("b")
    );
}

#[test]
fn older_service_owes_nothing_until_the_path_requires_it() {
    let predates = json!({"launchedAt": "2026-03-01T00:00:00Z",
        "existing": {"treatAs": "Predates", "until": "2026-06-02T00:00:00Z"}});
    let mut cluster = Cluster::with_web_path();
    let _ = cluster.put_path("web", with(web_path(), predates));
    cluster.put(with(deployment("web"), json!({"spec": {"replicas": 1}})));
    let verdict = cluster.verdict("web");
    assert_eq!(
        (verdict.standing, verdict.turn),
        (Some(Standing::Predates), Some(Turn::AtRest))
    );
    let over = cluster
        .verdict_at("web", instant("2026-06-02T00:00:00Z"))
        .unwrap();
    assert_eq!(over.standing, Some(Standing::Undocumented));
    let newer =
        json!({"spec": {"replicas": 1}, "metadata": {"creationTimestamp": "2026-03-01T00:00:00Z"}});
    cluster.put(with(deployment("web"), newer));
    assert_eq!(
        cluster.verdict("web").standing,
        Some(Standing::Undocumented)
    );
}

#[test]
fn only_the_oldest_workloads_up_to_the_limit_are_covered() {
    let mut cluster = short_of_replicas();
    let younger =
        json!({"spec": {"replicas": 1}, "metadata": {"creationTimestamp": "2026-03-01T00:00:00Z"}});
    cluster.put(with(deployment("web-2"), younger));
    let both = json!({"spec": {"targets": [], "selector": {"matchLabels": {"tier": "front"}}, "maxWorkloads": 1}});
    cluster.put_exception(with(exception("licence"), both));
    assert_eq!(cluster.verdict("web").standing, Some(Standing::Documented));
    assert_eq!(
        cluster.verdict("web-2").standing,
        Some(Standing::Undocumented)
    );
}

#[test]
fn exception_bound_to_a_template_is_overdue_once_the_template_changes() {
    let mut cluster = short_of_replicas();
    let ns = cluster.0.namespace("shop").unwrap();
    let hash = ns
        .workloads
        .values()
        .next()
        .unwrap()
        .workload
        .template
        .unwrap()
        .to_string();
    cluster.put_exception(with(
        exception("licence"),
        json!({"spec": {"boundTo": {"templateHash": hash}}}),
    ));
    assert_eq!(cluster.verdict("web").standing, Some(Standing::Documented));
    let template = json!({"spec": {"containers": [{"name": "app", "image": "shop/other:1"}]}});
    cluster.put(with(
        deployment("web"),
        json!({"spec": {"replicas": 1, "template": template}}),
    ));
    assert_eq!(
        cluster.verdict("web").standing,
        Some(Standing::ReviewOverdue)
    );
}

#[test]
fn open_renewal_request_makes_it_the_platforms_turn() {
    let overdue = json!({"spec": {"reviewEvery": "20d",
        "renewal": {"requestedAt": "2026-05-25T00:00:00Z", "by": "bob", "stillNeededBecause": "the licence"}}});
    let mut cluster = short_of_replicas();
    cluster.put_exception(with(exception("licence"), overdue));
    let verdict = cluster.verdict("web");
    assert_eq!(
        (verdict.standing, verdict.turn),
        (Some(Standing::ReviewOverdue), Some(Turn::Platform))
    );
}
