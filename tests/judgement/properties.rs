//! Properties that always hold: judging twice gives the same result, an applied plan leaves an
//! empty plan, and events in any order, repeated or lost, lead to the same labels after a list.

use std::collections::HashSet;

use goldenpath::assess::inventory::lists::Listed;
use goldenpath::assess::object::kind::WatchedKind;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{Cluster, deployment, exception, now, web_path, with};

/// One thing that exists in the cluster in the end.
#[derive(Clone, Debug)]
enum Object {
    Workload {
        name: u8,
        replicas: u8,
        tier: bool,
        version: u32,
    },
    Exception {
        name: u8,
        target: u8,
        star: bool,
        approved: bool,
        days: i64,
    },
}

impl Object {
    fn value(&self) -> Value {
        match *self {
            Self::Workload {
                name,
                replicas,
                tier,
                version,
            } => {
                let tier = if tier { json!("front") } else { Value::Null };
                with(
                    deployment(&format!("w{name}")),
                    json!({"spec": {"replicas": replicas}, "metadata": {"labels": {"tier": tier}, "resourceVersion": version.to_string()}}),
                )
            }
            Self::Exception {
                name,
                target,
                star,
                approved,
                days,
            } => {
                let approval = if approved { json!({}) } else { Value::Null };
                let expires = now() + SignedDuration::from_hours(24 * days);
                with(
                    exception(&format!("e{name}")),
                    json!({"spec": {"targets": [{"kind": "Deployment", "name": format!("w{target}")}],
                        "checks": [if star { "*" } else { "replicas" }], "approval": approval, "expiresAt": expires.to_string()}}),
                )
            }
        }
    }

    fn put(&self, cluster: &mut Cluster) {
        match self {
            Self::Workload { .. } => cluster.put(self.value()),
            Self::Exception { .. } => cluster.put_exception(self.value()),
        };
    }
}

fn object() -> impl Strategy<Value = Object> {
    prop_oneof![
        (0..6_u8, 0..4_u8, any::<bool>(), 1..100_u32).prop_map(
            |(name, replicas, tier, version)| Object::Workload {
                name,
                replicas,
                tier,
                version
            }
        ),
        (0..6_u8, 0..6_u8, any::<bool>(), any::<bool>(), -30..60_i64).prop_map(
            |(name, target, star, approved, days)| Object::Exception {
                name,
                target,
                star,
                approved,
                days
            }
        ),
    ]
}

/// The objects a completed list would hold: the last of each name.
fn stored(objects: &[Object]) -> Vec<Object> {
    let mut stored: Vec<Object> = Vec::new();
    for object in objects {
        let name = |object: &Object| match object {
            Object::Workload { name, .. } => ('w', *name),
            Object::Exception { name, .. } => ('e', *name),
        };
        stored.retain(|known| name(known) != name(object));
        let version = u32::try_from(stored.len()).unwrap() + 1_000;
        stored.push(match object.clone() {
            Object::Workload {
                name,
                replicas,
                tier,
                ..
            } => Object::Workload {
                name,
                replicas,
                tier,
                version,
            },
            other @ Object::Exception { .. } => other,
        });
    }
    stored
}

fn list(cluster: &mut Cluster, stored: &[Object], at: Timestamp) {
    let mut workloads = HashSet::new();
    let mut exceptions = HashSet::new();
    for object in stored {
        object.put(cluster);
        match object {
            Object::Workload { name, .. } => {
                workloads.insert(("shop".to_owned(), format!("w{name}")))
            }
            Object::Exception { name, .. } => {
                exceptions.insert(("shop".to_owned(), format!("e{name}")))
            }
        };
    }
    let kinds = WatchedKind::built_in();
    let listed = Listed::Workloads {
        kind: &kinds[0],
        namespace: None,
        seen: &workloads,
    };
    let _ = cluster.0.complete_list(&listed, at);
    let _ = cluster
        .0
        .complete_list(&Listed::Exceptions(&exceptions), at);
}

