//! The rule files load; each alert fires when it should and only then, names a next step, and has a
//! severity that pages no person at night.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use crate::promtool::promtool_or_skip;

pub const SOURCES: &str = "charts/goldenpath/files/rules";
const TESTS: &str = "tests/prometheus/rules";
const RUNBOOKS: &str = "https://github.com/goldenpath-dev/goldenpath/blob/main/docs/runbooks";

#[derive(Deserialize)]
struct RuleFile {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

/// A recording rule or an alert.
#[derive(Deserialize)]
pub struct Rule {
    pub record: Option<String>,
    pub expr: String,
    #[serde(flatten)]
    alert: Option<Alert>,
}

#[derive(Clone, Deserialize)]
struct Alert {
    #[serde(rename = "alert")]
    name: String,
    #[serde(rename = "for")]
    patience: String,
    labels: Labels,
    annotations: Annotations,
}

#[derive(Clone, Deserialize)]
struct Labels {
    severity: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Annotations {
    summary: String,
    description: String,
    runbook_url: String,
}

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    alert_rule_test: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    alertname: String,
    exp_alerts: Vec<Value>,
}

/// The files of a directory, in order.
pub fn files(directory: &str) -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
    let entries = fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read<T: for<'de> Deserialize<'de>>(directory: &str) -> Vec<T> {
    let texts = files(directory)
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap());
    texts
        .map(|text| serde_saphyr::from_str(&text).unwrap())
        .collect()
}

/// Every rule.
pub fn rules() -> Vec<Rule> {
    let groups = read::<RuleFile>(SOURCES)
        .into_iter()
        .flat_map(|file| file.groups);
    groups.flat_map(|group| group.rules).collect()
}

/// Every alert with its expression.
fn alerts() -> Vec<(Alert, String)> {
    let rules = rules().into_iter();
    rules
        .filter_map(|rule| Some((rule.alert?, rule.expr)))
        .collect()
}

#[test]
fn rules_load_and_alerts_fire_when_they_should_and_only_then() {
    let check = ["check".into(), "rules".into()].into_iter();
    if promtool_or_skip(check.chain(files(SOURCES))) {
        let test = ["test".into(), "rules".into()].into_iter();
        promtool_or_skip(test.chain(files(TESTS)));
    }
}

#[test]
fn every_alert_is_tried_firing_and_silent() {
    let tests = read::<TestFile>(TESTS)
        .into_iter()
        .flat_map(|file| file.tests);
    let (silent, firing): (Vec<_>, Vec<_>) = tests
        .flat_map(|case| case.alert_rule_test)
        .partition(|question| question.exp_alerts.is_empty());
    let names = |questions: Vec<Question>| -> BTreeSet<String> {
        questions
            .into_iter()
            .map(|question| question.alertname)
            .collect()
    };
    let all: BTreeSet<String> = alerts().into_iter().map(|(alert, _)| alert.name).collect();
    assert_eq!(names(firing), all);
    assert_eq!(names(silent), all);
}

#[test]
fn no_alert_pages_and_each_names_a_next_step() {
    for (alert, _) in alerts() {
        let name = &alert.name;
        assert!(name.starts_with("GoldenPath"), "{name}");
        assert!(
            ["info", "warning"].contains(&&*alert.labels.severity),
            "{name}"
        );
        assert!(!alert.annotations.summary.contains("{{"), "{name}");
        for word in ["violation", "non-compliant", "failing team", "offend"] {
            assert!(!alert.annotations.description.contains(word), "{name}");
        }
        assert_eq!(
            alert.annotations.runbook_url,
            format!("{RUNBOOKS}/{name}.md")
        );
    }
}

#[test]
fn each_alert_has_a_page_and_the_index_lists_its_defaults() {
    let mut pages: BTreeSet<String> = files("docs/runbooks")
        .iter()
        .map(|page| page.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    pages.remove("README");
    let named: BTreeSet<String> = alerts().into_iter().map(|(alert, _)| alert.name).collect();
    assert_eq!(pages, named);

    let index = include_str!("../../docs/runbooks/README.md");
    let written: Vec<&str> = index
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    let rows: Vec<String> = alerts()
        .iter()
        .map(|(alert, expr)| row(alert, expr))
        .collect();
    assert_eq!(written, rows);
}

fn row(alert: &Alert, expr: &str) -> String {
    let name = &alert.name;
    let cells = [
        format!("[{name}]({name}.md)"),
        alert.labels.severity.clone(),
        alert.patience.clone(),
        threshold(expr).unwrap_or_else(|| "–".to_owned()),
        alert.annotations.summary.clone(),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Number and unit of the threshold the chart can change.
fn threshold(expr: &str) -> Option<String> {
    let (before, unit) = expr.split_once(" # threshold: ")?;
    let number = before.split_whitespace().last()?;
    Some(format!("{number} {}", unit.lines().next()?))
}

#[test]
fn recording_rules_are_named_level_metric_operation() {
    for rule in rules() {
        let Some(name) = rule.record else { continue };
        let parts: Vec<&str> = name.split(':').collect();
        assert_eq!(parts.len(), 3, "{name}");
        assert!(parts[1].starts_with("goldenpath_"), "{name}");
    }
}
