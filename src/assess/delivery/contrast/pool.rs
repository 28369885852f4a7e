//! The rollouts of one side in one window, of any set of workloads, and the figures of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::answer::{self, Answer, Quantiles, Rate, Sizes, Withheld, covered, quantiles, rate};
use super::{FIRST_DEPLOY_TARGET_SECONDS, Figures};
use crate::api::delivery_record::{DayCount, DeliveryCounts, DeliveryRecordStatus, FirstDeploy};
use crate::assess::delivery::entries::day;
use crate::assess::delivery::figures::{self, first_day};
use crate::assess::delivery::side::Side;
use crate::assess::delivery::tracked::{Tracked, WithRecord};

/// What a figure depends on, and what not every rollout shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Whether a rollout could be counted.
    Rollout,
    /// A commit time.
    LeadTime,
    /// A probe or incidents, so that a failure is visible.
    Failure,
    /// The end of a failure.
    Recovery,
    /// The start of a new service.
    FirstDeploy,
}

impl Signal {
    /// Every signal.
    pub const ALL: [Self; 5] = [
        Self::Rollout,
        Self::LeadTime,
        Self::Failure,
        Self::Recovery,
        Self::FirstDeploy,
    ];

    /// The word in metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollout => "rollout",
            Self::LeadTime => "lead-time",
            Self::Failure => "failure",
            Self::Recovery => "recovery",
            Self::FirstDeploy => "first-deploy",
        }
    }
}

/// How many of what could be observed were observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub signal: Signal,
    pub have: u32,
    pub of: u32,
}

/// The days of a window.
#[derive(Debug)]
pub(super) struct Within {
    first: String,
    today: String,
}

impl Within {
    /// So many days, today included.
    pub(super) fn last(days: u32, now: Timestamp) -> Self {
        Self {
            first: first_day(now, days),
            today: day(now),
        }
    }

    fn has(&self, day: &str) -> bool {
        day >= self.first.as_str() && day <= self.today.as_str()
    }
}

/// Rollouts of both sides in one window.
#[derive(Debug, Default)]
pub(super) struct Sides<'a> {
    pub(super) golden_path: Pool<'a>,
    pub(super) deviating: Pool<'a>,
}

impl<'a> Sides<'a> {
    pub(super) fn add(&mut self, it: &WithRecord<'a>, within: &Within) {
        self.golden_path.add(it, Side::GoldenPath, within);
        self.deviating.add(it, Side::Deviating, within);
    }

    /// As `add`, for a workload that left its deviation behind: the weeks of one side end on its first day
    /// on the path, where those of the other begin.
    pub(super) fn add_joined(&mut self, it: &WithRecord<'a>, within: &Within) {
        self.add(it, within);
        let days = it.record.days.iter().filter(|it| within.has(&it.day));
        let golden = days.filter(|day| Side::of(&day.standing) == Some(Side::GoldenPath));
        let Some(joined) = golden.map(|day| day.day.as_str()).min() else {
            return;
        };
        let begun = begun(&it.record, within);
        self.deviating
            .paced(it, f64::from(days_between(&begun, joined)) / 7.0);
        let after = days_between(joined, &within.today) + 1;
        self.golden_path.paced(it, f64::from(after) / 7.0);
    }
}

/// Rollouts of one side in one window.
#[derive(Debug, Default)]
pub(super) struct Pool<'a> {
    /// Deployments by service, of those that have one.
    services: BTreeMap<(&'a str, &'a str), u32>,
    teams: BTreeSet<&'a str>,
    counts: DeliveryCounts,
    leads: Vec<f64>,
    recoveries: Vec<f64>,
    first_deploys: u32,
    since_started: Vec<f64>,
    since_scaffolded: Vec<f64>,
    /// Deployments and weeks by service; none for one that changed sides.
    pace: BTreeMap<(&'a str, &'a str), Option<Pace>>,
}

/// Deployments of a service, and the weeks it had for them.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    deployments: u32,
    weeks: f64,
}

impl<'a> Pool<'a> {
    /// Adds all rollouts of a workload, whatever the side.
    pub(super) fn add_all(&mut self, record: &DeliveryRecordStatus, within: &Within) {
        for day in record.days.iter().filter(|it| within.has(&it.day)) {
            self.add_day(day);
        }
        self.add_first_deploy(record, within);
    }

    /// Adds all rollouts of a workload with its service and team, whatever the side.
    pub(super) fn add_whole(&mut self, it: &WithRecord<'a>, within: &Within) {
        self.add_all(&it.record, within);
        let days = it.record.days.iter().filter(|day| within.has(&day.day));
        let counted = days.map(|day| day.counts.rollouts.saturating_add(day.counts.rollbacks));
        self.add_service(&it.of, counted.sum());
    }

