//! Each claim of a digest, and what withholds it.

use serde_json::json;

use super::content::{AdditionKind, CapabilityKind, Evidence, Median, Note, ObstacleKind, Share};
use super::fixtures::{AFTER, Fleet, at, closed, day, october, rollout};
use super::record::{Recent, RecordedDigest, WinsRecord};
use super::{Digest, Month};

/// Three services of team cart in the namespace shop, one of which is on the path.
fn fleet() -> Fleet {
    let mut fleet = Fleet::new();
    fleet
        .namespace("shop", &json!({}))
        .deployment("shop", "basket", "cart", 2)
        .deployment("shop", "coupon", "cart", 1)
        .deployment("shop", "till", "cart", 1);
    fleet
}

fn facts(digest: &Digest) -> &[Evidence] {
    digest.teams.first().map_or(&[], |win| &win.evidence)
}

#[test]
fn a_month_without_a_proven_change_is_silent() {
    let digest = fleet().digest();
    assert_eq!(digest.teams, []);
    assert_eq!(digest.obstacle, None);
    let adoption = digest.adoption.unwrap();
    let now = Share {
        on_path: 1,
        services: 3,
        at: at(AFTER),
    };
    assert_eq!((adoption.now, adoption.before), (now, None));
    assert_eq!(digest.notes, [Note::NotRecorded { services: 1, of: 1 }]);
}

#[test]
fn a_service_that_began_in_the_month_and_is_on_the_path_is_a_win() {
    let mut fleet = fleet();
    fleet
        .deployment_since("shop", "gift", ("cart", 2), "2026-10-20T00:00:00Z")
        .deployment_since("shop", "plan", ("cart", 1), "2026-10-20T00:00:00Z")
        .deployment_since("shop", "next", ("cart", 2), "2026-11-01T00:00:00Z");
    let digest = fleet.digest();
    let [win] = &digest.teams[..] else {
        panic!("{digest:?}")
    };
    assert_eq!((&*win.team, win.gained, win.services), ("cart", 1, 6));
    let started = Evidence::Started {
        path: "Web service".into(),
        services: vec!["gift".into()],
        more: 0,
    };
    assert_eq!(win.evidence, [started]);
    assert_eq!(win.capability.kind, CapabilityKind::Path);
    assert_eq!(
        win.capability.url.as_deref(),
        Some("https://docs.example.com/web")
    );
}

#[test]
fn a_service_that_a_rollout_of_the_month_found_deviating_has_joined() {
    let joined = |rollouts: serde_json::Value| {
        let mut fleet = fleet();
        fleet.record(
            "shop",
            "basket",
            &json!({"rollouts": rollouts, "standing": "golden-path"}),
        );
        facts(&fleet.digest()).to_vec()
    };
    let wanted = [Evidence::Joined {
        path: "Web service".into(),
        services: vec!["basket".into()],
        more: 0,
    }];
    let deviating = |number, on| rollout(number, on, "deviating");
    let golden = |number, on| rollout(number, on, "golden-path");
    let october = "2026-10-12T00:00:00Z";
    assert_eq!(joined(json!([deviating(1, october)])), wanted);
    assert_eq!(
        joined(json!([
            deviating(1, october),
            golden(2, "2026-10-13T00:00:00Z")
        ])),
        wanted
    );
    // On the path before the month.
    assert_eq!(joined(json!([deviating(1, "2026-09-30T23:59:59Z")])), []);
    assert_eq!(joined(json!([golden(1, october)])), []);
    // It left the path and is back.
    assert_eq!(
        joined(json!([
            golden(1, "2026-09-01T00:00:00Z"),
            deviating(2, october)
        ])),
        wanted
    );
}

#[test]
fn who_is_on_the_path_long_after_the_month_may_have_joined_later() {
    let mut fleet = fleet();
    let rollouts = json!([rollout(1, "2026-10-12T00:00:00Z", "deviating")]);
    fleet.record(
        "shop",
        "basket",
        &json!({"rollouts": rollouts, "standing": "golden-path"}),
    );
    let later = fleet.digest_of(october(), Recent::default(), "2026-12-20T00:00:00Z");
    assert_eq!(facts(&later), []);
    assert!(later.notes.contains(&Note::Late));
}

