//! A Prometheus that scraped the operator answers every query of every panel, variable and rule:
//! without errors, with data wherever data is expected, and with the numbers of the report.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use goldenpath_e2e::{Options, Prometheus, control_plane_or_skip};
use serde_json::Value;

use crate::answers::{Choice, all, answers, filled};
use crate::boards::{Board, Panel, boards, picture_file};
use crate::promtool::skip;
use crate::scene::Scene;

/// Panels that have nothing to show in a cluster where all is well, or where no rollout is recorded. Those
/// of rollouts are asked in tests/rollouts, after a month of them.
const MAY_BE_EMPTY: [(&str, &str); 10] = [
    ("goldenpath-adoption", "Deployments per week"),
    ("goldenpath-adoption", "Change lead time"),
    ("goldenpath-adoption", "Change fail rate"),
    ("goldenpath-adoption", "Recovery time"),
    ("goldenpath-adoption", "Rework rate"),
    ("goldenpath-adoption", "Time to first deploy"),
    ("goldenpath-adoption", "Samples and coverage"),
    ("goldenpath-adoption", "Refused commit times"),
    ("goldenpath-operator", "Kinds that cannot be watched"),
    ("goldenpath-operator", "Failures by reason"),
];

#[test]
fn a_real_prometheus_answers_every_panel_and_rule() {
    if !Prometheus::is_installed() {
        skip("needs promtool (apt-get install prometheus)");
        return;
    }
    let Some(cluster) = control_plane_or_skip(&Options::default()) else {
        return;
    };
    let binary = Path::new(env!("CARGO_BIN_EXE_goldenpath"));
    let scene = Scene::set(cluster, binary).unwrap();
    let boards = boards().unwrap();
    for board in &boards {
        every_panel_has_an_answer(board, &scene.prometheus);
        every_choice_is_understood(board, &scene.prometheus);
    }
    every_rule_is_evaluated(&scene.prometheus);
    the_dashboard_agrees_with_the_report(&boards[0], &scene);
    only_what_may_be_empty_is_excused(&boards);
}

fn every_panel_has_an_answer(board: &Board, prometheus: &Prometheus) {
    let everything = all(board);
    for panel in board.shown() {
        for answer in answers(panel, &everything, prometheus).unwrap() {
            let is_excused = MAY_BE_EMPTY.contains(&(&board.uid, &panel.title));
            let target = &answer.target.ref_id;
            assert!(
                is_excused || !answer.series.is_empty(),
                "{}, query {target}: no data",
                panel.title
            );
        }
    }
}

/// Each variable offers something, and choosing its first two values is understood everywhere.
fn every_choice_is_understood(board: &Board, prometheus: &Prometheus) {
    let offers = offers(board, prometheus);
    let choice: Choice = offers
        .into_iter()
        .map(|(name, values)| {
            assert!(
                !values.is_empty(),
                "${name} of {} offers nothing",
                board.uid
            );
            let first: Vec<String> = values.into_iter().take(2).collect();
            (name, format!("({})", first.join("|")))
        })
        .collect();
    for panel in board.shown() {
        answers(panel, &choice, prometheus).unwrap();
    }
}

/// The values each variable offers while everything is chosen.
fn offers(board: &Board, prometheus: &Prometheus) -> BTreeMap<String, Vec<String>> {
    let everything = all(board);
    let variables = board.variables().map(|variable| {
        let (selector, label) = variable.label_values().unwrap();
        let selector = filled(selector, &everything);
        let api = format!("label/{label}/values");
        let values = prometheus.ask(&api, &[("match[]", &selector)]).unwrap();
        let values: Vec<String> = serde_json::from_value(values).unwrap();
        (variable.name.clone(), values)
    });
    variables.collect()
}

fn every_rule_is_evaluated(prometheus: &Prometheus) {
    let data = prometheus.ask("rules", &[]).unwrap();
    let groups = data["groups"].as_array().unwrap().iter();
    for rule in groups.flat_map(|group| group["rules"].as_array().unwrap()) {
        assert_eq!(rule["health"], "ok", "{rule:#}");
        let name = rule["name"].as_str().unwrap();
        // Namespaces are a label on request only, and rollouts are recorded on request only.
        let is_on_request = ["namespace", "days_status"]
            .iter()
            .any(|level| name.starts_with(level));
        if rule["type"] == "recording" && !is_on_request {
            assert!(!prometheus.query(name).unwrap().is_empty(), "{name}");
        }
    }
    // The reminder of the examples' overdue review is on its way to its owner.
    let overdue = r#"ALERTS{alertname="GoldenPathReviewOverdue", exception="search-index-rebuild", team="search"}"#;
    assert_eq!(prometheus.query(overdue).unwrap().len(), 1);
}

fn the_dashboard_agrees_with_the_report(board: &Board, scene: &Scene) {
    let (_, report) = scene.operator.get("/api/v1/report").unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let ratio = report["summary"]["adoptionRatio"].as_f64().unwrap();
    let shown = value(board, "On the path", scene);
    assert!((shown - ratio).abs() < 1e-9, "{shown} is not {ratio}");
    assert!(value(board, "Joined and left", scene) >= 1.0);
}

/// The answer to the first query of a panel.
fn value(board: &Board, title: &str, scene: &Scene) -> f64 {
    let panel: &Panel = board.shown().find(|panel| panel.title == title).unwrap();
    let answers = answers(panel, &all(board), &scene.prometheus).unwrap();
    answers[0].series[0].points[0].1
}

#[test]
fn the_kept_pictures_show_every_panel_there_is() {
    for board in boards().unwrap() {
        let picture = fs::read_to_string(picture_file(&board)).unwrap();
        for panel in board.shown() {
            let title = format!(">{}</text>", panel.title);
            assert!(picture.contains(&title), "make pictures: {title}");
        }
    }
}

fn only_what_may_be_empty_is_excused(boards: &[Board]) {
    for (uid, title) in MAY_BE_EMPTY {
        let board = boards.iter().find(|board| board.uid == uid).unwrap();
        assert!(board.shown().any(|panel| panel.title == title), "{title}");
    }
}
