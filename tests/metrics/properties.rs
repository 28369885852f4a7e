//! Properties of every fleet: the numbers add up, and do not depend on the order of events.

use goldenpath::assess::adoption::service::services;
use goldenpath::assess::adoption::{CostSource, Tally, total};
use goldenpath::assess::object::labels::Selector;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::state::{Standing, State};
use goldenpath::assess::verdict::AsOf;
use goldenpath::report::metrics::{Options, exposition_at};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, now, web_path, with};
use crate::fleet::{born, cluster_with, excusing, golden, of_service, of_team, tally, within};

#[derive(Clone, Debug)]
pub struct Fleet {
    across: bool,
    count_all: bool,
    may_ignore: bool,
    workloads: Vec<Value>,
    exceptions: Vec<Value>,
}

impl Fleet {
    pub fn cluster(&self, backwards: bool) -> Cluster {
        let everything = || Some(Selector::default());
        let labelled = Selector::of_pairs([("counts", "yes")].into_iter());
        let mut cluster = cluster_with(Settings {
            services_across_namespaces: self.across,
            counted_namespaces: (!self.count_all).then_some(labelled),
            ignore_namespaces: if self.may_ignore { everything() } else { None },
            ..Settings::default()
        });
        let strict = json!({"priority": 3, "launchedAt": "2026-03-01T00:00:00Z",
            "scope": {"selector": {"matchLabels": {"tier": "front"}}}, "ownershipCost": {"hoursPerMonth": 0.1}});
        let _ = cluster.put_path("strict", with(web_path(), strict));
        let later = |values: &[Value]| -> Vec<Value> {
            let values = values.iter().cloned();
            if backwards {
                values.rev().collect()
            } else {
                values.collect()
            }
        };
        for exception in later(&self.exceptions) {
            cluster.put_exception(exception);
        }
        for workload in later(&self.workloads) {
            cluster.put(workload);
        }
        cluster
    }
}

fn days_ago(days: i64) -> String {
    (now() - SignedDuration::from_hours(24 * days)).to_string()
}

fn workload(name: usize) -> impl Strategy<Value = Value> {
    let place = (any::<bool>(), prop::option::of(0..3_u8), 0..4_u8);
    let steps = (prop::option::of(0..4_u8), any::<bool>());
    let story = (0..200_i64, any::<bool>(), prop::bool::weighted(0.1));
    (place, steps, story).prop_map(move |(place, (replicas, tier), (age, scaffolded, ignored))| {
        let (in_bank, service, team) = place;
        let tier = if tier { json!("front") } else { Value::Null };
        let mut object = with(
            of_team(born(golden(&format!("w{name}")), &days_ago(age)), &format!("team{team}")),
            json!({"spec": {"replicas": replicas}, "metadata": {"labels": {"tier": tier}}}),
        );
        if in_bank {
            object = within(object, "bank");
        }
        if let Some(service) = service {
            object = of_service(object, &format!("s{service}"));
        }
        if scaffolded {
            object = with(object, json!({"metadata": {"annotations": {"goldenpath.dev/scaffolded-at": days_ago(age)}}}));
        }
        if ignored {
            object = with(object, json!({"metadata": {"annotations": {"goldenpath.dev/ignore": "a trial"}}}));
        }
        object
    })
}

fn exception(name: usize) -> impl Strategy<Value = Value> {
    let story = (prop::option::of(0..200_i64), -30..90_i64, 0..9_u32);
    let reach = (any::<bool>(), 0..8_usize, any::<bool>(), any::<bool>());
    (story, reach).prop_map(move |((approved, expires, hours), reach)| {
        let (in_bank, target, star, strict) = reach;
        let approval = approved.map_or(Value::Null, |days| json!({"at": days_ago(days)}));
        let object = with(
            excusing(&format!("e{name}"), &format!("w{target}")),
            json!({"spec": {"approval": approval, "expiresAt": days_ago(-expires),
                "path": if strict { "strict" } else { "web" }, "checks": [if star { "*" } else { "replicas" }],
                "ownershipCost": {"hoursPerMonth": f64::from(hours) / 10.0}}}),
        );
        if in_bank { within(object, "bank") } else { object }
    })
}

pub fn fleet() -> impl Strategy<Value = Fleet> {
    let workloads = (0..10_usize).prop_flat_map(|n| (0..n).map(workload).collect::<Vec<_>>());
    let exceptions = (0..6_usize).prop_flat_map(|n| (0..n).map(exception).collect::<Vec<_>>());
    (any::<[bool; 3]>(), workloads, exceptions).prop_map(|(flags, workloads, exceptions)| Fleet {
        across: flags[0],
        count_all: flags[1],
        may_ignore: flags[2],
        workloads,
        exceptions,
    })
}

