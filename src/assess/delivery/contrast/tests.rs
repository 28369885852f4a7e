//! The contrast of fleets whose figures are known.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::{DayCount, DeliveryCounts, FirstDeploy};
use crate::assess::delivery::figures::first_day;
use crate::assess::delivery::fixtures::at;

/// 30 March 2026.
fn now() -> Timestamp {
    at("2026-03-30 12:00")
}

/// One workload of a fleet.
#[derive(Clone, Debug)]
struct App {
    name: String,
    team: String,
    side: Option<Side>,
    record: DeliveryRecordStatus,
}

impl App {
    fn tracked(&self) -> WithRecord<'_> {
        let of = Tracked {
            namespace: "shop",
            service: &self.name,
            team: &self.team,
            path: Some("web"),
            kind: "Deployment",
            persona: Some("product"),
            side: self.side,
        };
        WithRecord {
            of,
            record: Cow::Borrowed(&self.record),
        }
    }
}

/// A day in March with this many releases, all visible, of which some failed; each with a lead time of
/// so many hours.
fn march(day: u32, side: Side, releases: u32, failed: u32, hours: u32) -> DayCount {
    DayCount {
        day: format!("2026-03-{day:02}"),
        standing: side.as_str().to_owned(),
        counts: DeliveryCounts {
            rollouts: releases,
            visible: releases,
            failed,
            visible_failed: failed,
            rework: failed,
            ..DeliveryCounts::default()
        },
        lead_times: vec![hours * 3_600; releases as usize],
        recovery_times: vec![600; failed as usize],
    }
}

fn app(number: usize, team: &str, side: Side, days: Vec<DayCount>) -> App {
    App {
        name: format!("app-{number}"),
        team: team.to_owned(),
        side: Some(side),
        record: DeliveryRecordStatus {
            days,
            ..DeliveryRecordStatus::default()
        },
    }
}

/// Six services of three teams on each side: golden ones release twice as often and fail less.
fn fleet() -> Vec<App> {
    let mut apps = Vec::new();
    for (number, team) in ["blue", "green", "red"].iter().cycle().take(6).enumerate() {
        let golden = vec![march(20, Side::GoldenPath, 8, 0, 2)];
        let deviating = vec![march(21, Side::Deviating, 5, 1, 30)];
        apps.push(app(number, team, Side::GoldenPath, golden));
        apps.push(app(number + 10, team, Side::Deviating, deviating));
    }
    apps
}

fn of(apps: &[App]) -> Contrast {
    let mut collected = Collected::until(now());
    for app in apps {
        collected.add(&app.tracked());
    }
    collected.contrast(&Surroundings::default())
}

/// The figures of 30 days.
fn month(contrast: &Contrast) -> &Window {
    &contrast.windows[1]
}

#[test]
fn both_sides_have_medians_rates_and_sizes() {
    let contrast = of(&fleet());
    let Window {
        golden_path,
        deviating,
        ..
    } = month(&contrast);
    assert_eq!((golden_path.services, golden_path.rollouts), (6, 48));
    assert_eq!((deviating.services, deviating.rollouts), (6, 30));
    let lead = golden_path.lead_time_seconds.known().unwrap();
    assert_eq!((lead.median, lead.n), (7_200.0, 48));
    let fail = deviating.change_fail_ratio.known().unwrap();
    assert_eq!((fail.part, fail.of), (6, 30));
    assert!(fail.low < 0.2 && 0.2 < fail.high);
    let frequency = golden_path.deployments_per_week.known().unwrap();
    assert!((frequency.median - 8.0 / (30.0 / 7.0)).abs() < 1e-9);
    let recovery = deviating.recovery_seconds.known().unwrap();
    assert_eq!((recovery.median, recovery.n), (600.0, 6));
}

#[test]
fn the_share_of_the_largest_service_tells_whether_a_side_is_one_service() {
    let mut apps = fleet();
    apps[0].record.days = vec![march(20, Side::GoldenPath, 120, 0, 2)];
    let contrast = of(&apps);
    let Window {
        golden_path,
        deviating,
        ..
    } = month(&contrast);
    assert_eq!(golden_path.largest_service_share, Some(120.0 / 160.0));
    assert_eq!(deviating.largest_service_share, Some(1.0 / 6.0));
    assert_eq!(month(&of(&[])).golden_path.largest_service_share, None);
}

