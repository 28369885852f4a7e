//! The figures that a list of rollouts must give, computed here anew from the documented formulas: what
//! the product computes is compared with it. It must not use code of the product.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};

pub const GOLDEN_PATH: &str = "golden-path";
pub const DEVIATING: &str = "deviating";
pub const SIDES: [&str; 2] = [GOLDEN_PATH, DEVIATING];
pub const WINDOWS: [i64; 3] = [7, 30, 90];
const LONGEST: i64 = 90;
const TWO_HOURS: f64 = 7_200.0;

/// A release, a configuration change or a rollback, in the day it counts on.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
#[derive(Clone, Debug)]
pub struct Counted {
    pub day: Date,
    /// The status in force before it.
    pub side: &'static str,
    /// Whether it is a rollback.
    pub is_rollback: bool,
    /// Whether it failed.
    pub failed: bool,
    /// Whether a failure of it would be visible; a rollback's never counts.
    pub is_visible: bool,
    pub is_rework: bool,
    pub lead_time: Option<u32>,
    /// Whether its commit time was refused.
    pub is_refused: bool,
    pub recovery: Option<(Date, u32)>,
}

/// The first deploy of a service.
#[derive(Clone, Copy, Debug)]
pub struct FirstDeploy {
    pub day: Date,
    /// The status that the service had then, if it is one of both.
    pub side: Option<&'static str>,
    pub since_started: Option<u32>,
    pub since_scaffolded: Option<u32>,
}

/// A service with everything it rolled out.
#[derive(Clone, Debug)]
pub struct Service {
    pub team: &'static str,
    pub kind: &'static str,
    /// Its status now.
    pub side: Option<&'static str>,
    /// The first day of its record.
    pub begun: Date,
    pub counted: Vec<Counted>,
    /// Rollouts that could not be counted, with their days and sides.
    pub untracked: Vec<(Date, &'static str)>,
    pub first_deploy: Option<FirstDeploy>,
}

/// What the script states beside rollouts.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub scaffolded_services: usize,
    pub new_services: usize,
    pub self_service_teams: usize,
    pub new_teams: usize,
    pub one_off_hours: Vec<f64>,
}

/// The rollouts of one side in some days.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub services: usize,
    pub teams: usize,
    pub rollouts: usize,
    pub rollbacks: usize,
    pub failed: usize,
    pub visible: usize,
    pub visible_failed: usize,
    pub rework: usize,
    pub untracked: usize,
    pub refused: usize,
    pub lead_times: Vec<f64>,
    pub recovery_times: Vec<f64>,
    first_deploys: usize,
    since_started: Vec<f64>,
    since_scaffolded: Vec<f64>,
    per_week: Vec<f64>,
    /// Deployments of the service that has most of them.
    largest: usize,
}

impl Sums {
    pub fn of(services: &[&Service], side: &str, days: i64, today: Date) -> Self {
        let first = today - jiff::Span::new().days(days - 1);
        let within = |day: Date| day >= first && day <= today;
        let mut sums = Self::default();
        let mut teams = BTreeSet::new();
        for service in services {
            let of_window: Vec<&Counted> =
                service.counted.iter().filter(|it| within(it.day)).collect();
            let own: Vec<_> = of_window.iter().filter(|it| it.side == side).collect();
            if !own.is_empty() {
                sums.services += 1;
                teams.insert(service.team);
            }
            sums.largest = sums.largest.max(own.len());
            sums.rollouts += own.iter().filter(|it| !it.is_rollback).count();
            sums.rollbacks += own.iter().filter(|it| it.is_rollback).count();
            sums.failed += own.iter().filter(|it| it.failed).count();
            let visible = || own.iter().filter(|it| it.is_visible && !it.is_rollback);
            sums.visible += visible().count();
            sums.visible_failed += visible().filter(|it| it.failed).count();
            sums.rework += own.iter().filter(|it| it.is_rework).count();
            sums.refused += own.iter().filter(|it| it.is_refused).count();
            let leads = own.iter().filter_map(|it| it.lead_time);
            sums.lead_times.extend(leads.map(f64::from));
            // A recovery counts on its own day.
            let recoveries = service.counted.iter().filter(|it| it.side == side);
            let recoveries = recoveries.filter_map(|it| it.recovery);
            let times = recoveries.filter(|(day, _)| within(*day));
            sums.recovery_times
                .extend(times.map(|(_, time)| f64::from(time)));
            let untracked = service.untracked.iter();
            sums.untracked += untracked
                .filter(|(day, of)| within(*day) && *of == side)
                .count();
            let only_here = own.len() == of_window.len();
            if service.side == Some(side) && only_here {
                let from = service.begun.max(first);
                let weeks = f64::from((today - from).get_days() + 1) / 7.0;
                sums.per_week.push(as_float(own.len()) / weeks);
            }
            sums.add_first_deploy(service, side, within);
        }
        sums.teams = teams.len();
        sums
    }