#[test]
fn an_exception_closed_before_its_end_is_a_win_where_its_workloads_pass() {
    let mut fleet = fleet();
    fleet.exception("shop", "basket", "cart", &closed("2026-10-05T00:00:00Z"));
    let digest = fleet.digest();
    let [
        Evidence::Closed {
            exception,
            checks,
            end,
            ..
        },
    ] = facts(&digest)
    else {
        panic!("{digest:?}")
    };
    assert_eq!(exception, "shop/basket-replicas");
    assert_eq!(checks, &["Has two replicas"]);
    // A review after 90 days, which lapses after 30.
    assert_eq!(*end, at("2026-12-18T00:00:00Z"));
    assert_eq!((digest.teams[0].gained, digest.teams[0].services), (1, 3));
    assert_eq!(digest.teams[0].capability.kind, CapabilityKind::Check);
}

#[test]
fn no_other_end_of_an_exception_is_a_win() {
    let silent = |of: &str, team: &str, change: serde_json::Value| {
        let mut fleet = fleet();
        fleet.exception("shop", of, team, &change);
        assert_eq!(fleet.digest().teams, [], "{of} {team}");
    };
    // It still fails the check; it was closed in another month, or when it had expired; it was not
    // approved; the workload is gone; another team has the workload.
    silent("till", "cart", closed("2026-10-05T00:00:00Z"));
    silent("basket", "cart", closed("2026-09-30T00:00:00Z"));
    silent("basket", "cart", closed("2026-11-01T06:00:00Z"));
    let mut expired = closed("2026-10-05T00:00:00Z");
    expired["expiresAt"] = json!("2026-10-01T00:00:00Z");
    silent("basket", "cart", expired);
    let mut rejected = closed("2026-10-05T00:00:00Z");
    rejected["approval"] =
        json!({"decision": "Rejected", "by": "ann", "at": "2026-08-20T00:00:00Z"});
    silent("basket", "cart", rejected);
    silent("gone", "cart", closed("2026-10-05T00:00:00Z"));
    silent("basket", "elsewhere", closed("2026-10-05T00:00:00Z"));
}

#[test]
fn a_clearly_shorter_lead_time_is_a_win_with_its_n() {
    let with = |september: &[u32], october: &[u32]| {
        let mut fleet = fleet();
        let days = json!([day("2026-09-15", september), day("2026-10-15", october)]);
        fleet.record(
            "shop",
            "basket",
            &json!({"days": days, "standing": "golden-path"}),
        );
        facts(&fleet.digest()).to_vec()
    };
    let [Evidence::LeadTime(times)] = with(&[100; 7], &[80; 5])[..] else {
        panic!("no win")
    };
    assert_eq!(times.before, Median { seconds: 100, n: 7 });
    assert_eq!(times.after, Median { seconds: 80, n: 5 });
    // Hardly shorter, longer, too few on either side.
    assert_eq!(with(&[100; 7], &[81; 5]), []);
    assert_eq!(with(&[100; 7], &[200; 5]), []);
    assert_eq!(with(&[100; 4], &[10; 5]), []);
    assert_eq!(with(&[100; 5], &[10; 4]), []);
}

#[test]
fn a_month_that_records_no_longer_hold_proves_no_shorter_time() {
    let mut fleet = fleet();
    let days = json!([day("2026-09-15", &[100; 7]), day("2026-10-15", &[10; 7])]);
    fleet.record(
        "shop",
        "basket",
        &json!({"days": days, "standing": "golden-path"}),
    );
    let later = fleet.digest_of(october(), Recent::default(), "2026-12-20T00:00:00Z");
    assert_eq!(facts(&later), []);
}

#[test]
fn a_team_with_few_services_is_counted_and_not_named() {
    let mut fleet = fleet();
    fleet.namespace("small", &json!({})).deployment_since(
        "small",
        "one",
        ("tiny", 2),
        "2026-10-20T00:00:00Z",
    );
    let digest = fleet.digest();
    assert_eq!(digest.teams, []);
    let below = Note::BelowMinimum {
        teams: 1,
        minimum: 3,
    };
    assert!(digest.notes.contains(&below), "{:?}", digest.notes);
}

