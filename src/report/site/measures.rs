//! How success is measured: each figure with its definition, and its value where there is one.

use std::fmt::Write as _;

use super::escape::{table, text};
use super::{Content, day};
use crate::report::contrast;
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
    let goals = content.view.inventory.goals();
    let mut part = String::new();
    for objective in goals.objectives.iter() {
        let _ = write!(part, "### {}\n\n", text(&objective.spec.objective));
        let status = objective.status.as_ref();
        part += &table(
            &["Key result", "Baseline", "Now", "Target", "On track"],
            objective.spec.key_results.iter().map(|result| {
                let measured = status.and_then(|status| {
                    let mut results = status.key_results.iter();
                    results.find(|measured| measured.name == result.name)
                });
                let number =
                    |value: Option<f64>| value.map_or("no data".to_owned(), |it| it.to_string());
                let on_track = measured.and_then(|measured| measured.on_track);
                let words = result.description.as_deref().unwrap_or(&result.name);
                vec![
                    text(words),
                    number(result.baseline),
                    number(measured.and_then(|measured| measured.current)),
                    number(result.target),
                    on_track
                        .map_or("no data", |is| if is { "yes" } else { "not now" })
                        .to_owned(),
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
    let goals = content.view.inventory.goals();
    let rows = goals.surveys.iter().map(|survey| {
        let status = survey.status.as_ref();
        let nps = status.and_then(|status| status.nps).map(|nps| {
            let score = nps.score.map(|score| format!("{score:.0}"));
            let ends = nps.low.zip(nps.high);
            let ends = ends.map(|(low, high)| format!("{low:.0} to {high:.0}, "));
            let (score, ends) = (score.unwrap_or("–".to_owned()), ends.unwrap_or_default());
            format!("{score} ({ends}n = {})", nps.n)
        });
        let rate = status.and_then(|status| status.response_rate);
        vec![
            text(&survey.name),
            text(&survey.spec.question_set),
            nps.unwrap_or("no data".to_owned()),
            rate.map_or("no data".to_owned(), percent),
        ]
    });
    let table = table(
        &[
            "Survey",
            "Questions",
            "NPS with its 95 % interval",
            "Response rate",
        ],
        rows,
    );
    if table.is_empty() {
        return table;
    }
    format!(
        "## Developer surveys\n\nNPS is the share of promoters minus the share of detractors. Small groups are \
         hidden before anything is stored. Waves are compared only with the same questions.\n\n{table}"
    )
}
