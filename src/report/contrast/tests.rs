//! The contrast in words: golden files, and what withheld figures say.

use super::*;
use crate::assess::delivery::contrast::{SelfService, Setup, Stratum, Window};
use crate::report::document::contrast::{ContrastDocument, KIND};
use crate::report::fixtures::at;

fn figures(services: usize, rollouts: u32, days: f64) -> Figures {
    let hour = 3_600.0;
    let quantiles = |median: f64, p90, n| {
        Answer::Known(Quantiles {
            median,
            p90,
            n,
            coverage: 0.9,
        })
    };
    let rate = |part, of| {
        let ratio = f64::from(part) / f64::from(of);
        Answer::Known(Rate {
            ratio,
            part,
            of,
            low: ratio / 2.0,
            high: (ratio * 1.5).min(1.0),
            coverage: 1.0,
        })
    };
    Figures {
        services,
        teams: 4,
        rollouts,
        rollbacks: 2,
        largest_service_share: Some(if services < 6 { 0.625 } else { 0.25 }),
        untracked: 1,
        deployments_per_week: quantiles(7.0 / days, 14.0 / days, services),
        lead_time_seconds: quantiles(days * 10.0 * hour, days * 50.0 * hour, 40),
        refused_commit_times: 0,
        change_fail_ratio: rate(3, rollouts),
        recovery_seconds: quantiles(days * hour, days * 3.0 * hour, 3),
        rework_ratio: rate(4, rollouts + 2),
        first_deploy_seconds: quantiles(days * hour, days * 24.0 * hour, 6),
        first_deploy_in_target_ratio: rate(2, 6),
        scaffolded_first_deploy_seconds: None,
    }
}

fn withheld() -> Figures {
    let few = Withheld::FewServices { have: 1, need: 5 };
    let low = Withheld::LowCoverage {
        have: 10,
        of: 30,
        need: 60,
    };
    Figures {
        deployments_per_week: Answer::Withheld { withheld: few },
        lead_time_seconds: Answer::Withheld { withheld: low },
        refused_commit_times: 3,
        change_fail_ratio: Answer::Withheld {
            withheld: Withheld::FewTeams { have: 2, need: 3 },
        },
        recovery_seconds: Answer::Withheld {
            withheld: Withheld::NoObservation,
        },
        rework_ratio: Answer::Withheld {
            withheld: Withheld::FewRollouts { have: 19, need: 20 },
        },
        ..figures(1, 19, 4.0)
    }
}

fn differences() -> Differences {
    let of = |median| Answer::Known(Difference { median, n: 6 });
    Differences {
        deployments_per_week: of(1.5),
        lead_time_seconds: of(-100_800.0),
        change_fail_ratio: of(-0.08),
        recovery_seconds: Answer::Withheld {
            withheld: Withheld::FewTeams { have: 1, need: 3 },
        },
        rework_ratio: of(0.0),
    }
}

fn contrast() -> Contrast {
    let golden_path = Figures {
        scaffolded_first_deploy_seconds: Some(figures(6, 60, 0.5).first_deploy_seconds),
        ..figures(6, 60, 1.0)
    };
    let window = |days, deviating| Window {
        days,
        golden_path: golden_path.clone(),
        deviating,
    };
    let stratum = |name: &str| Stratum {
        name: name.to_owned(),
        golden_path: golden_path.clone(),
        deviating: withheld(),
    };
    Contrast {
        caveat: CAVEAT.to_owned(),
        workloads: 14,
        services: 12,
        windows: vec![window(30, withheld()), window(90, figures(5, 40, 4.0))],
        within_teams: differences(),
        after_joining: differences(),
        by_kind: vec![stratum("CronJob"), stratum("Deployment")],
        by_persona: vec![stratum("product")],
        self_service: SelfService {
            scaffolded_services: 9,
            new_services: 12,
            self_service_teams: 3,
            teams: 4,
        },
        setup: Setup {
            scaffolded: 9,
            scaffolder_seconds: Some(300.0),
            exceptions: 5,
            one_off_hours: Some(24.0),
            one_off_hours_total: 130.0,
        },
    }
}

fn now() -> Timestamp {
    at("2026-03-30T12:00:00Z")
}

#[test]
fn a_terminal_shows_both_sides_with_sizes_and_reasons() {
    let text = render(Some(&contrast()), now(), Style::default());
    assert_eq!(text, include_str!("contrast.txt"));
}

#[test]
fn markdown_has_the_same_tables() {
    let text = markdown(Some(&contrast()), now());
    assert_eq!(text, include_str!("contrast.md"));
}

#[test]
fn json_has_figures_or_reasons_and_the_caveat() {
    let contrast = contrast();
    let document = ContrastDocument::new(Some(&contrast), now());
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["kind"], KIND);
    assert_eq!(json["contrast"]["caveat"], CAVEAT);
    let side = &json["contrast"]["windows"][0]["deviating"];
    let withheld = serde_json::json!({"reason": "FewTeams", "have": 2, "need": 3});
    assert_eq!(side["changeFailRatio"]["withheld"], withheld);
    let side = &json["contrast"]["windows"][0]["goldenPath"];
    assert_eq!(side["leadTimeSeconds"]["n"], 40);
    assert_eq!(side["refusedCommitTimes"], 0, "zeros too");
}

#[test]
fn without_records_it_says_how_to_turn_them_on() {
    let text = render(None, now(), Style::default());
    assert!(text.contains("--delivery") && text.lines().count() == 1);
    assert!(markdown(None, now()).contains("delivery.enabled"));
    let json = serde_json::to_value(ContrastDocument::new(None, now())).unwrap();
    assert_eq!(json.get("contrast"), None);
    assert!(json["message"].is_string());
}