    fn add_first_deploy(&mut self, service: &Service, side: &str, within: impl Fn(Date) -> bool) {
        let deploy = service.first_deploy.filter(|it| within(it.day));
        let Some(deploy) = deploy.filter(|it| it.side == Some(side)) else {
            return;
        };
        self.first_deploys += 1;
        self.since_started
            .extend(deploy.since_started.map(f64::from));
        self.since_scaffolded
            .extend(deploy.since_scaffolded.map(f64::from));
    }

    pub fn deployments(&self) -> usize {
        self.rollouts + self.rollbacks
    }

    /// Why every figure of the side is withheld.
    fn too_small(&self) -> Option<Value> {
        let needs = [
            ("FewServices", self.services, 5),
            ("FewTeams", self.teams, 3),
            ("FewRollouts", self.rollouts, 20),
        ];
        let lacks = needs.iter().find(|(_, have, need)| have < need);
        lacks.map(|(reason, have, need)| {
            withheld(&json!({"reason": reason, "have": have, "need": need}))
        })
    }

    fn answer(&self, have: usize, of: usize, figure: impl FnOnce(f64) -> Value) -> Value {
        if let Some(small) = self.too_small() {
            return small;
        }
        match covered(have, of) {
            Ok(coverage) => figure(coverage),
            Err(reason) => reason,
        }
    }

    fn sample(&self, sample: &[f64], have: usize, of: usize) -> Value {
        self.answer(have, of, |coverage| {
            let Some(median) = median(sample) else {
                return withheld(&json!({"reason": "NoObservation"}));
            };
            let mut sorted = sample.to_vec();
            sorted.sort_by(f64::total_cmp);
            let rank = (sorted.len() * 9).div_ceil(10);
            json!({"median": median, "p90": sorted[rank - 1], "n": sorted.len(), "coverage": coverage})
        })
    }

    fn rate(&self, part: usize, whole: usize, have: usize, of: usize) -> Value {
        self.answer(have, of, |coverage| {
            let (low, high) = wilson(as_float(part), as_float(whole));
            let ratio = as_float(part) / as_float(whole);
            json!({"ratio": ratio, "part": part, "of": whole, "low": low, "high": high, "coverage": coverage})
        })
    }

    /// The figures of the side in the JSON of the contrast.
    pub fn figures(&self, side: &str) -> Value {
        let (deployments, tracked) = (self.deployments(), self.deployments() + self.untracked);
        let (leads, recoveries) = (&self.lead_times, &self.recovery_times);
        let started = self.since_started.len();
        let in_target = self.since_started.iter().filter(|it| **it <= TWO_HOURS);
        let mut figures = json!({
            "services": self.services,
            "teams": self.teams,
            "rollouts": self.rollouts,
            "rollbacks": self.rollbacks,
            "untracked": self.untracked,
            "deploymentsPerWeek": self.sample(&self.per_week, deployments, tracked),
            "leadTimeSeconds": self.sample(leads, leads.len(), self.rollouts),
            "refusedCommitTimes": self.refused,
            "changeFailRatio":
                self.rate(self.visible_failed, self.visible, self.visible, self.rollouts),
            "recoverySeconds": self.sample(recoveries, recoveries.len().min(self.failed), self.failed),
            "reworkRatio": self.rate(self.rework, deployments, deployments, tracked),
            "firstDeploySeconds": self.sample(&self.since_started, started, self.first_deploys),
            "firstDeployInTargetRatio":
                self.rate(in_target.count(), started, started, self.first_deploys),
        });
        if deployments > 0 {
            let share = as_float(self.largest) / as_float(deployments);
            figures["largestServiceShare"] = json!(share);
        }
        if side == GOLDEN_PATH {
            let scaffolded = &self.since_scaffolded;
            figures["scaffoldedFirstDeploySeconds"] =
                self.sample(scaffolded, scaffolded.len(), self.first_deploys);
        }
        figures
    }

