//! Objectives as text: for a terminal, and Markdown for a review. Nothing is computed here.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::api::Instant;
use crate::api::platform_objective::Span;
use crate::assess::goals::objective::elapsed;
use crate::assess::goals::objective::state::ObjectiveState;
use crate::report::document::ObjectiveLine;
use crate::report::document::objectives::KeyResultLine;
use crate::report::markdown::cell;
use crate::report::terminal::plain::plain;
use crate::report::terminal::table::{Cell, Paint, Style, render as table};
use crate::report::voice::day;

/// Characters of a progress bar.
const BAR: usize = 10;
/// What is printed without an objective.
const NONE: &str = "No objectives. docs/objectives.md has an example.\n";

/// "63 %", or a dash.
pub(in crate::report) fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// "31.5 hours", or a dash.
pub(in crate::report) fn amount(value: Option<f64>, unit: Option<&str>) -> String {
    let Some(value) = value else {
        return "–".to_owned();
    };
    match unit {
        Some("percent") => format!("{value} %"),
        Some("ratio") | None => value.to_string(),
        Some(unit) => format!("{value} {}", plain(unit)),
    }
}

/// "72 → 4 hours", or for a guardrail "at most 2 %".
pub(in crate::report) fn aim(line: &KeyResultLine) -> String {
    let unit = line.unit.as_deref();
    if line.is_guardrail() {
        let side = match line.direction.as_deref() {
            Some("Increase") => "at least",
            Some(_) | None => "at most",
        };
        return format!("{side} {}", amount(line.target, unit));
    }
    let from = line
        .baseline
        .map_or_else(|| "–".to_owned(), |it| it.to_string());
    format!("{from} → {}", amount(line.target, unit))
}

/// How a key result stands, in words.
pub(in crate::report) fn standing(line: &KeyResultLine, is_over: bool) -> &'static str {
    match (line.on_track, line.is_guardrail(), is_over) {
        (None, _, _) => "no data",
        (Some(true), true, false) => "holds",
        (Some(true), true, true) => "held",
        (Some(false), true, _) => "broken",
        (Some(true), false, false) => "on track",
        (Some(false), false, false) => "behind",
        (Some(true), false, true) => "reached",
        (Some(false), false, true) => "not reached",
    }
}

/// Share of the period that has elapsed, 0..1.
pub(in crate::report) fn elapsed_share(line: &ObjectiveLine, as_of: Timestamp) -> f64 {
    let period = Span {
        from: Instant(line.from),
        to: Instant(line.to),
    };
    elapsed(period, as_of)
}

/// "until 31 Dec, 40 % of the time has passed", or "ended 31 Dec".
pub(in crate::report) fn time(line: &ObjectiveLine, as_of: Timestamp) -> String {
    if line.frozen_at.is_some() || as_of >= line.to {
        return format!("ended {}", day(line.to, as_of));
    }
    if as_of < line.from {
        return format!("begins {}", day(line.from, as_of));
    }
    let passed = percent(Some(elapsed_share(line, as_of)));
    format!(
        "until {}, {passed} of the time has passed",
        day(line.to, as_of)
    )
}

/// The objectives for a terminal.
pub fn render(objectives: &[ObjectiveLine], as_of: Timestamp, style: Style) -> String {
    if objectives.is_empty() {
        return NONE.to_owned();
    }
    let blocks: Vec<String> = objectives
        .iter()
        .map(|objective| block(objective, as_of, style))
        .collect();
    blocks.join("\n")
}

fn block(line: &ObjectiveLine, as_of: Timestamp, style: Style) -> String {
    let indent = "  ".repeat(line.depth);
    let mut text = format!(
        "{indent}{}: {}\n",
        Paint::Bold.on(&plain(&line.name), style.color),
        plain(&line.objective)
    );
    let state = paint(line.state).on(line.state.words(), style.color);
    let parent = line
        .parent
        .as_ref()
        .map_or_else(String::new, |parent| format!(", serves {}", plain(parent)));
    let _ = writeln!(
        text,
        "{indent}{state}, {} progress, {}, owner {}{parent}",
        percent(line.progress),
        time(line, as_of),
        plain(&line.owner),
    );
    let rows: Vec<Vec<Cell>> = line.key_results.iter().map(|it| row(it, line)).collect();
    let mut heads = vec!["KEY RESULT", "STATE", "NOW", "AIM", "PROGRESS"];
    let mut rows = rows;
    if style.wide {
        heads.extend(["SOURCE", "MEASURED"]);
        for (row, it) in rows.iter_mut().zip(&line.key_results) {
            row.push(it.source.as_deref().unwrap_or("–").into());
            let at = it.last_measured_at.map(|at| at.to_string());
            row.push(at.unwrap_or_else(|| "–".to_owned()).into());
        }
    }
    for table_line in table(&heads, &rows, style).lines() {
        let _ = writeln!(text, "{indent}  {table_line}");
    }
    for it in &line.key_results {
        if let Some(message) = &it.message {
            let _ = writeln!(text, "{indent}  {}: {}", plain(&it.name), plain(message));
        }
    }
    text
}