#[test]
fn a_namespace_that_opted_out_or_is_unseen_is_never_named() {
    for value in [json!("off"), json!(" OFF "), json!(false)] {
        let mut fleet = Fleet::new();
        fleet.namespace("shop", &json!({"goldenpath.dev/wins": value}));
        for name in ["basket", "gift", "till"] {
            fleet.deployment_since("shop", name, ("cart", 2), "2026-10-20T00:00:00Z");
        }
        fleet
            .exception("shop", "basket", "cart", &json!({"waitsFor": ["postgres"]}))
            .shipped("postgres", "Managed PostgreSQL", "2026-10-10T00:00:00Z");
        let digest = fleet.digest();
        assert!(!json!(digest).to_string().contains("cart"), "{digest:?}");
        assert!(digest.notes.contains(&Note::OptedOut { namespaces: 1 }));
    }
    let mut unseen = Fleet::new();
    for name in ["basket", "gift", "till"] {
        unseen.deployment_since("shop", name, ("cart", 2), "2026-10-20T00:00:00Z");
    }
    let digest = unseen.digest();
    assert_eq!(digest.teams, []);
    assert!(
        digest
            .notes
            .contains(&Note::NamespacesUnread { namespaces: 1 })
    );
}

#[test]
fn a_shipped_item_is_an_obstacle_removed_for_who_asked_before() {
    let mut fleet = fleet();
    fleet
        .exception(
            "shop",
            "till",
            "cart",
            &json!({"waitsFor": ["postgres", "queue"]}),
        )
        .shipped("postgres", "Managed PostgreSQL", "2026-10-10T00:00:00Z")
        .shipped("queue", "Managed queue", "2026-07-10T00:00:00Z")
        .shipped("cache", "Managed cache", "2026-10-11T00:00:00Z");
    let digest = fleet.digest();
    let obstacle = digest.obstacle.unwrap();
    assert_eq!(obstacle.kind, ObstacleKind::Shipped);
    assert_eq!(
        (&*obstacle.title, &*obstacle.teams),
        ("Managed PostgreSQL", &["cart".to_owned()][..])
    );
    let new: Vec<_> = digest
        .additions
        .items
        .iter()
        .map(|it| (it.kind, &*it.title))
        .collect();
    assert_eq!(
        new,
        [
            (AdditionKind::Shipped, "Managed cache"),
            (AdditionKind::Released, "Web service")
        ]
    );
    let recent = Recent {
        obstacles: [obstacle.id].into(),
        ..Recent::default()
    };
    let again = fleet.digest_of(october(), recent, AFTER);
    assert_eq!(again.obstacle, None);
}

#[test]
fn a_wish_of_a_closed_exception_is_an_obstacle_that_is_gone() {
    let mut fleet = fleet();
    let mut change = closed("2026-10-05T00:00:00Z");
    change["wouldReturnIf"] = json!("a licence server for two replicas");
    fleet.exception("shop", "basket", "cart", &change);
    let obstacle = fleet.digest().obstacle.unwrap();
    assert_eq!(obstacle.kind, ObstacleKind::Returned);
    assert_eq!(obstacle.title, "a licence server for two replicas");
}

/// A closed exception from these checks of a path that has a restricted step before an open one.
fn digest_with_a_restricted_step(excepted: &[&str]) -> Digest {
    let mut fleet = Fleet::with_checks(&json!([
        {"name": "no-root-login", "title": "Has no login for root", "sensitive": true,
            "expression": "object.spec.replicas >= 2"},
        {"name": "replicas", "title": "Has two replicas", "expression": "object.spec.replicas >= 2"},
    ]));
    fleet.namespace("shop", &json!({}));
    for name in ["basket", "coupon", "till"] {
        fleet.deployment("shop", name, "cart", 2);
    }
    let mut change = closed("2026-10-05T00:00:00Z");
    change["checks"] = json!(excepted);
    change["wouldReturnIf"] = json!("the vendor closes the hole");
    change["waitsFor"] = json!(["single-sign-on"]);
    fleet
        .exception("shop", "basket", "cart", &change)
        .shipped("single-sign-on", "Single sign-on", "2026-10-02T00:00:00Z")
        .digest()
}

