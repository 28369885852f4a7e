//! The contrast: DORA's five measures and the time to first deploy, on the golden path beside deviating.
//! A rollout counts under the status in force before its template came. Figures with too few services,
//! teams or rollouts, or too little coverage, are withheld with the reason.
//!
//! **Invariant:** no figure is of one team, and no name of a team, service or namespace is in the result.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::figures::WINDOWS;
use super::side::Side;
use super::tracked::{Tracked, WithRecord};
use crate::api::delivery_record::{FirstDeploy, FirstDeployClock};
use crate::assess::adoption::Tally;
use crate::assess::register::ExceptionView;

mod answer;
pub mod overall;
mod paired;
mod pool;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Difference, Quantiles, Rate, Withheld};
pub use pool::{Coverage, Signal};

use paired::Paired;
use pool::{Pool, Sides, Within};

/// Fewest services of a side.
pub const MIN_SERVICES: usize = 5;
/// Fewest teams of a side, and fewest teams that are compared with themselves.
pub const MIN_TEAMS: usize = 3;
/// Fewest releases and configuration changes of a side.
pub const MIN_ROLLOUTS: usize = 20;
/// Fewest releases and configuration changes on either side of one team or one service.
pub const MIN_PAIRED_ROLLOUTS: usize = 5;
/// Least coverage of a signal, in percent.
pub const MIN_COVERAGE: u32 = 60;
/// The target for the time to first deploy.
pub const FIRST_DEPLOY_TARGET_SECONDS: f64 = 2.0 * 3_600.0;
/// Days of the comparisons that need many rollouts.
pub const LONGEST: u32 = 90;
/// What the contrast does not claim.
pub const CAVEAT: &str =
    "Teams choose their path, so this shows a difference between services, not its cause.";

/// What else is known of an inventory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Surroundings {
    /// How much of the last 90 days' new services came from the scaffolder.
    pub self_service: SelfService,
    /// One-off hours that owners of exceptions state.
    pub one_off_hours: Vec<f64>,
}

impl Surroundings {
    /// What a tally and the register of the same instant state.
    pub fn of(tally: &Tally, register: &[ExceptionView<'_>]) -> Self {
        Self {
            self_service: SelfService {
                scaffolded_services: tally.scaffolded.part,
                new_services: tally.scaffolded.of,
                self_service_teams: tally.self_service.part,
                teams: tally.self_service.of,
            },
            one_off_hours: register
                .iter()
                .filter_map(|view| view.exception.spec.ownership_cost.one_off_hours)
                .collect(),
        }
    }
}

/// The contrast at one instant.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Contrast {
    /// What it does not claim.
    pub caveat: String,
    /// Workloads with a record.
    pub workloads: usize,
    /// Their services.
    pub services: usize,
    /// Figures of 7, 30 and 90 days (UTC), today included.
    pub windows: Vec<Window>,
    /// Differences within the same teams in 90 days.
    pub within_teams: Differences,
    /// Differences after services joined the path in 90 days.
    pub after_joining: Differences,
    /// The figures of 90 days by kind of workload.
    pub by_kind: Vec<Stratum>,
    /// The figures of 90 days by the persona of the path.
    pub by_persona: Vec<Stratum>,
    /// New services from the scaffolder.
    pub self_service: SelfService,
    /// The time to set a service up.
    pub setup: Setup,
}

/// Figures of one window.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// Its length.
    pub days: u32,
    /// On the golden path.
    pub golden_path: Figures,
    /// Deviating.
    pub deviating: Figures,
}

/// Figures of some workloads.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Stratum {
    /// The kind, or the persona.
    pub name: String,
    /// On the golden path.
    pub golden_path: Figures,
    /// Deviating.
    pub deviating: Figures,
}

/// Figures of one side.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Services with at least one counted rollout.
    pub services: usize,
    /// Teams of these services.
    pub teams: usize,
    /// Releases and configuration changes.
    pub rollouts: u32,
    /// Rollbacks.
    pub rollbacks: u32,
    /// Share of the releases, configuration changes and rollbacks that one service has, the largest one, 0 to
    /// 1; absent without any. If it is large, medians and rates are about that service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_service_share: Option<f64>,
    /// Rollouts that could not be counted.
    pub untracked: u32,
    /// Deployment frequency: releases, configuration changes and rollbacks per service and week.
    pub deployments_per_week: Answer<Quantiles>,
    /// Change lead time: commit to availability.
    pub lead_time_seconds: Answer<Quantiles>,
    /// Rollouts without a lead time because their commit time was refused.
    pub refused_commit_times: u32,
    /// Change fail rate.
    pub change_fail_ratio: Answer<Rate>,
    /// Failed deployment recovery time.
    pub recovery_seconds: Answer<Quantiles>,
    /// Deployment rework rate.
    pub rework_ratio: Answer<Rate>,
    /// From `started-at`, else the namespace's creation, to the first availability: both sides have it.
    pub first_deploy_seconds: Answer<Quantiles>,
    /// First deploys within two hours, by the same clock.
    pub first_deploy_in_target_ratio: Answer<Rate>,
    /// From `scaffolded-at` to the first availability. It cannot be compared: one side has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaffolded_first_deploy_seconds: Option<Answer<Quantiles>>,
}

/// Medians of differences, each golden path minus deviating, or after minus before.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Differences {
    /// Of deployment frequencies.
    pub deployments_per_week: Answer<Difference>,
    /// Of median lead times.
    pub lead_time_seconds: Answer<Difference>,
    /// Of change fail rates.
    pub change_fail_ratio: Answer<Difference>,
    /// Of median recovery times.
    pub recovery_seconds: Answer<Difference>,
    /// Of rework rates.
    pub rework_ratio: Answer<Difference>,
}

