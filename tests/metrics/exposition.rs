//! The text of a scrape.

use goldenpath::assess::exception::assurance::{Gap, Vouching};
use goldenpath::report::metrics::{FAMILIES, Options, exposition_at};
use jiff::Timestamp;
use serde_json::json;

use crate::fixtures::{Cluster, now, web_path, with};
use crate::fleet::{asking, cluster, excusing, far, golden, lonely, of_team, unknown, within};

fn scrape(cluster: &Cluster, options: &Options) -> String {
    exposition_at(&cluster.0, now(), options).unwrap()
}

fn samples<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with([' ', '{']))
        .collect()
}

/// A fleet with something for every family.
fn fleet() -> Cluster {
    let mut cluster = cluster();
    cluster.0.set_vouching(Vouching::AsWritten);
    let _ = cluster.put_path(
        "web",
        with(
            web_path(),
            json!({"ownershipCost": {"hoursPerMonth": 8.0}, "adoption": {"targetPercent": 80}}),
        ),
    );
    let vendor = json!({"spec": {"category": "VendorSoftware"}});
    cluster
        .put(golden("api"))
        .put(lonely("cart"))
        .put(of_team(far("search"), "blue"))
        .put(within(unknown("feed"), "bank"))
        .put_exception(with(excusing("cart-licence", "cart"), vendor))
        .put_exception(asking("search-replicas", "search"));
    cluster
}

#[test]
fn a_scrape_tells_the_whole_fleet() {
    let options = Options {
        workload_info: Some(2),
        ..Options::default()
    };
    let expected = include_str!("exposition.txt");
    assert_eq!(scrape(&fleet(), &options), expected);
}

#[test]
fn an_empty_fleet_exposes_no_ratio() {
    let text = scrape(&cluster(), &Options::default());
    assert!(samples(&text, "goldenpath_adoption_ratio").is_empty());
    assert!(samples(&text, "goldenpath_teams_self_service_ratio").is_empty());
    assert_eq!(samples(&text, "goldenpath_services_unscoped"), [" 0"]);
    assert_eq!(samples(&text, "goldenpath_exceptions_unverified"), [" 0"]);
}

#[test]
fn dates_without_an_approval_are_absent() {
    let text = scrape(&fleet(), &Options::default());
    for family in [
        "goldenpath_exception_review_timestamp_seconds",
        "goldenpath_exception_expiry_timestamp_seconds",
    ] {
        let dated = samples(&text, family);
        assert_eq!(dated.len(), 1, "{dated:?}");
        assert!(dated[0].contains("cart-licence"));
    }
}

#[test]
fn an_exception_waits_since_it_was_asked_for_or_its_renewal_was() {
    let mut cluster = fleet();
    let renewal = json!({"spec": {"renewal": {"requestedAt": "2026-05-20T00:00:00Z", "by": "ann",
        "stillNeededBecause": "the licence has not changed"}}});
    cluster.put_exception(with(excusing("cart-licence", "cart"), renewal));
    let text = scrape(&cluster, &Options::default());
    let waiting = samples(
        &text,
        "goldenpath_exception_waiting_since_timestamp_seconds",
    );
    let expected = [
        r#"{namespace="shop",exception="cart-licence"} 1779235200"#,
        r#"{namespace="shop",exception="search-replicas"} 1777593600"#,
    ];
    assert_eq!(waiting, expected);
}

#[test]
fn what_is_gone_is_no_longer_exposed() {
    let mut cluster = fleet();
    cluster.0.remove_exception("shop", "cart-licence");
    let text = scrape(&cluster, &Options::default());
    assert!(!text.contains("cart-licence"));
}

#[test]
fn the_namespace_is_a_label_only_on_request() {
    let by_default = scrape(&fleet(), &Options::default());
    assert_eq!(
        samples(&by_default, "goldenpath_services")[0],
        r#"{path="web",team="blue",state="undocumented"} 1"#
    );
    let options = Options {
        namespace_label: true,
        ..Options::default()
    };
    assert_eq!(
        samples(&scrape(&fleet(), &options), "goldenpath_services")[0],
        r#"{path="web",team="red",state="unknown",namespace="bank"} 1"#
    );
}

#[test]
fn small_teams_share_a_label_beyond_the_bound() {
    let mut cluster = cluster();
    for (name, team) in [("a", "big"), ("b", "big"), ("c", "amber"), ("d", "brown")] {
        cluster.put(of_team(golden(name), team));
    }
    let options = Options {
        max_teams: 1,
        ..Options::default()
    };
    assert_eq!(
        samples(&scrape(&cluster, &options), "goldenpath_services"),
        [
            r#"{path="web",team="big",state="golden-path"} 2"#,
            r#"{path="web",team="other",state="golden-path"} 2"#,
        ]
    );
}

#[test]
fn an_approval_is_unverified_by_its_status() {
    let vouched = |reason: &str| {
        let mut cluster = cluster();
        cluster.0.set_vouching(Vouching::AsWritten);
        let condition = json!({"type": "Approved", "status": "True", "reason": reason, "message": "",
            "lastTransitionTime": "2026-05-02T00:00:00Z"});
        cluster.put_exception(with(
            excusing("e", "api"),
            json!({"status": {"observedGeneration": 1, "conditions": [condition]}}),
        ));
        let text = scrape(&cluster, &Options::default());
        samples(&text, "goldenpath_exceptions_unverified").join("")
    };
    assert_eq!(vouched("Unverified"), " 1");
    assert_eq!(vouched("Verified"), " 0");
    let mut not_seen_yet = cluster();
    not_seen_yet.0.set_vouching(Vouching::AsWritten);
    not_seen_yet.put_exception(excusing("e", "api"));
    let text = scrape(&not_seen_yet, &Options::default());
    assert!(samples(&text, "goldenpath_exceptions_unverified").is_empty());
}

#[test]
fn an_approval_is_unverified_when_no_policy_vouches_for_it() {
    let vouched = |vouching| {
        let mut cluster = cluster();
        cluster.0.set_vouching(vouching);
        let written = json!({"managedFields": [{"time": "2026-05-02T00:00:00Z",
            "fieldsV1": {"f:spec": {"f:approval": {"f:at": {}}}}}]});
        cluster.put_exception(with(excusing("e", "api"), json!({ "metadata": written })));
        let text = scrape(&cluster, &Options::default());
        samples(&text, "goldenpath_exceptions_unverified").join("")
    };
    assert_eq!(vouched(Vouching::Absent(Gap::NoPolicy)), " 1");
    assert_eq!(vouched(Vouching::Since(Timestamp::MIN)), " 0");
}

#[test]
fn no_label_takes_the_name_of_a_label_scrapes_bring_along() {
    for family in FAMILIES {
        assert!(family.name.starts_with("goldenpath_"), "{}", family.name);
        assert!(family.help.ends_with('.'), "{}", family.name);
        for label in family.labels.iter().chain(family.on_request.iter()) {
            assert!(
                !["instance", "job", "pod", "service"].contains(label),
                "{} has a label {label}",
                family.name
            );
        }
    }
}

#[test]
fn text_of_users_cannot_break_the_exposition() {
    let mut cluster = cluster();
    cluster.put(of_team(golden("api"), "a\"b\\c\nd"));
    let text = scrape(&cluster, &Options::default());
    assert_eq!(
        samples(&text, "goldenpath_services"),
        [r#"{path="web",team="a\"b\\c\nd",state="golden-path"} 1"#]
    );
}