fn ratios(tally: &Tally) -> Vec<f64> {
    let of_paths = tally.paths.values().flat_map(|path| {
        let new = path
            .new_services
            .as_ref()
            .and_then(|new| new.share().ratio());
        [path.adoption.ratio(), path.accounted.ratio(), new]
    });
    of_paths
        .chain([
            tally.adoption().ratio(),
            tally.accounted().ratio(),
            tally.self_service.ratio(),
        ])
        .flatten()
        .collect()
}

fn scrape(cluster: &Cluster, at: Timestamp) -> String {
    exposition_at(&cluster.0, at, &Options::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_service_is_counted_once(fleet in fleet()) {
        let cluster = fleet.cluster(false);
        let tally = tally(&cluster.0, now());
        let as_of = AsOf::new(now());
        let all = services(&cluster.0, &as_of).len();
        prop_assert_eq!(total(&tally.services) + tally.unscoped + tally.ignored, all);
        prop_assert_eq!(tally.groups.values().sum::<usize>(), total(&tally.services));
        let by_path: usize = tally.paths.values().map(|path| total(&path.services)).sum();
        prop_assert_eq!(by_path, total(&tally.services));
    }

    #[test]
    fn the_order_of_events_changes_nothing(fleet in fleet(), hours in 0..2_000_i64) {
        let at = now() + SignedDuration::from_hours(hours);
        let (forth, back) = (fleet.cluster(false), fleet.cluster(true));
        prop_assert_eq!(tally(&forth.0, at), tally(&back.0, at));
        prop_assert_eq!(scrape(&forth, at), scrape(&back, at));
        prop_assert_eq!(scrape(&forth, at), scrape(&forth, at));
    }

    #[test]
    fn ratios_are_shares(fleet in fleet()) {
        let tally = tally(&fleet.cluster(false).0, now());
        for ratio in ratios(&tally) {
            prop_assert!((0.0..=1.0).contains(&ratio), "{}", ratio);
        }
        prop_assert!(tally.accounted().part >= tally.adoption().part);
        for path in tally.paths.values() {
            prop_assert!(path.accounted.part >= path.adoption.part);
            prop_assert_eq!(path.accounted.of, path.adoption.of);
            prop_assert!(path.adoption.of >= total(&path.services));
        }
    }

    #[test]
    fn a_service_fails_a_check_exactly_when_it_deviates(fleet in fleet()) {
        let tally = tally(&fleet.cluster(false).0, now());
        let deviating: usize = tally.services.iter()
            .filter(|(state, _)| matches!(state, State::Deviating(_)))
            .map(|(_, services)| services)
            .sum();
        let checks = || tally.paths.values().flat_map(|path| &path.checks);
        let failures: usize = checks().flat_map(|check| check.failures.values()).sum();
        let last_steps: usize = checks().map(|check| check.last_step).sum();
        prop_assert!(failures >= deviating);
        prop_assert!(last_steps <= deviating);
        for check in checks() {
            prop_assert!(check.last_step <= check.failures.values().sum());
        }
    }

    #[test]
    fn a_service_stands_as_its_worst_check_does(fleet in fleet(), hours in 0..2_000_i64) {
        let at = now() + SignedDuration::from_hours(hours);
        let tally = tally(&fleet.cluster(false).0, at);
        let checks = || tally.paths.values().flat_map(|path| &path.checks);
        for standing in Standing::ALL {
            let failures: usize = checks().filter_map(|check| check.failures.get(&standing)).sum();
            let services = tally.services.get(&State::Deviating(standing)).copied().unwrap_or(0);
            prop_assert!(failures >= services, "{}", standing.as_str());
            let unexcused = tally.hours.keys().any(|burden| {
                burden.standing == standing && burden.source == CostSource::Assumed
            });
            prop_assert!(!(unexcused && standing.is_excused()), "{}", standing.as_str());
        }
    }

    #[test]
    fn no_number_is_odd(fleet in fleet()) {
        let text = scrape(&fleet.cluster(false), now());
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        for sample in samples {
            let value: f64 = sample.rsplit(' ').next().unwrap().parse().unwrap();
            prop_assert!(value.is_finite() && value >= 0.0, "{}", sample);
        }
    }
}