fn settled(mut cluster: Cluster, at: Timestamp) -> Vec<(String, Vec<(&'static str, String)>)> {
    let _ = cluster.0.tick(at);
    cluster.apply(at);
    cluster.apply(at + SignedDuration::from_secs(600));
    cluster.labels()
}

/// Dates of a path that flip answers.
fn dated() -> Value {
    json!({
        "existing": {"treatAs": "Predates", "until": "2026-06-20T00:00:00Z"},
        "launchedAt": "2026-03-01T00:00:00Z",
        "checks": [
            {"name": "replicas", "expression": "object.spec.replicas >= 2"},
            {"name": "tier", "expression": "has(object.metadata.labels) && 'tier' in object.metadata.labels",
                "enforceFrom": "2026-06-10T00:00:00Z"},
        ],
    })
}

/// Instants around those dates and those of the exceptions, with leaps of years between.
fn wall_clock() -> impl Strategy<Value = Timestamp> {
    let around = (-40..200_i64, -1..=1_i64).prop_map(|(half_days, second)| {
        let midnight = crate::fixtures::instant("2026-06-01T00:00:00Z");
        midnight + SignedDuration::from_hours(12 * half_days) + SignedDuration::from_secs(second)
    });
    let far = (-8_000..80_000_i64).prop_map(|days| now() + SignedDuration::from_hours(24 * days));
    prop_oneof![4 => around, 1 => far]
}

proptest! {
    #[test]
    fn applied_plan_leaves_an_empty_plan_whatever_is_there(objects in prop::collection::vec(object(), 0..24), hours in 0..2_000_i64) {
        let mut cluster = Cluster::with_web_path();
        for object in &objects {
            object.put(&mut cluster);
        }
        let at = now() + SignedDuration::from_hours(hours);
        let _ = cluster.0.tick(at);
        cluster.apply(at);
        let again = cluster.apply(at);
        prop_assert!(again.labels.is_empty() && again.transitions.is_empty());
        let _ = cluster.0.tick(at);
        let at_rest = cluster.apply(at);
        prop_assert!(at_rest.labels.is_empty() && at_rest.transitions.is_empty());
    }

    #[test]
    fn judging_twice_is_the_same(objects in prop::collection::vec(object(), 0..24), hours in 0..2_000_i64) {
        let mut cluster = Cluster::with_web_path();
        for object in &objects {
            object.put(&mut cluster);
        }
        let at = now() + SignedDuration::from_hours(hours);
        for name in 0..6 {
            let name = format!("w{name}");
            prop_assert_eq!(cluster.verdict_at(&name, at), cluster.verdict_at(&name, at));
        }
    }

    #[test]
    fn events_in_any_order_doubled_or_lost_end_in_the_same_labels_after_a_list(
        objects in prop::collection::vec(object(), 0..24),
        noise in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..40),
        edits in prop::collection::vec(0..24_usize, 0..3),
    ) {
        let stored = stored(&objects);
        let mut undisturbed = Cluster::with_web_path();
        list(&mut undisturbed, &stored, now());

        let mut disturbed = Cluster::with_web_path();
        for (at, plan) in &noise {
            if !objects.is_empty() {
                at.get(&objects).put(&mut disturbed);
            }
            if *plan {
                disturbed.apply(now());
            }
        }
        for edit in edits {
            let title = json!({"title": format!("edited {edit}")});
            let _ = disturbed.put_path("web", with(web_path(), title));
        }
        let _ = disturbed.put_path("web", web_path());
        list(&mut disturbed, &stored, now());
        prop_assert_eq!(settled(disturbed, now()), settled(undisturbed, now()));
    }

    /// A machine that slept, a clock that was set back or is years ahead: what is written depends on
    /// the instant, not on how the clock came to it.
    #[test]
    fn whatever_the_clock_does_labels_are_those_of_the_instant(
        objects in prop::collection::vec(object(), 0..16),
        clock in prop::collection::vec(wall_clock(), 1..12),
    ) {
        let fresh = || {
            let mut cluster = Cluster::with_web_path();
            let _ = cluster.put_path("web", with(web_path(), dated()));
            cluster.put_namespace("shop", &json!({}));
            for object in &objects {
                object.put(&mut cluster);
            }
            cluster
        };
        let mut running = fresh();
        for at in clock {
            let _ = running.0.tick(at);
            running.apply(at);
            let mut started_now = fresh();
            started_now.apply(at);
            prop_assert_eq!(running.labels(), started_now.labels(), "at {}", at);
            prop_assert!(running.0.next_change().is_none_or(|next| next > at));
        }
    }
}
