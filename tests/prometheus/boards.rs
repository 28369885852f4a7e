//! The dashboards as files: each panel says what it shows and in which unit, each variable is used,
//! and every metric they or the rules name is one the README describes.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;
use serde_json::Value;

use crate::rules::{files, rules};

const README: &str = include_str!("../../README.md");

/// A dashboard, as far as Grafana's questions to Prometheus and the picture of it go.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    pub uid: String,
    pub title: String,
    schema_version: u32,
    templating: Templating,
    pub panels: Vec<Panel>,
}

#[derive(Deserialize)]
struct Templating {
    list: Vec<Variable>,
}

#[derive(Deserialize)]
pub struct Variable {
    pub name: String,
    #[serde(rename = "type")]
    kind: String,
    /// Of Prometheus: an object. Of a choice of data sources: the kind of data source.
    query: Value,
    #[serde(rename = "allValue", default)]
    pub all_value: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    pub id: u32,
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    #[serde(default)]
    pub description: String,
    pub grid_pos: Grid,
    #[serde(default)]
    datasource: Value,
    #[serde(default)]
    pub field_config: FieldConfig,
    #[serde(default)]
    pub targets: Vec<Target>,
    #[serde(default)]
    pub transformations: Vec<Value>,
}

/// Place and size, in 24ths of the width.
#[derive(Clone, Copy, Deserialize)]
pub struct Grid {
    pub x: u32,
    pub y: u32,
    pub w: u32,
    pub h: u32,
}

#[derive(Clone, Default, Deserialize)]
pub struct FieldConfig {
    pub defaults: Value,
    pub overrides: Vec<Value>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    pub ref_id: String,
    datasource: Value,
    pub expr: String,
    #[serde(default)]
    pub legend_format: String,
    #[serde(default)]
    pub instant: bool,
}

impl Board {
    /// The panels that show something: a row is a heading.
    pub fn shown(&self) -> impl Iterator<Item = &Panel> {
        self.panels.iter().filter(|panel| panel.kind != "row")
    }

    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        let list = self.templating.list.iter();
        list.filter(|variable| variable.kind == "query")
    }

    fn exprs(&self) -> impl Iterator<Item = &str> {
        let targets = self.shown().flat_map(|panel| &panel.targets);
        targets.map(|target| &*target.expr)
    }
}

impl Variable {
    /// Selector and label of `label_values(SELECTOR, LABEL)`.
    pub fn label_values(&self) -> (&str, &str) {
        let query = self.query["query"].as_str().unwrap();
        let inside = query.strip_prefix("label_values(").unwrap();
        inside.strip_suffix(')').unwrap().rsplit_once(", ").unwrap()
    }
}

/// The dashboards of the chart.
pub fn boards() -> Vec<Board> {
    let texts = files("charts/goldenpath/files/dashboards")
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap());
    texts
        .map(|text| serde_json::from_str(&text).unwrap())
        .collect()
}

#[test]
fn addresses_of_dashboards_stay() {
    let boards = boards();
    let uids: Vec<&str> = boards.iter().map(|board| &*board.uid).collect();
    assert_eq!(uids, ["goldenpath-adoption", "goldenpath-operator"]);
    for board in boards {
        assert_eq!(board.schema_version, 39, "{}", board.uid);
        let ids: BTreeSet<u32> = board.panels.iter().map(|panel| panel.id).collect();
        assert_eq!(ids.len(), board.panels.len(), "{}", board.uid);
    }
}

#[test]
fn each_panel_says_what_it_shows_and_in_which_unit() {
    for board in boards() {
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
    for board in boards() {
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
    for board in boards() {
        let texts: Vec<&str> = board
            .exprs()
            .chain(board.variables().map(|variable| variable.label_values().0))
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
    for board in boards() {
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
    let boards = boards();
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
