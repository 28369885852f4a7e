//! Services, their states, and the numbers computed from them.

use std::collections::BTreeMap;

use goldenpath::api::Period;
use goldenpath::assess::adoption::{CohortAge, CostSource, PathTally, Share, Tally};
use goldenpath::assess::object::labels::Selector;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::state::{Standing, State};
use serde_json::{Value, json};

use crate::fixtures::{Cluster, instant, now, stricter, web_path, with};
use crate::fleet::{
    asking, born, cluster, cluster_began, cluster_with, excusing, far, golden, lonely, of_service,
    of_team, tally, unknown, within,
};

fn web(tally: &Tally) -> &PathTally {
    &tally.paths["web"]
}

fn share(part: usize, of: usize) -> Share {
    Share { part, of }
}

fn states<const N: usize>(pairs: [(State, usize); N]) -> BTreeMap<State, usize> {
    pairs.into()
}

fn selector(selector: Value) -> Selector {
    Selector::compile(&serde_json::from_value(selector).unwrap())
}

#[test]
fn the_worst_workload_speaks_for_its_service() {
    let mut cluster = cluster();
    cluster
        .put(of_service(golden("api"), "checkout"))
        .put(of_service(of_team(lonely("worker"), "blue"), "checkout"))
        .put(golden("alone"));
    let tally = tally(&cluster.0, now());
    assert_eq!(
        tally.services,
        states([
            (State::GoldenPath, 1),
            (State::Deviating(Standing::Undocumented), 1)
        ])
    );
    let blue = tally
        .groups
        .iter()
        .find(|(group, _)| &*group.team == "blue");
    assert_eq!(blue.map(|(_, services)| *services), Some(1));
    assert_eq!(
        (tally.workloads, tally.namespaces, tally.namespaces_total),
        (3, 1, Some(2))
    );
}

#[test]
fn a_service_name_joins_namespaces_only_where_that_is_asked_for() {
    for (across, services) in [(false, 2), (true, 1)] {
        let mut cluster = cluster_with(Settings {
            services_across_namespaces: across,
            ..Settings::default()
        });
        cluster
            .put(of_service(golden("api"), "checkout"))
            .put(within(of_service(golden("api"), "checkout"), "bank"));
        assert_eq!(
            tally(&cluster.0, now()).adoption(),
            share(services, services)
        );
    }
}

#[test]
fn an_unscoped_workload_does_not_make_its_services_state() {
    let mut cluster = cluster();
    let narrow = json!({"scope": {"selector": {"matchExpressions": [{"key": "edge", "operator": "DoesNotExist"}]}}});
    let _ = cluster.put_path("web", with(web_path(), narrow));
    let edge = |name| with(far(name), json!({"metadata": {"labels": {"edge": "yes"}}}));
    cluster
        .put(of_service(edge("proxy"), "checkout"))
        .put(of_service(golden("api"), "checkout"))
        .put(edge("router"));
    let tally = tally(&cluster.0, now());
    assert_eq!(tally.services, states([(State::GoldenPath, 1)]));
    assert_eq!(tally.unscoped, 1);
    assert_eq!(web(&tally).adoption, share(1, 1));
}

#[test]
fn an_annotation_takes_a_workload_out_only_where_that_is_allowed() {
    let ignoring = |name| {
        with(
            far(name),
            json!({"metadata": {"annotations": {"goldenpath.dev/ignore": "a load test"}}}),
        )
    };
    for (allowed, ignored, requests) in [(None, 0, 1), (Some(selector(json!({}))), 1, 0)] {
        let mut cluster = cluster_with(Settings {
            ignore_namespaces: allowed,
            ..Settings::default()
        });
        cluster.put(ignoring("load")).put(golden("api"));
        let tally = tally(&cluster.0, now());
        assert_eq!((tally.ignored, tally.ignore_requests), (ignored, requests));
        assert_eq!(tally.adoption(), share(1, 1 + requests));
        assert_eq!(web(&tally).adoption, share(1, 1 + requests));
    }
}

