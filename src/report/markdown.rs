//! The report as Markdown, for an issue, a wiki or a chat. Texts of objects can neither end a cell nor start
//! markup. Nothing is counted here.

mod roadmap;

use std::fmt::Write as _;

use crate::assess::goals::survey::questions::Dimension;
use crate::assess::goals::survey::words;
use crate::report::document::{Exception, PathLine, Report, Surveys, Workload};
use crate::report::survey;
use crate::report::terminal::plain::plain;
use crate::report::terminal::share::{percent, share};
use crate::report::terminal::text::{denominator, new_services, ordered, shares};
use crate::report::voice::{self, WorkloadState, counted, day, hours, next};

/// Workloads that are listed: forges refuse long texts.
const LISTED: usize = 500;

/// The report.
pub fn render(report: &Report) -> String {
    let as_of = report.as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut text = format!(
        "# Golden paths, {as_of} (UTC)\n\n{}.\n",
        denominator(&report.summary)
    );
    if report.summary.counted_services > 0 {
        let _ = write!(text, "\n**{}**\n", shares(&report.summary));
    }
    text += &paths(report);
    text += &workloads(report);
    text += &exceptions(report);
    text += &surveys(report);
    text += &roadmap::roadmap(report);
    text += &roadmap::personas(report);
    text += &problems(report);
    text
}

fn paths(report: &Report) -> String {
    let heads = ["path", "services", "on the path", "target", "new services"];
    let rows = report.summary.paths.iter().map(|line| path(line, report));
    section("Paths", &heads, rows)
}

fn path(line: &PathLine, report: &Report) -> Vec<String> {
    if !line.takes_part {
        let preview = "preview, not counted".to_owned();
        return vec![
            cell(&line.path),
            preview,
            String::new(),
            String::new(),
            String::new(),
        ];
    }
    let new = line.new_services.as_ref().filter(|_| !line.advice);
    let target = if line.advice {
        "advice".to_owned()
    } else {
        percent(line.target_ratio)
    };
    vec![
        cell(&line.path),
        line.services.to_string(),
        share(line.on_path, line.services),
        target,
        new.map_or("–".to_owned(), |new| new_services(new, report.as_of)),
    ]
}

fn workloads(report: &Report) -> String {
    let heads = [
        "namespace",
        "workload",
        "team",
        "path",
        "steps",
        "state",
        "next",
    ];
    let ordered = ordered(report);
    let rows = ordered
        .iter()
        .take(LISTED)
        .map(|workload| row(workload, report));
    let mut text = section("Workloads", &heads, rows);
    if ordered.len() > LISTED {
        let more = counted(ordered.len() - LISTED, "more workload");
        let _ = write!(text, "\nAnd {more}: goldenpath report --all\n");
    }
    text
}

fn row(workload: &Workload, report: &Report) -> Vec<String> {
    let or_dash = |text: Option<&str>| text.map_or("–".to_owned(), cell);
    let steps = match workload.steps.of {
        0 => "–".to_owned(),
        of => format!("{} of {of}", workload.steps.passed),
    };
    vec![
        cell(&workload.namespace),
        cell(&voice::target(workload)),
        cell(&workload.team),
        or_dash(workload.path.as_deref()),
        steps,
        cell(&voice::sentence(&WorkloadState::of(
            workload,
            report.as_of,
            None,
        ))),
        or_dash(next::of_workload(workload, report.as_of).as_deref()),
    ]
}

fn exceptions(report: &Report) -> String {
    let heads = [
        "namespace",
        "exception",
        "path",
        "phase",
        "owner",
        "until",
        "covers",
        "a month",
    ];
    let rows = report.exceptions.iter().map(|line| exception(line, report));
    section("Exceptions", &heads, rows)
}

fn exception(line: &Exception, report: &Report) -> Vec<String> {
    let until = line.effective_expiry.map(|at| day(at, report.as_of));
    vec![
        cell(&line.namespace),
        cell(&line.name),
        cell(&line.path),
        line.phase.as_str().to_owned(),
        cell(&line.owner),
        until.unwrap_or_else(|| "–".to_owned()),
        counted(line.matched, "workload"),
        hours(line.hours_per_month),
    ]
}

fn surveys(report: &Report) -> String {
    let heads = [
        "wave",
        "until",
        "responses",
        "response rate",
        "NPS (95 % interval)",
        "since the wave before",
    ];
    let waves = report.summary.surveys.iter().flat_map(|it| &it.waves);
    let rows = waves.rev().map(|wave| {
        let nps = wave.nps.as_ref();
        vec![
            cell(&wave.survey),
            day(wave.to, report.as_of),
            wave.responses.to_string(),
            survey::rate(wave),
            nps.map_or_else(
                || "not shown".to_owned(),
                |nps| format!("{}, n {}", words::score(nps), nps.n),
            ),
            words::trend(wave.comparability, wave.trend.as_ref()),
        ]
    });
    section("Satisfaction", &heads, rows) + &means(report)
}

/// Means of the groups that are shown, in the latest wave of each question set.
fn means(report: &Report) -> String {
    let surveys = report.summary.surveys.as_deref();
    let latest = surveys.map(Surveys::latest).unwrap_or_default();
    let rows = latest.into_iter().filter_map(|wave| {
        let means = survey::means(wave)?;
        Some([vec![cell(&wave.survey)], means].concat())
    });
    let heads = [&["wave"][..], &Dimension::ALL.map(Dimension::as_str)].concat();
    section("Means of SPACE, 1 to 5", &heads, rows)
}

fn problems(report: &Report) -> String {
    let rows = report
        .problems
        .iter()
        .map(|it| vec![cell(&it.source), cell(&it.message)]);
    section("Problems", &["source", "problem"], rows)
}

/// A table with its title; empty without rows.
fn section(title: &str, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let rows: Vec<String> = rows
        .map(|row| format!("| {} |\n", row.join(" | ")))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let line = "|---".repeat(heads.len());
    format!(
        "\n## {title}\n\n| {} |\n{line}|\n{}",
        heads.join(" | "),
        rows.concat()
    )
}

/// Text on one line that can neither end a cell nor start markup of its own.
pub(in crate::report) fn cell(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut escaped = String::new();
    for c in plain(&words.join(" ")).chars() {
        if matches!(
            c,
            '|' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '\\' | '@' | '#'
        ) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixtures::report;

    #[test]
    fn the_report_opens_with_its_shares_and_lists_the_closest_first() {
        let text = render(&report());
        let opening = "# Golden paths, 2026-03-01 (UTC)\n\n3 services from 4 workloads in 1 of 2 namespaces; 1 with no path.\n\n\
            **1 of 3 on the path, 1 of 3 with an approved exception, 1 of 3 undocumented**\n";
        assert!(text.starts_with(opening), "{text}");
        let row = "| shop | deploy/api | team-shop | web-service | 1 of 2 | 1 step to go, or record why you deviate | see to: Memory limit |\n";
        assert!(text.contains(row), "{text}");
    }

    #[test]
    fn texts_of_objects_stay_in_their_cell() {
        let mut report = report();
        report.workloads[1].team = "x | **y** <img src=x> @all\n# z `".to_owned();
        let text = render(&report);
        let team = r"| x \| \*\*y\*\* \<img src=x\> \@all \# z \` |";
        assert!(text.contains(team), "{text}");
    }
}