#[test]
fn an_exception_that_names_a_restricted_step_is_not_published() {
    for excepted in [&["no-root-login"][..], &["replicas", "no-root-login"]] {
        let digest = digest_with_a_restricted_step(excepted);
        assert_eq!((&digest.teams, &digest.obstacle), (&Vec::new(), &None));
        let text = json!(digest).to_string();
        for word in ["basket", "login", "hole", "cart"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn an_exception_from_every_step_names_those_that_are_not_restricted() {
    let digest = digest_with_a_restricted_step(&["*"]);
    let [Evidence::Closed { checks, more, .. }] = facts(&digest) else {
        panic!("{digest:?}")
    };
    assert_eq!(
        (&checks[..], *more),
        (&["Has two replicas".to_owned()][..], 0)
    );
    assert_eq!(digest.obstacle.as_ref().unwrap().teams, ["cart"]);
    let text = json!(digest).to_string();
    assert!(!text.contains("login"), "{text}");
}

#[test]
fn another_draft_of_a_published_month_is_published_and_has_a_number_of_its_own() {
    let mut record = WinsRecord::default();
    let digest = fleet().digest();
    let first = record.draft(digest.clone());
    assert_eq!(first, RecordedDigest::first(digest.clone()));
    record.put(first.clone());
    // A crash before it was sent: the same draft.
    assert_eq!(record.draft(digest.clone()), first);
    record.put(RecordedDigest {
        sent_at: Some(at(AFTER)),
        published_at: Some(at(AFTER)),
        ..first
    });
    let second = record.draft(digest.clone());
    assert_eq!((second.draft, second.sent_at), (2, None));
    assert_eq!(second.published_at, Some(at(AFTER)));
    record.put(second.clone());
    let text = serde_json::to_string(&record).unwrap();
    let record = WinsRecord::parse(&text).unwrap();
    assert_eq!(record.draft(digest), second);
}

#[test]
fn adoption_is_compared_with_the_weekly_counts_of_the_paths() {
    let mut fleet = fleet();
    let point = |on: &str, golden: u32| json!({"at": on, "counts": {"golden-path": golden, "undocumented": 2}});
    let history = json!([
        point("2026-09-20T00:00:00Z", 9),
        point("2026-09-28T00:00:00Z", 3)
    ]);
    let status = serde_json::from_value(json!({"history": history})).unwrap();
    let path = fleet.0.paths().get(0).spec.clone();
    let origin = crate::assess::path::Origin {
        name: "web".into(),
        ..crate::assess::path::Origin::default()
    };
    let _ = fleet.0.put_path(origin, path, Some(status));
    let before = fleet.digest().adoption.unwrap().before.unwrap();
    assert_eq!((before.on_path, before.services), (3, 5));
    assert_eq!(before.at, at("2026-09-28T00:00:00Z"));
}

#[test]
fn the_last_three_digests_before_a_month_are_not_repeated() {
    let mut record = WinsRecord::default();
    let digest = |month: Month, team: &str| {
        let mut digest = fleet().digest();
        digest.month = month;
        digest.teams = vec![super::content::TeamWin {
            team: team.to_owned(),
            gained: 1,
            services: 3,
            evidence: Vec::new(),
            capability: super::content::Capability {
                kind: CapabilityKind::Path,
                title: "Web".into(),
                url: None,
            },
        }];
        RecordedDigest::first(digest)
    };
    let months: Vec<Month> = ["2026-06", "2026-07", "2026-08", "2026-10", "2026-11"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    for (month, team) in months.iter().zip(["a", "b", "c", "d", "e"]) {
        record.put(digest(*month, team));
    }
    let teams =
        |record: &WinsRecord, month| record.recent(month).teams.into_iter().collect::<String>();
    assert_eq!(teams(&record, months[4].after()), "cde");
    assert_eq!(teams(&record, months[4]), "bcd");
    assert_eq!(teams(&record, months[3]), "abc");
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(WinsRecord::parse(&text).unwrap(), record);
    assert_eq!(WinsRecord::parse("  ").unwrap(), WinsRecord::default());
    assert!(WinsRecord::parse("{").is_err());
    record.put(digest(months[4], "f"));
    assert_eq!(record.len(), 5);
    assert_eq!(teams(&record, months[4].after()), "cdf");
}