/// New services from the scaffolder, in the last 90 days.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SelfService {
    /// New services from the scaffolder.
    pub scaffolded_services: usize,
    /// New services.
    pub new_services: usize,
    /// Teams with at least half of their new services from the scaffolder.
    pub self_service_teams: usize,
    /// Teams with new services.
    pub teams: usize,
}

/// The time to set a service up: the scaffolder's, and what owners of exceptions state.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// Services with a time from the request (`started-at`) to the ready repository (`scaffolded-at`).
    pub scaffolded: usize,
    /// Median of these times in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaffolder_seconds: Option<f64>,
    /// Exceptions that state `ownershipCost.oneOffHours`.
    pub exceptions: usize,
    /// Median of these hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_off_hours: Option<f64>,
    /// Sum of these hours.
    pub one_off_hours_total: f64,
}

/// A window that is collected.
#[derive(Debug)]
struct Collecting<'a> {
    days: u32,
    within: Within,
    sides: Sides<'a>,
}

/// Collects the contrast, one record after another.
#[derive(Debug)]
pub struct Collected<'a> {
    workloads: usize,
    services: BTreeSet<(&'a str, &'a str)>,
    windows: [Collecting<'a>; WINDOWS.len()],
    longest: Within,
    all: Pool<'a>,
    paired: Paired<'a>,
    by_kind: BTreeMap<&'a str, Sides<'a>>,
    by_persona: BTreeMap<&'a str, Sides<'a>>,
    scaffolder: Vec<f64>,
}

impl<'a> Collected<'a> {
    /// Windows that end today.
    pub fn until(now: Timestamp) -> Self {
        Self {
            workloads: 0,
            services: BTreeSet::new(),
            windows: WINDOWS.map(|days| Collecting {
                days,
                within: Within::last(days, now),
                sides: Sides::default(),
            }),
            longest: Within::last(LONGEST, now),
            all: Pool::default(),
            paired: Paired::default(),
            by_kind: BTreeMap::new(),
            by_persona: BTreeMap::new(),
            scaffolder: Vec::new(),
        }
    }

    /// Adds a workload with its record.
    pub fn add(&mut self, it: &WithRecord<'a>) {
        let Tracked {
            namespace,
            service,
            kind,
            persona,
            ..
        } = it.of;
        self.workloads += 1;
        self.services.insert((namespace, service));
        for window in &mut self.windows {
            window.sides.add(it, &window.within);
        }
        self.all.add_all(&it.record, &self.longest);
        self.paired.add(it, &self.longest);
        let strata = [
            (&mut self.by_kind, Some(kind)),
            (&mut self.by_persona, persona),
        ];
        for (strata, name) in strata {
            if let Some(name) = name {
                strata.entry(name).or_default().add(it, &self.longest);
            }
        }
        let first = it.record.first_deploy.as_ref();
        self.scaffolder.extend(first.and_then(scaffolder_seconds));
    }

    /// Whether there is no workload with a record.
    pub const fn is_empty(&self) -> bool {
        self.workloads == 0
    }

    /// Coverage of every signal over all workloads in the longest window, whatever their status.
    pub fn coverage(&self) -> [Coverage; Signal::ALL.len()] {
        Signal::ALL.map(|signal| self.all.coverage(signal))
    }

    /// The contrast.
    pub fn contrast(mut self, surroundings: &Surroundings) -> Contrast {
        Contrast {
            caveat: CAVEAT.to_owned(),
            workloads: self.workloads,
            services: self.services.len(),
            windows: self
                .windows
                .iter()
                .map(|window| Window {
                    days: window.days,
                    golden_path: window.sides.golden_path.figures(Side::GoldenPath),
                    deviating: window.sides.deviating.figures(Side::Deviating),
                })
                .collect(),
            within_teams: self.paired.within_teams(),
            after_joining: self.paired.after_joining(),
            by_kind: strata(&self.by_kind),
            by_persona: strata(&self.by_persona),
            self_service: surroundings.self_service,
            setup: setup(self.scaffolder, &surroundings.one_off_hours),
        }
    }
}

fn strata(groups: &BTreeMap<&str, Sides<'_>>) -> Vec<Stratum> {
    groups
        .iter()
        .map(|(name, sides)| Stratum {
            name: (*name).to_owned(),
            golden_path: sides.golden_path.figures(Side::GoldenPath),
            deviating: sides.deviating.figures(Side::Deviating),
        })
        .collect()
}

/// The scaffolder's own time: the part of the longer clock that the shorter one does not have.
fn scaffolder_seconds(first: &FirstDeploy) -> Option<f64> {
    let since_request = first
        .since_started
        .filter(|_| first.clock == Some(FirstDeployClock::StartedAt))?;
    let taken = since_request.checked_sub(first.since_scaffolded?)?;
    Some(f64::from(taken))
}

fn setup(scaffolder: Vec<f64>, one_off_hours: &[f64]) -> Setup {
    Setup {
        scaffolded: scaffolder.len(),
        scaffolder_seconds: answer::median(scaffolder),
        exceptions: one_off_hours.len(),
        one_off_hours: answer::median(one_off_hours.to_vec()),
        one_off_hours_total: one_off_hours.iter().fold(0.0, |sum, hours| sum + hours),
    }
}
