//! Comparisons of teams and services with themselves: what teams and services differ in otherwise stays
//! the same. Only medians of differences leave this file.

use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, Difference, Withheld, median};
use super::pool::{Pool, Sides, Within};
use super::{Differences, MIN_PAIRED_ROLLOUTS, MIN_SERVICES, MIN_TEAMS};
use crate::api::DeliveryRecordStatus;
use crate::assess::delivery::side::Side;
use crate::assess::delivery::tracked::WithRecord;

/// Collects teams and services on both sides.
#[derive(Debug, Default)]
pub(super) struct Paired<'a> {
    teams: BTreeMap<&'a str, Sides<'a>>,
    joined: Vec<Pair<'a>>,
}

/// One team or service on both sides.
#[derive(Debug)]
struct Pair<'a> {
    team: &'a str,
    sides: Sides<'a>,
}

impl<'a> Paired<'a> {
    pub(super) fn add(&mut self, it: &WithRecord<'a>, within: &Within) {
        let team = it.of.team;
        self.teams.entry(team).or_default().add(it, within);
        if it.of.side == Some(Side::GoldenPath) && has_joined(&it.record) {
            let mut sides = Sides::default();
            sides.add_joined(it, within);
            self.joined.extend(pair(team, sides));
        }
    }

    /// Golden path minus deviating, for each team that has both.
    pub(super) fn within_teams(&mut self) -> Differences {
        let teams = std::mem::take(&mut self.teams);
        let pairs: Vec<Pair<'_>> = teams
            .into_iter()
            .filter_map(|(team, sides)| pair(team, sides))
            .collect();
        differences(&pairs, MIN_TEAMS)
    }

    /// After minus before, for each workload that left its deviation behind.
    pub(super) fn after_joining(&self) -> Differences {
        differences(&self.joined, MIN_SERVICES)
    }
}

/// Whether no rollout deviates after one on the path.
fn has_joined(record: &DeliveryRecordStatus) -> bool {
    let sides = record.days.iter().filter_map(|it| Side::of(&it.standing));
    sides.is_sorted_by_key(|side| match side {
        Side::Deviating => 0,
        Side::GoldenPath => 1,
    })
}

/// Both sides, if each has enough rollouts.
fn pair<'a>(team: &'a str, sides: Sides<'a>) -> Option<Pair<'a>> {
    [&sides.deviating, &sides.golden_path]
        .iter()
        .all(|side| side.rollouts() as usize >= MIN_PAIRED_ROLLOUTS)
        .then_some(Pair { team, sides })
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
        if let Some((golden, deviating)) =
            value(&pair.sides.golden_path).zip(value(&pair.sides.deviating))
        {
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