    /// Adds deployments of a service, whose size the side has with the first one.
    fn add_service(&mut self, of: &Tracked<'a>, deployments: u32) {
        if deployments > 0 {
            *self.services.entry((of.namespace, of.service)).or_default() += deployments;
            self.teams.insert(of.team);
        }
    }

    fn add(&mut self, it: &WithRecord<'a>, side: Side, within: &Within) {
        let (tracked, record) = (&it.of, &*it.record);
        let service = (tracked.namespace, tracked.service);
        let mut deployments = 0;
        let mut is_elsewhere = tracked.side != Some(side);
        for day in record.days.iter().filter(|it| within.has(&it.day)) {
            let counted = day.counts.rollouts.saturating_add(day.counts.rollbacks);
            if Side::of(&day.standing) != Some(side) {
                is_elsewhere |= counted > 0;
                continue;
            }
            deployments += counted;
            self.add_day(day);
        }
        self.add_service(tracked, deployments);
        if first_side(tracked, record) == Some(side) {
            self.add_first_deploy(record, within);
        }
        if tracked.side == Some(side) || deployments > 0 {
            let pace = (!is_elsewhere).then(|| Pace {
                deployments,
                weeks: weeks(record, within),
            });
            let known = self
                .pace
                .entry(service)
                .or_insert_with(|| Some(Pace::default()));
            *known = known.zip(pace).map(|(known, pace)| Pace {
                deployments: known.deployments + pace.deployments,
                weeks: known.weeks.max(pace.weeks),
            });
        }
    }

    /// Counts what was added of a workload as its deployments in so many weeks.
    fn paced(&mut self, it: &WithRecord<'a>, weeks: f64) {
        let pace = Pace {
            deployments: self.deployments(),
            weeks,
        };
        let service = (it.of.namespace, it.of.service);
        self.pace.insert(service, Some(pace));
    }

    fn add_day(&mut self, day: &DayCount) {
        self.counts = figures::sum(self.counts, day.counts);
        self.leads
            .extend(day.lead_times.iter().copied().map(f64::from));
        self.recoveries
            .extend(day.recovery_times.iter().copied().map(f64::from));
    }

    fn add_first_deploy(&mut self, record: &DeliveryRecordStatus, within: &Within) {
        let is_within = |deploy: &&FirstDeploy| within.has(&day(deploy.at.0));
        let Some(deploy) = record.first_deploy.as_ref().filter(is_within) else {
            return;
        };
        self.first_deploys += 1;
        self.since_started
            .extend(deploy.since_started.map(f64::from));
        self.since_scaffolded
            .extend(deploy.since_scaffolded.map(f64::from));
    }

    /// How much of a signal was observed.
    pub(super) fn coverage(&self, signal: Signal) -> Coverage {
        let size = |sample: &[f64]| u32::try_from(sample.len()).unwrap_or(u32::MAX);
        let counts = &self.counts;
        let deployments = self.deployments();
        let (have, of) = match signal {
            Signal::Rollout => (deployments, deployments.saturating_add(counts.untracked)),
            Signal::LeadTime => (size(&self.leads), counts.rollouts),
            Signal::Failure => (counts.visible, counts.rollouts),
            Signal::Recovery => (size(&self.recoveries), counts.failed),
            Signal::FirstDeploy => (size(&self.since_started), self.first_deploys),
        };
        Coverage {
            signal,
            have: have.min(of),
            of,
        }
    }

    fn deployments(&self) -> u32 {
        self.counts.rollouts.saturating_add(self.counts.rollbacks)
    }

    fn covered(&self, signal: Signal) -> Result<f64, Withheld> {
        self.sizes().suffice()?;
        let Coverage { have, of, .. } = self.coverage(signal);
        covered(have, of)
    }

    /// The share of deployments that the service with most of them has.
    fn largest_share(&self) -> Option<f64> {
        let largest = self.services.values().max()?;
        let all: u32 = self.services.values().sum();
        Some(f64::from(*largest) / f64::from(all))
    }

    fn sizes(&self) -> Sizes {
        Sizes {
            services: self.services.len(),
            teams: self.teams.len(),
            rollouts: self.counts.rollouts,
        }
    }

    /// The figures of the side.
    pub(super) fn figures(&self, side: Side) -> Figures {
        let Sizes {
            services,
            teams,
            rollouts,
        } = self.sizes();
        Figures {
            services,
            teams,
            rollouts,
            rollbacks: self.counts.rollbacks,
            largest_service_share: self.largest_share(),
            untracked: self.counts.untracked,
            deployments_per_week: self.sample(Signal::Rollout, self.frequencies()),
            lead_time_seconds: self.sample(Signal::LeadTime, self.leads.clone()),
            refused_commit_times: self.counts.refused,
            change_fail_ratio: self.rate(
                Signal::Failure,
                self.counts.visible_failed,
                self.counts.visible,
            ),
            recovery_seconds: self.sample(Signal::Recovery, self.recoveries.clone()),
            rework_ratio: self.rate(Signal::Rollout, self.counts.rework, self.deployments()),
            first_deploy_seconds: self.sample(Signal::FirstDeploy, self.since_started.clone()),
            first_deploy_in_target_ratio: self.rate(
                Signal::FirstDeploy,
                count(&self.since_started, |since| {
                    since <= FIRST_DEPLOY_TARGET_SECONDS
                }),
                count(&self.since_started, |_| true),
            ),
            scaffolded_first_deploy_seconds: match side {
                Side::GoldenPath => Some(self.scaffolded()),
                Side::Deviating => None,
            },
        }
    }

