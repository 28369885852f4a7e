//! The dashboard files: each panel has a description and a unit, each variable is used, and the
//! README documents every metric that they or the rules name.

use std::collections::BTreeSet;

use crate::boards::{Board, Grid, boards};
use crate::rules::rules;

const README: &str = include_str!("../../README.md");

#[test]
fn addresses_of_dashboards_stay() {
    let boards = boards().unwrap();
    let uids: Vec<&str> = boards.iter().map(|board| &*board.uid).collect();
    assert_eq!(uids, ["goldenpath-adoption", "goldenpath-operator"]);
    for board in boards {
        assert_eq!(board.schema_version, 39, "{}", board.uid);
        let ids: BTreeSet<u32> = board.panels.iter().map(|panel| panel.id).collect();
        assert_eq!(ids.len(), board.panels.len(), "{}", board.uid);
    }
}

#[test]
fn each_panel_has_a_description_and_a_unit() {
    for board in boards().unwrap() {
        for panel in board.shown() {
            let title = &panel.title;
            assert!(
                !title.is_empty() && panel.description.ends_with('.'),
                "{title}"
            );
            let unit = panel.field_config.defaults["unit"].as_str();
            assert!(unit.is_some_and(|unit| !unit.is_empty()), "{title}");
            assert!(!panel.targets.is_empty(), "{title}");
            let sources = panel.targets.iter().map(|target| &target.datasource);
            for source in sources.chain([&panel.datasource]) {
                assert_eq!(source["uid"], "$datasource", "{title}");
            }
        }
    }
}

#[test]
fn panels_lie_side_by_side() {
    for board in boards().unwrap() {
        let mut taken = BTreeSet::new();
        for panel in &board.panels {
            let Grid { x, y, w, h } = panel.grid_pos;
            assert!(x + w <= 24, "{}", panel.title);
            let cells = (y..y + h).flat_map(|y| (x..x + w).map(move |x| (x, y)));
            for cell in cells {
                assert!(taken.insert(cell), "{} covers another", panel.title);
            }
        }
    }
}

#[test]
fn no_variable_is_dead_and_none_is_missing() {
    for board in boards().unwrap() {
        let texts: Vec<&str> = board
            .exprs()
            .chain(
                board
                    .variables()
                    .map(|variable| variable.label_values().unwrap().0),
            )
            .collect();
        let mut used: BTreeSet<&str> = texts
            .iter()
            .flat_map(|text| named_after(text, '$'))
            .collect();
        used.retain(|name| !["__rate_interval", "__range"].contains(name));
        used.insert("datasource"); // by every panel, as the test above proves
        let list = board.templating.list.iter();
        let defined: BTreeSet<&str> = list.map(|variable| &*variable.name).collect();
        assert_eq!(used, defined, "{}", board.uid);
    }
}

#[test]
fn counters_are_read_over_what_grafana_shows() {
    for board in boards().unwrap() {
        for expr in board.exprs() {
            let windows = expr.split('[').skip(1);
            for window in windows {
                let fits = ["$__rate_interval]", "$__range]"];
                assert!(fits.iter().any(|fit| window.starts_with(fit)), "{expr}");
            }
            assert!(
                !expr.contains("topk") && !expr.contains("sort"),
                "no ranking: {expr}"
            );
        }
    }
}

#[test]
fn every_metric_that_is_asked_for_is_in_the_readme() {
    let boards = boards().unwrap();
    let rules = rules();
    let recorded: BTreeSet<&str> = rules
        .iter()
        .filter_map(|rule| rule.record.as_deref())
        .collect();
    let exprs = boards
        .iter()
        .flat_map(Board::exprs)
        .chain(rules.iter().map(|rule| &*rule.expr));
    for expr in exprs {
        for name in metrics(expr) {
            let family = name.strip_suffix("_bucket").unwrap_or(name);
            let is_known = recorded.contains(name) || README.contains(&format!("| `{family}` |"));
            assert!(is_known, "{name} in {expr}");
        }
    }
}

/// The names of ours in an expression, recorded ones whole.
fn metrics(expr: &str) -> impl Iterator<Item = &str> {
    let words = expr.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
    words.filter(|word| word.contains("goldenpath_"))
}

/// Names that follow a sign, such as `$path`.
fn named_after(text: &str, sign: char) -> impl Iterator<Item = &str> {
    let parts = text.split(sign).skip(1);
    parts.map(|part| {
        let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        &part[..end.unwrap_or(part.len())]
    })
}
