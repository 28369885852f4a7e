//! Figures and the table that prints them, the same on a terminal and in the documentation.
//! Computes statistics of measurements; must not measure.

use std::fmt::{self, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::Result;

/// One measured figure.
#[derive(Clone, Debug)]
pub struct Row {
    pub name: String,
    pub figure: String,
    pub unit: &'static str,
    pub note: String,
    /// The most it may be.
    pub goal: Option<f64>,
}

impl Row {
    pub fn new(name: impl Into<String>, figure: impl fmt::Display, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            figure: figure.to_string(),
            unit,
            note: String::new(),
            goal: None,
        }
    }

    /// With a remark: how it was measured, or how it compares with its goal.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// With a goal that is an upper bound, and whether it was met.
    pub fn at_most(mut self, measured: f64, goal: f64) -> Self {
        let verdict = if measured <= goal { "met" } else { "missed" };
        let separator = if self.note.is_empty() { "" } else { "; " };
        // Writing to a String cannot fail.
        let _ = write!(self.note, "{separator}goal at most {goal}: {verdict}");
        self.goal = Some(goal);
        self
    }

    /// A quotient of two figures.
    pub fn ratio(name: impl Into<String>, ratio: f64) -> Self {
        Self::new(name, format!("{ratio:.2}"), "ratio")
    }

    /// A figure that this run could not measure, and why.
    pub fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(name, "skipped", "").note(why)
    }

    pub fn seconds(name: impl Into<String>, took: Duration) -> Self {
        Self::new(name, format!("{:.2}", took.as_secs_f64()), "s")
    }

    pub fn millis(name: impl Into<String>, took: Duration) -> Self {
        Self::new(name, format!("{:.1}", took.as_secs_f64() * 1_000.0), "ms")
    }

    pub fn mebibytes(name: impl Into<String>, kibibytes: f64) -> Self {
        Self::new(name, format!("{:.1}", kibibytes / 1_024.0), "MiB")
    }
}

/// The rows of a step, or one that says why it failed: no later step needs it.
pub fn or_skipped(name: &str, rows: Result<Vec<Row>>) -> Vec<Row> {
    rows.unwrap_or_else(|error| {
        let error = error.to_string();
        let first: String = error
            .lines()
            .next()
            .unwrap_or_default()
            .chars()
            .take(160)
            .collect();
        vec![Row::skipped(name, format!("failed: {first}"))]
    })
}

/// The rows as a Markdown table whose columns line up.
pub fn markdown(rows: &[Row]) -> String {
    let head = ["what", "figure", "unit", "note"].map(str::to_owned);
    let cells = rows.iter().map(|row| {
        let unit = row.unit.to_owned();
        [row.name.clone(), row.figure.clone(), unit, row.note.clone()]
    });
    let cells: Vec<[String; 4]> = std::iter::once(head).chain(cells).collect();
    let widths = [0, 1, 2, 3].map(|column| {
        let lengths = cells.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    });
    let line = |row: &[String; 4]| {
        let [name, figure, unit, note] = row;
        let [a, b, c, d] = widths;
        format!("| {name:<a$} | {figure:>b$} | {unit:<c$} | {note:<d$} |")
    };
    let [a, b, c, d] = widths.map(|width| "-".repeat(width));
    let rule = format!("| {a} | {}: | {c} | {d} |", &b[1..]);
    let body = cells.iter().skip(1).map(line);
    let lines: Vec<String> = [line(&cells[0]), rule].into_iter().chain(body).collect();
    lines.join("\n")
}

/// The rows and the machine they were measured on, for programs. A figure is a number where it is one.
pub fn document(machine: &[String], rows: &[Row]) -> Value {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let figure = row.figure.parse::<f64>().map_or(json!(row.figure), Value::from);
            json!({"name": row.name, "figure": figure, "unit": row.unit, "note": row.note, "goal": row.goal})
        })
        .collect();
    json!({"machine": machine, "rows": rows})
}

/// The value below which `share` (0 to 1) of the measurements lie, by nearest rank.
pub fn quantile(mut measured: Vec<Duration>, share: f64) -> Option<Duration> {
    measured.sort_unstable();
    #[allow(clippy::cast_precision_loss)] // a few hundred measurements
    let rank = (measured.len() as f64 * share).ceil();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 ..= len
    let rank = rank as usize;
    measured.get(rank.saturating_sub(1)).copied()
}

/// The middle one, or the mean of the two in the middle.
pub fn median(mut measured: Vec<f64>) -> Option<f64> {
    measured.sort_unstable_by(f64::total_cmp);
    let middle = measured.len() / 2;
    let upper = *measured.get(middle)?;
    if measured.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(*measured.get(middle.checked_sub(1)?)?, upper))
}