#[test]
fn namespaces_that_do_not_count_enter_no_ratio() {
    let mut cluster = cluster_with(Settings {
        counted_namespaces: Some(selector(json!({"matchLabels": {"counts": "yes"}}))),
        ..Settings::default()
    });
    cluster
        .put(golden("api"))
        .put(within(lonely("ledger"), "bank"));
    let tally = tally(&cluster.0, now());
    assert_eq!(tally.adoption(), share(1, 1));
    assert_eq!((tally.workloads, tally.namespaces), (2, 2));
}

#[test]
fn a_ratio_of_nothing_is_absent() {
    let tally = tally(&cluster().0, now());
    assert_eq!(tally.adoption().ratio(), None);
    assert_eq!(web(&tally).adoption.ratio(), None);
    assert_eq!(web(&tally).accounted.ratio(), None);
    assert_eq!(tally.self_service.ratio(), None);
}

#[test]
fn a_service_counts_for_every_path_it_satisfies_whichever_was_chosen() {
    let mut cluster = cluster();
    let strict = json!({"priority": 5});
    let _ = cluster.put_path("strict", with(web_path(), strict));
    let declares = |object| {
        with(
            object,
            json!({"metadata": {"labels": {"goldenpath.dev/path": "web"}}}),
        )
    };
    cluster.put(golden("api")).put(declares(lonely("cart")));
    let tally = tally(&cluster.0, now());
    assert_eq!(
        web(&tally).services,
        states([(State::Deviating(Standing::Undocumented), 1)])
    );
    assert_eq!(web(&tally).adoption, share(1, 2));
    assert_eq!(tally.paths["strict"].adoption, share(1, 2));
}

#[test]
fn accounted_for_are_the_golden_and_those_with_an_agreement() {
    let mut cluster = cluster();
    cluster
        .put(golden("api"))
        .put(lonely("cart"))
        .put(lonely("search"))
        .put(unknown("feed"))
        .put_exception(excusing("agreed", "cart"))
        .put_exception(asking("asked", "search"));
    let tally = tally(&cluster.0, now());
    assert_eq!(web(&tally).adoption, share(1, 4));
    assert_eq!(web(&tally).accounted, share(2, 4));
    assert_eq!(
        tally.services,
        states([
            (State::GoldenPath, 1),
            (State::Deviating(Standing::Documented), 1),
            (State::Deviating(Standing::Pending), 1),
            (State::Unknown, 1),
        ])
    );
}

#[test]
fn a_failing_check_counts_once_a_service_with_its_worst_standing() {
    let mut cluster = cluster();
    cluster
        .put(of_service(lonely("api"), "checkout"))
        .put(of_service(lonely("worker"), "checkout"))
        .put(far("cart"))
        .put_exception(excusing("e", "api"));
    let tally = tally(&cluster.0, now());
    let checks = &web(&tally).checks;
    assert_eq!(checks[0].failures, [(Standing::Undocumented, 2)].into());
    assert_eq!(checks[1].failures, [(Standing::Undocumented, 1)].into());
    assert_eq!((checks[0].last_step, checks[1].last_step), (1, 0));
}

#[test]
fn new_services_are_those_born_between_launch_and_deadline() {
    let mut cluster = cluster();
    for (name, birth) in [
        ("before", "2025-12-31T23:59:59Z"),
        ("at-launch", "2026-01-01T00:00:00Z"),
        ("last", "2026-03-31T23:59:59Z"),
        ("at-deadline", "2026-04-01T00:00:00Z"),
    ] {
        cluster.put(born(golden(name), birth));
    }
    cluster.put(born(lonely("deviates"), "2026-02-01T00:00:00Z"));
    let early = tally(&cluster.0, instant("2026-03-01T00:00:00Z"));
    let new = web(&early).new_services.clone().unwrap();
    assert_eq!(new.deadline, instant("2026-04-01T00:00:00Z"));
    assert_eq!(new.share(), share(1, 2), "the last one is not born yet");
    assert_eq!(new.target_met, None, "not measured before the deadline");
    let due = tally(&cluster.0, new.deadline);
    let new = web(&due).new_services.clone().unwrap();
    assert_eq!(new.share(), share(2, 3));
    assert_eq!(new.target_met, Some(false), "67 % of a wanted 70 %");
    let late = tally(&cluster.0, now());
    let new = web(&late).new_services.clone().unwrap();
    assert_eq!(new.share(), share(2, 3));
    assert_eq!(new.target_met, None, "not measured at the deadline");
}

