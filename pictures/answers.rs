//! Asks Prometheus what a panel asks, with variables filled in as Grafana does. Shared with the
//! tests of the dashboards.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use goldenpath_e2e::Prometheus;
use serde_json::Value;

use crate::Result;
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

/// What a panel shows, one answer a target.
pub fn answers<'a>(
    panel: &'a Panel,
    choice: &Choice,
    prometheus: &Prometheus,
) -> Result<Vec<Answer<'a>>> {
    let answered = |target: &'a Target| {
        let expr = filled(&target.expr, choice);
        let data = ask(&expr, target.instant, prometheus)
            .map_err(|error| format!("{}: {expr}: {error}", panel.title))?;
        let mut series = Vec::new();
        for one in data["result"].as_array().into_iter().flatten() {
            let one = read(one)?;
            if !one.points.is_empty() {
                series.push(one);
            }
        }
        Ok(Answer { target, series })
    };
    panel.targets.iter().map(answered).collect()
}

fn ask(expr: &str, instant: bool, prometheus: &Prometheus) -> Result<Value> {
    if instant {
        return Ok(prometheus.ask("query", &[("query", expr)])?);
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let (start, end) = ((now - RANGE).to_string(), now.to_string());
    let step = SCRAPE.as_secs().to_string();
    let range = [
        ("query", expr),
        ("start", &start),
        ("end", &end),
        ("step", &step),
    ];
    Ok(prometheus.ask("query_range", &range)?)
}

/// Grafana's own variables first: a rate interval is four scrapes.
pub fn filled(expr: &str, choice: &Choice) -> String {
    let expr = expr
        .replace("$__rate_interval", &format!("{}s", 4 * SCRAPE.as_secs()))
        .replace("$__range", &format!("{RANGE}s"));
    choice.iter().fold(expr, |expr, (name, value)| {
        expr.replace(&format!("${name}"), value)
    })
}

fn read(series: &Value) -> Result<Series> {
    let one = series.get("value").map(std::slice::from_ref);
    let points = one.or(series["values"].as_array().map(Vec::as_slice));
    let mut numbers = Vec::new();
    for point in points.unwrap_or_default() {
        let (at, number): (f64, String) = serde_json::from_value(point.clone())?;
        numbers.push((at, number.parse::<f64>()?));
    }
    numbers.retain(|(_, number)| number.is_finite());
    Ok(Series {
        labels: serde_json::from_value(series["metric"].clone())?,
        points: numbers,
    })
}