#[test]
fn a_young_record_has_no_weeks_before_its_creation() {
    let mut apps = fleet();
    for app in &mut apps {
        app.record.conditions = vec![Condition {
            type_: "Ready".to_owned(),
            status: "True".to_owned(),
            reason: "Accepted".to_owned(),
            message: String::new(),
            last_transition_time: Time(at("2026-03-24 08:00")),
            observed_generation: None,
        }];
    }
    let contrast = of(&apps);
    // From the first listed day, 20 March, on: 11 days.
    let frequency = &month(&contrast).golden_path.deployments_per_week;
    let median = frequency.known().unwrap().median;
    assert!((median - 8.0 / (11.0 / 7.0)).abs() < 1e-9);
}

#[test]
fn a_failure_without_a_signal_withholds_what_needs_it() {
    let mut apps = fleet();
    for app in &mut apps {
        for day in &mut app.record.days {
            day.counts.visible = day.counts.rollouts / 2;
            day.counts.visible_failed = 0;
            day.lead_times.clear();
        }
    }
    let contrast = of(&apps);
    let side = &month(&contrast).golden_path;
    let withheld = Withheld::LowCoverage {
        have: 24,
        of: 48,
        need: 60,
    };
    assert_eq!(side.change_fail_ratio, Answer::Withheld { withheld });
    let withheld = Withheld::LowCoverage {
        have: 0,
        of: 48,
        need: 60,
    };
    assert_eq!(side.lead_time_seconds, Answer::Withheld { withheld });
    assert!(side.rework_ratio.known().is_some());
}

#[test]
fn teams_are_compared_with_themselves_and_none_alone() {
    let contrast = of(&fleet());
    let lead = contrast.within_teams.lead_time_seconds.known().unwrap();
    assert_eq!((lead.median, lead.n), (-28.0 * 3_600.0, 3));
    let few: Vec<App> = fleet()
        .into_iter()
        .filter(|app| app.team != "red")
        .collect();
    let withheld = Withheld::FewTeams { have: 2, need: 3 };
    let contrast = of(&few);
    assert_eq!(
        contrast.within_teams.lead_time_seconds,
        Answer::Withheld { withheld }
    );
}

#[test]
fn services_that_joined_the_path_are_compared_with_themselves() {
    let apps: Vec<App> = ["blue", "green", "red", "blue", "green"]
        .iter()
        .enumerate()
        .map(|(number, team)| {
            let days = vec![
                march(3, Side::Deviating, 5, 1, 40),
                march(20, Side::GoldenPath, 6, 0, 10),
            ];
            app(number, team, Side::GoldenPath, days)
        })
        .collect();
    let contrast = of(&apps);
    let lead = contrast.after_joining.lead_time_seconds.known().unwrap();
    assert_eq!((lead.median, lead.n), (-30.0 * 3_600.0, 5));
    // 5 deployments in the 79 days of the window before it joined, 6 in the 11 days from then on.
    let pace = &contrast.after_joining.deployments_per_week;
    let pace = pace.known().unwrap();
    let (before, after) = (5.0 * 7.0 / 79.0, 6.0 * 7.0 / 11.0);
    assert!((pace.median - (after - before)).abs() < 1e-9, "{pace:?}");
    assert_eq!(pace.n, 5);
    // A service that changed sides has no frequency of one side.
    let frequency = &month(&contrast).golden_path.deployments_per_week;
    assert_eq!(
        *frequency,
        Answer::Withheld {
            withheld: Withheld::NoObservation
        }
    );
}

#[test]
fn first_deploys_are_compared_by_the_clock_that_both_sides_have() {
    let mut apps = fleet();
    for app in &mut apps {
        let since_scaffolded = (app.side == Some(Side::GoldenPath)).then_some(600);
        app.record.first_deploy = Some(FirstDeploy {
            at: crate::api::condition::stored(at("2026-03-19 09:00")),
            since_scaffolded,
            since_started: Some(since_scaffolded.map_or(300_000, |_| 3_000)),
            clock: Some(FirstDeployClock::StartedAt),
            standing: None,
        });
    }
    let contrast = of(&apps);
    let Window {
        golden_path,
        deviating,
        ..
    } = month(&contrast);
    let median = |answer: &Answer<Quantiles>| answer.known().map(|it| it.median);
    assert_eq!(median(&golden_path.first_deploy_seconds), Some(3_000.0));
    assert_eq!(median(&deviating.first_deploy_seconds), Some(300_000.0));
    let in_target = |side: &Figures| side.first_deploy_in_target_ratio.known().unwrap().part;
    assert_eq!((in_target(golden_path), in_target(deviating)), (6, 0));
    let scaffolded = golden_path.scaffolded_first_deploy_seconds.as_ref();
    assert_eq!(scaffolded.and_then(median), Some(600.0));
    assert_eq!(deviating.scaffolded_first_deploy_seconds, None);
    assert_eq!(contrast.setup.scaffolder_seconds, Some(2_400.0));
}