#[test]
fn births_that_a_rebuilt_cluster_hides_leave_the_cohorts() {
    let mut cluster = cluster();
    let since = json!({"metadata": {"annotations": {"goldenpath.dev/service-since": "2026-02-20T00:00:00Z"}}});
    cluster
        .put(born(golden("a"), "2026-02-10T12:00:00Z"))
        .put(born(golden("b"), "2026-02-11T12:00:01Z"))
        .put(with(born(golden("c"), "2026-02-10T12:00:00Z"), since));
    let new = |cluster: &Cluster| {
        let tally = tally(&cluster.0, instant("2026-03-15T00:00:00Z"));
        let new = web(&tally).new_services.clone().unwrap();
        (new.share(), new.births_unknown)
    };
    assert_eq!(new(&cluster), (share(3, 3), 0), "kube-system was not seen");
    cluster_began(&mut cluster, "2026-02-10T12:00:00Z");
    assert_eq!(new(&cluster), (share(2, 2), 1), "a came with the cluster");
    // The day on which most others were created is no birth either, unless the cluster is old.
    for n in 0..20 {
        cluster.put(born(lonely(&format!("bulk{n}")), "2026-02-20T00:00:00Z"));
    }
    assert_eq!(new(&cluster), (share(2, 2), 21));
    cluster_began(&mut cluster, "2025-02-10T12:00:00Z");
    assert_eq!(new(&cluster), (share(3, 23), 0));
}

#[test]
fn a_service_is_as_old_as_annotated_or_as_its_oldest_workload() {
    let mut cluster = cluster();
    let since = json!({"metadata": {"annotations": {"goldenpath.dev/service-since": "2024-01-01T00:00:00Z"}}});
    cluster
        .put(with(golden("moved"), since))
        .put(of_service(
            born(golden("api"), "2025-01-01T00:00:00Z"),
            "checkout",
        ))
        .put(of_service(golden("worker"), "checkout"))
        .put(golden("new"));
    let tally = tally(&cluster.0, now());
    assert_eq!(
        web(&tally).new_services.as_ref().unwrap().share(),
        share(1, 1)
    );
}

#[test]
fn a_cohort_holds_the_services_old_enough_in_their_state_now() {
    let mut cluster = cluster();
    for days in [29, 30, 61, 90, 400] {
        let birth = Period::days(days).before(now()).to_string();
        cluster.put(born(golden(&format!("day{days}")), &birth));
    }
    let tally = tally(&cluster.0, now());
    let golden = |age| web(&tally).cohorts[&age].get(&State::GoldenPath).copied();
    assert_eq!(golden(CohortAge::Month), Some(3));
    assert_eq!(golden(CohortAge::TwoMonths), Some(2));
    assert_eq!(
        golden(CohortAge::Quarter),
        Some(1),
        "the oldest is older than the path"
    );
}

#[test]
fn stated_hours_count_once_an_exception_and_assumed_ones_once_a_service() {
    let mut cluster = cluster();
    let _ = cluster.put_path(
        "web",
        with(web_path(), json!({"ownershipCost": {"hoursPerMonth": 8.0}})),
    );
    let both = json!({"spec": {"targets": [{"kind": "Deployment", "name": "a"}, {"kind": "Deployment", "name": "b"}]}});
    cluster
        .put(lonely("a"))
        .put(lonely("b"))
        .put(of_service(far("c"), "checkout"))
        .put(of_service(far("d"), "checkout"))
        .put_exception(with(excusing("shared", "a"), both))
        .put_exception(excusing("unused", "gone"));
    let tally = tally(&cluster.0, now());
    let hours: Vec<_> = tally
        .hours
        .iter()
        .map(|(burden, hours)| (&*burden.team, burden.standing, burden.source, *hours))
        .collect();
    assert_eq!(
        hours,
        [
            ("red", Standing::Undocumented, CostSource::Assumed, 8.0),
            ("shop", Standing::Documented, CostSource::Stated, 2.0),
        ]
    );
}

