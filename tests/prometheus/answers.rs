//! Asking Prometheus what a panel asks, with variables filled in as Grafana does.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use goldenpath_e2e::Prometheus;
use serde_json::Value;

use crate::boards::{Board, Panel, Target};
use crate::scene::SCRAPE;

/// How much of the past a dashboard shows, in seconds: all there is.
const RANGE: u64 = 90;

/// What is chosen at the top of a dashboard: values by variable.
pub type Choice = BTreeMap<String, String>;

/// One series of an answer.
#[derive(Clone, Debug)]
pub struct Series {
    pub labels: BTreeMap<String, String>,
    /// Instants in seconds with values, those that are no number left out.
    pub points: Vec<(f64, f64)>,
}

/// What a target of a panel got.
pub struct Answer<'a> {
    pub target: &'a Target,
    pub series: Vec<Series>,
}

/// Everything chosen: each variable's "All".
pub fn all(board: &Board) -> Choice {
    let variables = board.variables();
    variables
        .map(|variable| (variable.name.clone(), variable.all_value.clone()))
        .collect()
}

/// The values each variable offers while everything is chosen.
pub fn offers(board: &Board, prometheus: &Prometheus) -> BTreeMap<String, Vec<String>> {
    let everything = all(board);
    let variables = board.variables().map(|variable| {
        let (selector, label) = variable.label_values();
        let selector = filled(selector, &everything);
        let api = format!("label/{label}/values");
        let values = prometheus.ask(&api, &[("match[]", &selector)]).unwrap();
        let values: Vec<String> = serde_json::from_value(values).unwrap();
        (variable.name.clone(), values)
    });
    variables.collect()
}

/// What a panel shows, one answer a target.
pub fn answers<'a>(panel: &'a Panel, choice: &Choice, prometheus: &Prometheus) -> Vec<Answer<'a>> {
    let targets = panel.targets.iter();
    targets
        .map(|target| {
            let expr = filled(&target.expr, choice);
            let data = ask(&expr, target.instant, prometheus)
                .unwrap_or_else(|error| panic!("{}: {expr}: {error}", panel.title));
            let series = data["result"].as_array().unwrap().iter();
            Answer {
                target,
                series: series
                    .map(read)
                    .filter(|one| !one.points.is_empty())
                    .collect(),
            }
        })
        .collect()
}

fn ask(expr: &str, instant: bool, prometheus: &Prometheus) -> goldenpath_e2e::Result<Value> {
    if instant {
        return prometheus.ask("query", &[("query", expr)]);
    }
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let (start, end) = ((now - RANGE).to_string(), now.to_string());
    let step = SCRAPE.as_secs().to_string();
    let range = [
        ("query", expr),
        ("start", &start),
        ("end", &end),
        ("step", &step),
    ];
    prometheus.ask("query_range", &range)
}

/// Grafana's own variables first: a rate interval is four scrapes.
fn filled(expr: &str, choice: &Choice) -> String {
    let expr = expr
        .replace("$__rate_interval", &format!("{}s", 4 * SCRAPE.as_secs()))
        .replace("$__range", &format!("{RANGE}s"));
    choice.iter().fold(expr, |expr, (name, value)| {
        expr.replace(&format!("${name}"), value)
    })
}

fn read(series: &Value) -> Series {
    let one = series.get("value").map(std::slice::from_ref);
    let points = one.or(series["values"].as_array().map(Vec::as_slice));
    let numbers = points.unwrap_or_default().iter().map(|point| {
        let number: f64 = point[1].as_str().unwrap().parse().unwrap();
        (point[0].as_f64().unwrap(), number)
    });
    Series {
        labels: serde_json::from_value(series["metric"].clone()).unwrap(),
        points: numbers.filter(|(_, number)| number.is_finite()).collect(),
    }
}