    /// The measures that are compared within a team or a service, in the order of their names below.
    fn compared(&self) -> [Option<f64>; 5] {
        let if_covered = |have, of, figure: Option<f64>| covered(have, of).ok().and(figure);
        let (leads, recoveries) = (&self.lead_times, &self.recovery_times);
        let ratio = |part: usize, of: usize| (of > 0).then(|| as_float(part) / as_float(of));
        let (deployments, tracked) = (self.deployments(), self.deployments() + self.untracked);
        [
            median(&self.per_week),
            if_covered(leads.len(), self.rollouts, median(leads)),
            if_covered(
                self.visible,
                self.rollouts,
                ratio(self.visible_failed, self.visible),
            ),
            if_covered(recoveries.len(), self.failed, median(recoveries)),
            if_covered(deployments, tracked, ratio(self.rework, deployments)),
        ]
    }
}

const COMPARED: [&str; 5] = [
    "deploymentsPerWeek",
    "leadTimeSeconds",
    "changeFailRatio",
    "recoverySeconds",
    "reworkRatio",
];

/// Both sides of a service that joined the path on one day: the weeks before it, and those from it on.
fn of_joined(service: &Service, today: Date) -> [Sums; 2] {
    let first = today - jiff::Span::new().days(LONGEST - 1);
    let from = service.begun.max(first);
    let own = |side: &str| Sums::of(&[service], side, LONGEST, today);
    let on_path = service.counted.iter().filter(|it| it.side == GOLDEN_PATH);
    let joined = on_path.map(|it| it.day).filter(|day| *day >= first).min();
    let joined = joined.unwrap_or(today);
    let days = |from: Date, to: Date| f64::from((to - from).get_days());
    let (before, after) = (days(from, joined), days(joined, today) + 1.0);
    SIDES.map(|side| {
        let sums = own(side);
        let days = if side == GOLDEN_PATH { after } else { before };
        let pace = as_float(sums.deployments()) * 7.0 / days;
        Sums {
            per_week: (days > 0.0).then_some(pace).into_iter().collect(),
            ..sums
        }
    })
}

/// The contrast of these services, without its words.
pub fn contrast(services: &[Service], around: &Surroundings, today: Date) -> Value {
    let all: Vec<&Service> = services.iter().collect();
    let both = |group: &[&Service], days: i64| {
        SIDES.map(|side| Sums::of(group, side, days, today).figures(side))
    };
    let windows: Vec<Value> = WINDOWS
        .iter()
        .map(|days| {
            let [golden_path, deviating] = both(&all, *days);
            json!({"days": days, "goldenPath": golden_path, "deviating": deviating})
        })
        .collect();
    let kinds: BTreeSet<&str> = services.iter().map(|it| it.kind).collect();
    let by_kind: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            let of_kind: Vec<&Service> =
                all.iter().copied().filter(|it| it.kind == *kind).collect();
            let [golden_path, deviating] = both(&of_kind, LONGEST);
            json!({"name": kind, "goldenPath": golden_path, "deviating": deviating})
        })
        .collect();
    let teams: BTreeSet<&str> = services.iter().map(|it| it.team).collect();
    let of_team = |team: &&'static str| {
        let own: Vec<&Service> = all.iter().copied().filter(|it| it.team == *team).collect();
        let sides = SIDES.map(|side| Sums::of(&own, side, LONGEST, today));
        (*team, sides)
    };
    let teams = teams.iter().map(of_team).collect();
    let joined = all.iter().filter(|it| has_joined(it));
    let joined = joined.map(|it| (it.team, of_joined(it, today))).collect();
    let Surroundings {
        scaffolded_services,
        new_services,
        self_service_teams,
        new_teams,
        ..
    } = *around;
    json!({
        "workloads": services.len(),
        "services": services.len(),
        "windows": windows,
        "withinTeams": differences(teams, 3),
        "afterJoining": differences(joined, 5),
        "byKind": by_kind,
        "selfService": {
            "scaffoldedServices": scaffolded_services, "newServices": new_services,
            "selfServiceTeams": self_service_teams, "teams": new_teams,
        },
        "setup": setup(services, &around.one_off_hours),
    })
}

