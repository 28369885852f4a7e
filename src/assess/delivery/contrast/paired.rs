//! Comparisons of teams and services with themselves: what teams and services differ in otherwise stays
//! the same. Only medians of differences leave this file.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::answer::{Answer, Difference, Withheld, median};
use super::pool::Pool;
use super::{Differences, LONGEST, MIN_PAIRED_ROLLOUTS, MIN_SERVICES, MIN_TEAMS};
use crate::assess::delivery::figures::first_day;
use crate::assess::delivery::side::Side;
use crate::assess::delivery::tracked::Tracked;

/// One team or service on both sides.
struct Pair<'a> {
    team: &'a str,
    deviating: Pool<'a>,
    golden_path: Pool<'a>,
}

/// Golden path minus deviating, for each team that has both.
pub(super) fn within_teams(all: &[Tracked<'_>], now: Timestamp) -> Differences {
    let mut teams = BTreeMap::<&str, Vec<Tracked<'_>>>::new();
    for tracked in all {
        teams.entry(tracked.team).or_default().push(*tracked);
    }
    let pairs: Vec<Pair<'_>> = teams
        .values()
        .filter_map(|members| pair(members, now))
        .collect();
    differences(&pairs, MIN_TEAMS)
}

/// After minus before, for each workload that left its deviation behind.
pub(super) fn after_joining(all: &[Tracked<'_>], now: Timestamp) -> Differences {
    let pairs: Vec<Pair<'_>> = all
        .iter()
        .filter(|it| it.side == Some(Side::GoldenPath))
        .filter(|it| {
            let days = it
                .record
                .days
                .iter()
                .filter_map(|it| Side::of(&it.standing));
            days.is_sorted_by_key(|side| match side {
                Side::Deviating => 0,
                Side::GoldenPath => 1,
            })
        })
        .filter_map(|it| pair(std::slice::from_ref(it), now))
        .collect();
    differences(&pairs, MIN_SERVICES)
}

/// Both sides of these workloads, if each has enough rollouts.
fn pair<'a>(members: &[Tracked<'a>], now: Timestamp) -> Option<Pair<'a>> {
    let first = first_day(now, LONGEST);
    let of = |side| Pool::of(members, side, &first, now);
    let pair = Pair {
        team: members.first()?.team,
        deviating: of(Side::Deviating),
        golden_path: of(Side::GoldenPath),
    };
    [&pair.deviating, &pair.golden_path]
        .iter()
        .all(|side| side.rollouts() as usize >= MIN_PAIRED_ROLLOUTS)
        .then_some(pair)
}

fn differences<'a>(pairs: &[Pair<'a>], need: usize) -> Differences {
    let of = |value: fn(&Pool<'a>) -> Option<f64>| difference(pairs, need, value);
    Differences {
        deployments_per_week: of(Pool::deployments_per_week),
        lead_time_seconds: of(Pool::lead_time),
        change_fail_ratio: of(Pool::change_fail_ratio),
        recovery_seconds: of(Pool::recovery_time),
        rework_ratio: of(Pool::rework_ratio),
    }
}

fn difference<'a>(
    pairs: &[Pair<'a>],
    need: usize,
    value: fn(&Pool<'a>) -> Option<f64>,
) -> Answer<Difference> {
    let mut teams = BTreeSet::new();
    let mut found = Vec::new();
    for pair in pairs {
        if let Some((golden, deviating)) = value(&pair.golden_path).zip(value(&pair.deviating)) {
            teams.insert(pair.team);
            found.push(golden - deviating);
        }
    }
    let n = found.len();
    if teams.len() < MIN_TEAMS {
        return Answer::withheld(Withheld::FewTeams {
            have: teams.len(),
            need: MIN_TEAMS,
        });
    }
    if n < need {
        return Answer::withheld(Withheld::FewServices { have: n, need });
    }
    median(found).map_or(Answer::withheld(Withheld::NoObservation), |median| {
        Answer::Known(Difference { median, n })
    })
}