    fn sample(&self, signal: Signal, sample: Vec<f64>) -> Answer<Quantiles> {
        self.covered(signal)
            .and_then(|coverage| quantiles(sample, coverage))
            .into()
    }

    fn rate(&self, signal: Signal, part: u32, of: u32) -> Answer<Rate> {
        self.covered(signal)
            .and_then(|coverage| rate(part, of, coverage))
            .into()
    }

    fn scaffolded(&self) -> Answer<Quantiles> {
        let have = count(&self.since_scaffolded, |_| true);
        self.sizes()
            .suffice()
            .and_then(|()| covered(have, self.first_deploys))
            .and_then(|coverage| quantiles(self.since_scaffolded.clone(), coverage))
            .into()
    }

    /// Deployments per week of every service that stayed on this side.
    fn frequencies(&self) -> Vec<f64> {
        self.pace
            .values()
            .flatten()
            .filter(|pace| pace.weeks > 0.0)
            .map(|pace| f64::from(pace.deployments) / pace.weeks)
            .collect()
    }

    /// Releases and configuration changes.
    pub(super) const fn rollouts(&self) -> u32 {
        self.counts.rollouts
    }

    pub(super) fn deployments_per_week(&self) -> Option<f64> {
        answer::median(self.frequencies())
    }

    pub(super) fn lead_time(&self) -> Option<f64> {
        self.is_covered(Signal::LeadTime)
            .then(|| answer::median(self.leads.clone()))?
    }

    pub(super) fn recovery_time(&self) -> Option<f64> {
        self.is_covered(Signal::Recovery)
            .then(|| answer::median(self.recoveries.clone()))?
    }

    pub(super) fn change_fail_ratio(&self) -> Option<f64> {
        self.is_covered(Signal::Failure)
            .then(|| figures::change_fail_rate(&self.counts))?
    }

    pub(super) fn rework_ratio(&self) -> Option<f64> {
        self.is_covered(Signal::Rollout)
            .then(|| figures::rework_rate(&self.counts))?
    }

    fn is_covered(&self, signal: Signal) -> bool {
        let Coverage { have, of, .. } = self.coverage(signal);
        covered(have, of).is_ok()
    }
}

fn count(sample: &[f64], holds: impl Fn(f64) -> bool) -> u32 {
    let holding = sample.iter().filter(|value| holds(**value)).count();
    u32::try_from(holding).unwrap_or(u32::MAX)
}

/// The side of the first deploy. Records of earlier versions do not state it: there it is that of the first
/// rollout, else the present one.
fn first_side(tracked: &Tracked<'_>, record: &DeliveryRecordStatus) -> Option<Side> {
    let first = record.first_deploy.as_ref();
    let stated = first.and_then(|first| first.standing.as_deref());
    let first_day = || record.days.first().map(|day| day.standing.as_str());
    stated.or_else(first_day).map_or(tracked.side, Side::of)
}

/// The weeks of a window in which rollouts of the workload were recorded.
fn weeks(record: &DeliveryRecordStatus, within: &Within) -> f64 {
    let days = days_between(&begun(record, within), &within.today) + 1;
    f64::from(days) / 7.0
}

/// The first day of a window on which rollouts of the workload were recorded.
fn begun(record: &DeliveryRecordStatus, within: &Within) -> String {
    let ready = record.conditions.iter().find(|it| it.type_ == "Ready");
    let recorded = ready.map(|ready| day(ready.last_transition_time.0));
    let created = record.mark.as_ref().and_then(|mark| mark.created_at);
    let begun = recorded.max(created.map(|at| day(at.0)));
    let earliest = record.days.iter().map(|it| &it.day).min();
    let begun = match (begun, earliest) {
        (Some(begun), Some(earliest)) => Some(begun.min(earliest.clone())),
        (begun, _) => begun,
    };
    begun
        .filter(|begun| *begun > within.first)
        .unwrap_or_else(|| within.first.clone())
}

/// Days from one day to another, such as 1 from today to tomorrow; -1 where they cannot be read.
fn days_between(from: &str, to: &str) -> i32 {
    let date = |day: &str| day.parse::<Date>().ok();
    let days = date(from).zip(date(to));
    days.map_or(-1, |(from, to)| (to - from).get_days())
}