#[test]
fn a_first_deploy_counts_under_the_status_that_it_had() {
    let mut apps = fleet();
    for app in &mut apps {
        app.record.first_deploy = Some(FirstDeploy {
            at: crate::api::condition::stored(at("2026-03-19 09:00")),
            since_scaffolded: None,
            since_started: Some(3_600),
            clock: Some(FirstDeployClock::StartedAt),
            standing: Some(Side::Deviating.as_str().to_owned()),
        });
    }
    let size = |answer: &Answer<Quantiles>| answer.known().map(|it| it.n);
    let joined = of(&apps);
    let month_of = |contrast: &Contrast| {
        let Window {
            golden_path,
            deviating,
            ..
        } = month(contrast);
        [golden_path, deviating].map(|side| size(&side.first_deploy_seconds))
    };
    assert_eq!(
        month_of(&joined),
        [None, Some(12)],
        "they joined before their next rollout"
    );
    for app in &mut apps {
        app.record.first_deploy.as_mut().unwrap().standing = None;
    }
    let earlier = of(&apps);
    assert_eq!(
        month_of(&earlier),
        [Some(6), Some(6)],
        "as the first day counts"
    );
}

#[test]
fn strata_have_the_figures_of_their_own_workloads() {
    let contrast = of(&fleet());
    let [kind] = &contrast.by_kind[..] else {
        panic!("{:?}", contrast.by_kind);
    };
    assert_eq!((&*kind.name, kind.deviating.rollouts), ("Deployment", 30));
    assert_eq!(contrast.by_persona[0].name, "product");
}

fn any_day() -> impl Strategy<Value = DayCount> {
    let side = prop::sample::select(vec![Side::GoldenPath, Side::Deviating]);
    (1_u32..31, side, 0_u32..9, 0_u32..3, 1_u32..50).prop_map(|(day, side, releases, failed, h)| {
        march(day, side, releases, failed.min(releases), h)
    })
}

fn any_app() -> impl Strategy<Value = App> {
    let team = prop::sample::select(vec!["team-blue", "team-green", "team-red", "team-grey"]);
    let side = prop::sample::select(vec![Side::GoldenPath, Side::Deviating]);
    (0_usize..20, team, side, vec(any_day(), 0..6)).prop_map(|(number, team, side, mut days)| {
        days.sort_by(|a, b| (&a.day, &a.standing).cmp(&(&b.day, &b.standing)));
        app(number, team, side, days)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn both_sides_sum_up_to_the_days(apps in vec(any_app(), 0..30)) {
        let contrast = of(&apps);
        for window in &contrast.windows {
            let first = first_day(now(), window.days);
            let days = || apps.iter().flat_map(|app| &app.record.days).filter(|it| it.day >= first);
            let rollouts: u32 = days().map(|day| day.counts.rollouts).sum();
            prop_assert_eq!(window.golden_path.rollouts + window.deviating.rollouts, rollouts);
            let strata = contrast.by_kind.iter().map(|it| it.golden_path.rollouts + it.deviating.rollouts);
            if window.days == LONGEST {
                prop_assert_eq!(strata.sum::<u32>(), rollouts);
            }
        }
    }

    #[test]
    fn small_sides_are_withheld_and_no_team_is_named(apps in vec(any_app(), 0..30)) {
        let contrast = of(&apps);
        for window in &contrast.windows {
            for side in [&window.golden_path, &window.deviating] {
                let is_small = side.services < MIN_SERVICES
                    || side.teams < MIN_TEAMS
                    || (side.rollouts as usize) < MIN_ROLLOUTS;
                let is_known = side.change_fail_ratio.known().is_some()
                    || side.lead_time_seconds.known().is_some()
                    || side.deployments_per_week.known().is_some();
                prop_assert!(!(is_small && is_known));
                if let Some(rate) = side.change_fail_ratio.known() {
                    prop_assert!(rate.low <= rate.ratio && rate.ratio <= rate.high);
                }
            }
        }
        let json = serde_json::to_string(&contrast).unwrap();
        prop_assert!(!json.contains("team-") && !json.contains("app-") && !json.contains("shop"));
        let read: Contrast = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read.windows.len(), contrast.windows.len());
        for (read, window) in read.windows.iter().zip(&contrast.windows) {
            let known = |it: &Window| it.golden_path.change_fail_ratio.known().map(|rate| rate.of);
            prop_assert_eq!(known(read), known(window));
        }
    }
}