#[test]
fn a_team_helps_itself_when_half_of_its_new_services_were_scaffolded() {
    let scaffolded = |object| {
        with(
            object,
            json!({"metadata": {"annotations": {"goldenpath.dev/scaffolded-at": "2026-05-01T00:00:00Z"}}}),
        )
    };
    let by_hand = |name| born(golden(name), "2026-05-20T00:00:00Z");
    let mut cluster = cluster();
    cluster
        .put(scaffolded(of_team(golden("a"), "blue")))
        .put(scaffolded(of_team(golden("b"), "green")))
        .put(of_team(by_hand("c"), "green"))
        .put(scaffolded(of_team(golden("e"), "amber")))
        .put(of_team(by_hand("f"), "amber"))
        .put(of_team(by_hand("g"), "amber"))
        .put(of_team(golden("old"), "grey"));
    let of_nobody = with(
        by_hand("d"),
        json!({"metadata": {"annotations": {"goldenpath.dev/team": null}}}),
    );
    cluster.put(of_nobody);
    let tally = tally(&cluster.0, now());
    assert_eq!(tally.self_service, share(2, 3));
    assert_eq!(tally.scaffolded, share(3, 7));
}

#[test]
fn the_stamp_of_another_scaffolder_is_a_birth_too() {
    let keys = ["goldenpath.dev/scaffolded-at", "example.com/created-at"];
    let mut cluster = cluster_with(Settings {
        scaffolded_keys: keys.map(str::to_owned).to_vec(),
        ..Settings::default()
    });
    let stamped = with(
        golden("a"),
        json!({"metadata": {"annotations": {"example.com/created-at": "2026-05-01T00:00:00Z"}}}),
    );
    cluster.put(stamped);
    assert_eq!(tally(&cluster.0, now()).scaffolded, share(1, 1));
}

#[test]
fn a_preview_is_shown_and_never_counted() {
    let mut cluster = cluster();
    let _ = cluster.put_path(
        "web",
        with(web_path(), json!({"launchedAt": null, "horizon": "Next"})),
    );
    cluster.put(golden("api"));
    let tally = tally(&cluster.0, now());
    assert!(!web(&tally).takes_part);
    assert_eq!(web(&tally).adoption, share(0, 0));
    assert_eq!(web(&tally).new_services, None);
    assert_eq!(tally.unscoped, 1);
}

#[test]
fn one_look_changes_nothing_for_the_next() {
    let mut cluster: Cluster = cluster();
    cluster.put(far("api")).put_exception(asking("e", "api"));
    assert_eq!(tally(&cluster.0, now()), tally(&cluster.0, now()));
}

#[test]
fn a_step_that_comes_into_force_is_no_regression_like_for_like() {
    let mut cluster = cluster();
    let _ = cluster.put_path("web", stricter(Some("2026-06-01T00:00:00Z")));
    cluster.put(golden("api")).put(lonely("worker"));
    for (at, plain, like_for_like, newer) in [
        ("2026-05-31T00:00:00Z", 1, 1, 0),
        ("2026-06-01T00:00:00Z", 0, 1, 1),
        ("2026-08-29T23:59:59Z", 0, 1, 1),
        ("2026-08-30T00:00:00Z", 0, 0, 0),
    ] {
        let tally = tally(&cluster.0, instant(at));
        let web = web(&tally);
        assert_eq!(web.adoption, share(plain, 2), "{at}");
        assert_eq!(web.like_for_like, share(like_for_like, 2), "{at}");
        assert_eq!(web.newer_steps, newer, "{at}");
    }
    // Time alone changes it, so the operator wakes up for it.
    let path = &cluster.0.paths().get(0);
    let next = path.next_change(instant("2026-06-01T00:00:00Z"));
    assert_eq!(next, Some(instant("2026-08-30T00:00:00Z")));
}