fn has_joined(service: &Service) -> bool {
    let mut counted = service.counted.clone();
    counted.sort_by_key(|it| it.day);
    let joined = counted.iter().position(|it| it.side == GOLDEN_PATH);
    let before = &counted[joined.unwrap_or(counted.len())..];
    service.side == Some(GOLDEN_PATH) && before.iter().all(|it| it.side == GOLDEN_PATH)
}

/// Medians of golden path minus deviating, over those with 5 rollouts on both sides.
fn differences(mut pairs: Vec<(&str, [Sums; 2])>, need: usize) -> Value {
    pairs.retain(|(_, sides)| sides.iter().all(|side| side.rollouts >= 5));
    let mut answers = serde_json::Map::new();
    for (at, name) in COMPARED.iter().enumerate() {
        let found: Vec<(&str, f64)> = pairs
            .iter()
            .filter_map(|(team, [golden, deviating])| {
                let both = golden.compared()[at].zip(deviating.compared()[at]);
                both.map(|(golden, deviating)| (*team, golden - deviating))
            })
            .collect();
        let teams: BTreeSet<&str> = found.iter().map(|(team, _)| *team).collect();
        let values: Vec<f64> = found.iter().map(|(_, value)| *value).collect();
        let answer = if teams.len() < 3 {
            withheld(&json!({"reason": "FewTeams", "have": teams.len(), "need": 3}))
        } else if values.len() < need {
            withheld(&json!({"reason": "FewServices", "have": values.len(), "need": need}))
        } else {
            json!({"median": median(&values), "n": values.len()})
        };
        answers.insert((*name).to_owned(), answer);
    }
    answers.into()
}

fn setup(services: &[Service], one_off_hours: &[f64]) -> Value {
    let scaffolder: Vec<f64> = services
        .iter()
        .filter_map(|it| it.first_deploy)
        .filter_map(|it| Some(f64::from(it.since_started?) - f64::from(it.since_scaffolded?)))
        .collect();
    let mut setup = json!({
        "scaffolded": scaffolder.len(),
        "exceptions": one_off_hours.len(),
        "oneOffHoursTotal": one_off_hours.iter().sum::<f64>(),
    });
    for (name, sample) in [
        ("scaffolderSeconds", &scaffolder[..]),
        ("oneOffHours", one_off_hours),
    ] {
        if let Some(median) = median(sample) {
            setup[name] = json!(median);
        }
    }
    setup
}

fn withheld(why: &Value) -> Value {
    json!({ "withheld": why })
}

/// The share that is covered, or why it is too little.
fn covered(have: usize, of: usize) -> Result<f64, Value> {
    if of == 0 {
        return Err(withheld(&json!({"reason": "NoObservation"})));
    }
    let share = as_float(have) / as_float(of);
    if share < 0.6 {
        let reason = json!({"reason": "LowCoverage", "have": have, "of": of, "need": 60});
        return Err(withheld(&reason));
    }
    Ok(share)
}

pub fn median(sample: &[f64]) -> Option<f64> {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    Some(if sorted.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(sorted[middle - 1], upper)
    })
}

/// The 95 % score interval, as the roots of its quadratic equation.
fn wilson(part: f64, of: f64) -> (f64, f64) {
    let z2 = 1.96 * 1.96;
    let (a, b, c) = (of + z2, -(2.0 * part + z2), part * part / of);
    let root = (b * b - 4.0 * a * c).max(0.0).sqrt();
    ((-b - root) / (2.0 * a), (-b + root) / (2.0 * a))
}

#[allow(clippy::cast_precision_loss)] // counts of rollouts are far below 2⁵³
pub fn as_float(count: usize) -> f64 {
    count as f64
}

/// Where two documents differ; numbers may differ by rounding alone. What only `found` has is no
/// difference.
pub fn differences_of(wanted: &Value, found: &Value, at: &str) -> Vec<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(_)) => wanted
            .iter()
            .flat_map(|(key, value)| differences_of(value, &found[key], &format!("{at}.{key}")))
            .collect(),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .flat_map(|(n, (wanted, found))| differences_of(wanted, found, &format!("{at}[{n}]")))
            .collect(),
        (Value::Number(a), Value::Number(b)) if is_close(a.as_f64(), b.as_f64()) => Vec::new(),
        _ if wanted == found => Vec::new(),
        _ => vec![format!("{at}: {found} instead of {wanted}")],
    }
}

fn is_close(a: Option<f64>, b: Option<f64>) -> bool {
    a.zip(b)
        .is_some_and(|(a, b)| (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0))
}
