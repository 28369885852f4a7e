//! What holds for every digest: an order that does not depend on the input's, no repeats, a minimum, no
//! name of who opted out, and nothing negative.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::content::{
    Capability, CapabilityKind, Comparison, Evidence, MOST_TEAMS, Median, TeamWin,
};
use super::fixtures::{AFTER, Fleet, closed, day, october, rollout};
use super::ranking::select;
use super::record::Recent;

const TEAMS: [&str; 6] = ["ant", "bee", "cat", "dog", "elk", "fox"];

fn evidence() -> impl Strategy<Value = Evidence> {
    let median = (0_u32..1_000, 5_usize..9).prop_map(|(seconds, n)| Median { seconds, n });
    let times = (median.clone(), median).prop_map(|(before, after)| Comparison {
        before,
        after,
        services: 1,
    });
    prop_oneof![
        times.clone().prop_map(Evidence::LeadTime),
        times.prop_map(Evidence::Recovery),
        Just(Evidence::Joined {
            path: "Web".into(),
            services: vec!["a".into()],
            more: 0
        }),
    ]
}

fn wins() -> impl Strategy<Value = Vec<TeamWin>> {
    let win = (0_usize..8, 0_usize..8, vec(evidence(), 0..3));
    vec(win, TEAMS.len()).prop_map(|wins| {
        let wins = TEAMS.iter().zip(wins);
        wins.map(|(team, (gained, services, evidence))| TeamWin {
            team: (*team).to_owned(),
            gained: gained.min(services),
            services,
            evidence,
            capability: Capability {
                kind: CapabilityKind::Path,
                title: "Web".into(),
                url: None,
            },
        })
        .collect()
    })
}

/// One service: its namespace, team, replicas, birth, and what is recorded of it.
type Service = (usize, usize, u32, bool, Option<bool>, bool, (u32, u32));

fn services() -> impl Strategy<Value = Vec<Service>> {
    vec(
        (
            0_usize..4,
            0_usize..3,
            1_u32..4,
            any::<bool>(),
            any::<Option<bool>>(),
            any::<bool>(),
            (1_u32..200, 1_u32..200),
        ),
        0..24,
    )
}

/// A fleet whose namespace 3 has opted out, with teams that are there alone.
fn fleet(services: &[Service]) -> Fleet {
    let mut fleet = Fleet::new();
    for namespace in 0..4 {
        let off = json!({"goldenpath.dev/wins": "off"});
        let annotations = if namespace == 3 { off } else { json!({}) };
        fleet.namespace(&format!("ns{namespace}"), &annotations);
    }
    for (index, service) in services.iter().enumerate() {
        let (namespace, team, replicas, is_new, joined, is_closed, (before, after)) = *service;
        let team = if namespace == 3 {
            format!("secret{team}")
        } else {
            TEAMS[team].to_owned()
        };
        let namespace = format!("ns{namespace}");
        let name = format!("{team}-{index}");
        let since = if is_new {
            "2026-10-03T00:00:00Z"
        } else {
            "2026-01-03T00:00:00Z"
        };
        fleet.deployment_since(&namespace, &name, (&team, replicas), since);
        if let Some(joined) = joined {
            let standing = if joined { "deviating" } else { "golden-path" };
            let rollouts = json!([rollout(1, "2026-10-12T00:00:00Z", standing)]);
            let days = json!([
                day("2026-09-15", &[before; 6]),
                day("2026-10-15", &[after; 6])
            ]);
            let status = json!({"rollouts": rollouts, "days": days, "standing": "golden-path"});
            fleet.record(&namespace, &name, &status);
        }
        if is_closed {
            let mut change = closed("2026-10-05T00:00:00Z");
            change["wouldReturnIf"] = json!(format!("a wish of {team}"));
            change["waitsFor"] = json!(["postgres"]);
            fleet.exception(&namespace, &name, &team, &change);
        }
    }
    fleet.shipped("postgres", "Managed PostgreSQL", "2026-10-02T00:00:00Z");
    fleet
}

fn named(teams: &[TeamWin]) -> Vec<&str> {
    teams.iter().map(|win| &*win.team).collect()
}

proptest! {
    #[test]
    fn the_ranking_is_stable_has_a_minimum_and_repeats_nobody(
        wins in wins(),
        minimum in 0_usize..5,
        recent in proptest::collection::btree_set(proptest::sample::select(&TEAMS[..]), 0..4),
        turn in 0_usize..6,
    ) {
        let recent: BTreeSet<String> = recent.into_iter().map(str::to_owned).collect();
        let selection = select(wins.clone(), minimum, &recent);
        let mut turned = wins.clone();
        turned.rotate_left(turn);
        turned.reverse();
        prop_assert_eq!(&selection.teams, &select(turned, minimum, &recent).teams);
        prop_assert!(selection.teams.len() <= MOST_TEAMS);
        for win in &selection.teams {
            prop_assert!(win.services >= minimum.max(1));
            prop_assert!(!win.evidence.is_empty());
            prop_assert!(!recent.contains(&win.team));
        }
        let share = |win: &TeamWin| win.gained * 1_000_000 / win.services;
        prop_assert!(selection.teams.is_sorted_by(|a, b| share(a) >= share(b)));
        // Nobody better was left out.
        let names = named(&selection.teams);
        let worst = selection.teams.last().map_or(0, share);
        for win in wins.iter().filter(|win| !names.contains(&&*win.team)) {
            let may = win.services >= minimum.max(1)
                && !win.evidence.is_empty()
                && !recent.contains(&win.team);
            prop_assert!(!may || (names.len() == MOST_TEAMS && share(win) <= worst));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_digest_names_nobody_who_opted_out_and_nothing_negative(services in services()) {
        let digest = fleet(&services).digest();
        let text = json!(digest).to_string();
        prop_assert!(!text.contains("secret") && !text.contains("ns3"), "{}", text);
        for win in &digest.teams {
            prop_assert!(win.gained <= win.services);
            for fact in &win.evidence {
                if let Evidence::LeadTime(times) | Evidence::Recovery(times) = fact {
                    prop_assert!(times.after.seconds < times.before.seconds);
                    prop_assert!(times.after.n >= 5 && times.before.n >= 5);
                }
            }
        }
    }

    #[test]
    fn the_next_digest_repeats_neither_team_nor_obstacle(services in services()) {
        let fleet = fleet(&services);
        let first = fleet.digest();
        let recent = Recent {
            teams: first.teams.iter().map(|win| win.team.clone()).collect(),
            obstacles: first.obstacle.iter().map(|it| it.id.clone()).collect(),
        };
        let second = fleet.digest_of(october(), recent, AFTER);
        for team in named(&second.teams) {
            prop_assert!(!named(&first.teams).contains(&team));
        }
        if let (Some(a), Some(b)) = (&first.obstacle, &second.obstacle) {
            prop_assert_ne!(&a.id, &b.id);
        }
        prop_assert_eq!(first, fleet.digest(), "made again, it is the same");
    }
}
