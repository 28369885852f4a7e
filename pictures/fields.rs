//! How a value is shown: its legend, colour, unit and decimals, from a panel's defaults and overrides.

use jiff::Timestamp;
use serde_json::Value;

use crate::answers::{Answer, Series};
use crate::boards::Panel;

/// For what has no colour of its own; none of them says "bad".
const PALETTE: [&str; 8] = [
    "#3274d9", "#56a64b", "#a352cc", "#e0b400", "#37872d", "#8ab8ff", "#e08400", "#7f8fa9",
];

/// A property of the field `name`: the last override that speaks of it, else the default.
pub fn property<'a>(panel: &'a Panel, name: &str, id: &str) -> Option<&'a Value> {
    let config = &panel.field_config;
    let overrides = config.overrides.iter().rev();
    let matching = overrides.filter(|rule| matches(&rule["matcher"], name));
    let mut properties =
        matching.flat_map(|rule| rule["properties"].as_array().into_iter().flatten());
    let own = properties.find(|property| property["id"] == id);
    own.map(|property| &property["value"])
        .or_else(|| config.defaults.get(id))
}

/// By name, or by a beginning written as `/^beginning/`.
fn matches(matcher: &Value, name: &str) -> bool {
    let wanted = matcher["options"].as_str().unwrap_or_default();
    let beginning = wanted
        .strip_prefix("/^")
        .and_then(|rest| rest.strip_suffix('/'));
    beginning.map_or(wanted == name, |beginning| name.starts_with(beginning))
}

/// A series by its legend.
pub fn legend(answer: &Answer<'_>, series: &Series) -> String {
    let format = answer.target.legend_format.clone();
    series.labels.iter().fold(format, |text, (label, value)| {
        text.replace(&format!("{{{{{label}}}}}"), value)
    })
}

/// The colour of the series number `at` called `name`.
pub fn colour<'a>(panel: &'a Panel, name: &str, at: usize) -> &'a str {
    let fixed = property(panel, name, "color").and_then(|color| color["fixedColor"].as_str());
    match fixed {
        Some("text") => "var(--text)",
        Some(fixed) => fixed,
        None => PALETTE[at % PALETTE.len()],
    }
}

/// A value of the field `name`, in its unit.
pub fn written(panel: &Panel, name: &str, value: f64) -> String {
    let unit = property(panel, name, "unit").and_then(Value::as_str);
    let decimals = property(panel, name, "decimals").and_then(Value::as_u64);
    let decimals = decimals.and_then(|decimals| usize::try_from(decimals).ok());
    match unit.unwrap_or_default() {
        "percentunit" => format!("{} %", number(value * 100.0, decimals)),
        "s" => span(value),
        "dateTimeAsIso" => date(value),
        "ops" | "cps" | "wps" => format!("{}/s", number(value, decimals)),
        unit => {
            let suffix = unit.strip_prefix("suffix:").unwrap_or_default();
            format!("{}{suffix}", number(value, decimals))
        }
    }
}

fn number(value: f64, decimals: Option<usize>) -> String {
    let is_whole = (value - value.round()).abs() < 1e-9;
    let decimals = decimals.unwrap_or(usize::from(!is_whole));
    format!("{value:.decimals$}")
}

fn span(seconds: f64) -> String {
    match seconds {
        s if s <= 0.0 => "0".to_owned(),
        s if s < 1.0 => format!("{:.1} ms", s * 1_000.0),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7_200.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} hours", s / 3_600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[allow(clippy::cast_possible_truncation)] // milliseconds of a date
fn date(millis: f64) -> String {
    let instant = Timestamp::from_millisecond(millis as i64).unwrap_or_default();
    instant.strftime("%Y-%m-%d").to_string()
}