fn row(it: &KeyResultLine, line: &ObjectiveLine) -> Vec<Cell> {
    let is_over = line.frozen_at.is_some();
    let paint = match it.on_track {
        Some(true) => Paint::Good,
        Some(false) => Paint::Open,
        None => Paint::Faint,
    };
    let progress = if it.is_guardrail() {
        "guardrail".to_owned()
    } else {
        format!("{} {}", bar(it.progress), percent(it.progress))
    };
    vec![
        it.name.as_str().into(),
        Cell::painted(standing(it, is_over), paint),
        amount(it.current, it.unit.as_deref()).into(),
        aim(it).into(),
        progress.into(),
    ]
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss
)] // 0 to 10
fn bar(share: Option<f64>) -> String {
    let full = (share.unwrap_or_default().clamp(0.0, 1.0) * BAR as f64).floor() as usize;
    format!(
        "{}{}",
        "█".repeat(full),
        "░".repeat(BAR.saturating_sub(full))
    )
}

const fn paint(state: ObjectiveState) -> Paint {
    match state {
        ObjectiveState::OnTrack | ObjectiveState::Reached => Paint::Good,
        ObjectiveState::Behind | ObjectiveState::GuardrailBroken | ObjectiveState::NotReached => {
            Paint::Open
        }
        ObjectiveState::NoData => Paint::Faint,
    }
}

/// The objectives for a review.
pub fn markdown(objectives: &[ObjectiveLine], as_of: Timestamp) -> String {
    if objectives.is_empty() {
        return format!("## Objectives\n\n{NONE}");
    }
    let mut text = "## Objectives\n".to_owned();
    for line in objectives {
        let _ = writeln!(text, "\n### {}\n", cell(&line.objective));
        let parent = line
            .parent
            .as_ref()
            .map_or_else(String::new, |parent| format!(" · serves {}", cell(parent)));
        let _ = writeln!(
            text,
            "**{}** · {} progress · {} · `{}` · {}{parent}\n",
            line.state.words(),
            percent(line.progress),
            time(line, as_of),
            cell(&line.name),
            cell(&line.owner),
        );
        text += "| key result | state | now | aim | progress |\n|---|---|---|---|---|\n";
        for it in &line.key_results {
            let progress = if it.is_guardrail() {
                "guardrail".to_owned()
            } else {
                percent(it.progress)
            };
            let message = it
                .message
                .as_ref()
                .map_or_else(String::new, |message| format!(" {}", cell(message)));
            let _ = writeln!(
                text,
                "| {} | {}{message} | {} | {} | {progress} |",
                cell(&it.name),
                standing(it, line.frozen_at.is_some()),
                cell(&amount(it.current, it.unit.as_deref())),
                cell(&aim(it)),
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> ObjectiveLine {
        serde_json::from_str(
            r#"{
            "name": "first-deploy", "objective": "A new service is in production the day it is created",
            "owner": "platform", "depth": 0, "from": "2026-01-01T00:00:00Z", "to": "2026-05-01T00:00:00Z",
            "state": "guardrail-broken", "progress": 0.63, "onTrack": false,
            "keyResults": [
              {"name": "time", "role": "Target", "source": "TimeToFirstDeploy", "baseline": 72, "target": 4,
               "unit": "hours", "current": 28.9, "progress": 0.63, "onTrack": true},
              {"name": "failures", "role": "Guardrail", "source": "PromQL", "target": 2, "unit": "percent",
               "direction": "Decrease", "current": 2.4, "onTrack": false},
              {"name": "nps", "role": "Target", "source": "NPS", "baseline": 10, "target": 30,
               "message": "Not measured: no survey has answers to the NPS question yet."}
            ]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_terminal_shows_bars_guardrails_and_reasons() {
        let as_of = "2026-03-02T00:00:00Z".parse().unwrap();
        let text = render(&[line()], as_of, Style::default());
        for part in [
            "first-deploy: A new service",
            "guardrail broken, 63 % progress, until 1 May, 50 % of the time has passed",
            "██████░░░░ 63 %",
            "72 → 4 hours",
            "2.4 %",
            "at most 2 %",
            "nps: Not measured: no survey",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
        assert!(
            markdown(&[line()], as_of)
                .contains("| failures | broken | 2.4 % | at most 2 % | guardrail |")
        );
        assert!(render(&[], as_of, Style::default()).starts_with("No objectives"));
    }
}
