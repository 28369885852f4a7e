//! How success is measured: each figure with its definition, and its value where there is one.

use std::fmt::Write as _;

use super::escape::{table, text};
use super::{Content, day};
use crate::assess::goals::survey::questions::Dimension;
use crate::assess::goals::survey::words::{score as score_of, trend};
use crate::report::contrast;
use crate::report::document::Surveys;
use crate::report::objectives as words;
use crate::report::survey;
use crate::report::terminal::share::{percent, share};

pub(super) fn page(content: &Content<'_>) -> String {
    let mut page = "# How success is measured\n\n".to_owned();
    page += &adoption(content);
    page += &new_services(content);
    page += &delivery(content);
    page += &objectives(content);
    page + &surveys(content)
}

fn adoption(content: &Content<'_>) -> String {
    let summary = content.view.summary();
    let ratio = |ratio: Option<f64>| ratio.map_or("no data".to_owned(), percent);
    let mut part = "\
## Adoption

- **On the path**: services that pass every required step of their path, of all services in scope of a path.
- **Accounted for**: these, and services with an approved exception. 100 % on the path is not a goal; \
0 % undocumented is.
- A service is the workloads of a namespace with the same service name, else one workload. Its worst workload \
decides.

"
    .to_owned();
    part += &table(
        &[
            "Path",
            "Services",
            "On the path",
            "Accounted for",
            "Target for new services",
        ],
        summary
            .paths
            .iter()
            .filter(|line| line.takes_part)
            .map(|line| {
                vec![
                    text(line.title.as_deref().unwrap_or(&line.path)),
                    line.services.to_string(),
                    share(line.on_path, line.services),
                    ratio(line.accounted_ratio),
                    percent(line.target_ratio),
                ]
            }),
    );
    part
}

fn new_services(content: &Content<'_>) -> String {
    let summary = content.view.summary();
    let rows = summary.paths.iter().filter_map(|line| {
        let new = line.new_services.as_ref().filter(|_| line.takes_part)?;
        let result = match new.target_met {
            Some(true) => "target met",
            Some(false) => "target not met",
            None => "not measured",
        };
        Some(vec![
            text(line.title.as_deref().unwrap_or(&line.path)),
            format!("{} of {}", new.on_path, new.total),
            day(new.deadline),
            result.to_owned(),
        ])
    });
    let table = table(
        &["Path", "New services on it", "Measured on", "Result"],
        rows,
    );
    if table.is_empty() {
        return table;
    }
    format!(
        "## New services\n\nServices born after the launch of a path and before its deadline. The share is \
         measured once, at the deadline.\n\n{table}"
    )
}

fn delivery(content: &Content<'_>) -> String {
    let Some(figures) = content.view.summary().contrast.as_deref() else {
        return String::new();
    };
    let mut part = format!(
        "## Delivery\n\nDORA's measures, on the path beside deviating. {} {}\n\n",
        text(&contrast::opening(figures, content.as_of())),
        text(&figures.caveat)
    );
    for section in contrast::sections(figures, false) {
        let _ = write!(part, "### {}\n\n", text(&section.title));
        let heads: Vec<String> = section
            .heads
            .iter()
            .map(|head| text(&head.to_lowercase()))
            .collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        part += &table(
            &heads,
            section
                .rows
                .iter()
                .map(|row| row.iter().map(|cell| text(cell)).collect()),
        );
    }
    part
}

fn objectives(content: &Content<'_>) -> String {
    let objectives = &content.view.summary().objectives;
    let mut part = String::new();
    for objective in objectives {
        let _ = write!(
            part,
            "### {}\n\n{}, {}.\n\n",
            text(&objective.objective),
            text(objective.state.words()),
            text(&words::time(objective, content.as_of())),
        );
        let is_over = objective.frozen_at.is_some();
        part += &table(
            &["Key result", "State", "Now", "Aim", "Measured"],
            objective.key_results.iter().map(|result| {
                let named = result.description.as_ref().unwrap_or(&result.name);
                let why = result.message.as_deref().unwrap_or("–");
                vec![
                    text(named),
                    words::standing(result, is_over).to_owned(),
                    text(&words::amount(result.current, result.unit.as_deref())),
                    text(&words::aim(result)),
                    result.last_measured_at.map_or_else(|| text(why), day),
                ]
            }),
        );
    }
    if part.is_empty() {
        return part;
    }
    format!(
        "## Objectives\n\nKey results are measured, never estimated; one without data is not judged.\n\n{part}"
    )
}

fn surveys(content: &Content<'_>) -> String {
    let surveys = content.view.summary().surveys.as_deref();
    let waves = surveys.map_or(&[][..], |surveys| &surveys.waves);
    let rows = waves.iter().map(|wave| {
        let score = wave.nps.as_ref();
        let score = score.map(|nps| format!("{}, n = {}", score_of(nps), nps.n));
        vec![
            text(&wave.survey),
            text(&wave.question_set),
            text(score.as_deref().unwrap_or("no data")),
            text(&trend(wave.comparability, wave.trend.as_ref())),
            wave.response_rate.map_or("no data".to_owned(), percent),
        ]
    });
    let table = table(
        &[
            "Survey",
            "Questions",
            "NPS with its 95 % interval",
            "Since the wave before",
            "Response rate",
        ],
        rows,
    );
    if table.is_empty() {
        return table;
    }
    format!(
        "## Developer surveys\n\nNPS is the share of promoters minus the share of detractors. Small groups are \
         hidden before anything is stored. Waves are compared only with the same questions.\n\n{table}{}",
        means(surveys)
    )
}

/// Means of the groups that are shown, in the latest wave of each question set.
fn means(surveys: Option<&Surveys>) -> String {
    let latest = surveys.map(Surveys::latest).unwrap_or_default();
    let rows = latest.into_iter().filter_map(|wave| {
        let means = survey::means(wave)?;
        Some([vec![text(&wave.survey)], means].concat())
    });
    let heads = [&["Survey"][..], &Dimension::ALL.map(Dimension::as_str)].concat();
    let table = table(&heads, rows);
    if table.is_empty() {
        return table;
    }
    format!("Means from 1 to 5, higher is better, with n people who answered:\n\n{table}")
}
