//! The contrast in words: tables for a terminal and for Markdown. A withheld figure says what
//! it needs. Nothing is computed here, and no team, service or namespace is named.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::assess::delivery::contrast::{
    Answer, CAVEAT, Contrast, Difference, Differences, Figures, LONGEST, MIN_COVERAGE,
    MIN_ROLLOUTS, MIN_SERVICES, MIN_TEAMS, Quantiles, Rate, Stratum, Withheld,
};
use crate::report::document::contrast::TURN_ON;
use crate::report::markdown::cell;
use crate::report::terminal::share::{percent, share};
use crate::report::terminal::table::{Cell, Paint, Style, render as table};
use crate::report::voice::{counted, hours};

pub(in crate::report) mod words;

#[cfg(test)]
mod tests;

use words::{Unit, change, duration};

/// From this share of one service on, figures are more about it than about all others together.
const MOST_OF_ALL: f64 = 0.5;

/// A table with its title.
pub(in crate::report) struct Section {
    pub(in crate::report) title: String,
    pub(in crate::report) heads: [&'static str; 3],
    pub(in crate::report) rows: Vec<[String; 3]>,
}

/// The contrast for a terminal; by kind and persona too where it is wide.
pub fn render(contrast: Option<&Contrast>, as_of: Timestamp, style: Style) -> String {
    let Some(contrast) = contrast else {
        return format!("{TURN_ON}\n");
    };
    let mut text = format!("{}\n{CAVEAT}\n", opening(contrast, as_of));
    for section in sections(contrast, style.wide) {
        let rows: Vec<Vec<Cell>> = section
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| Cell::from(cell.as_str())).collect())
            .collect();
        let title = Paint::Bold.on(&section.title, style.color);
        let _ = write!(text, "\n{title}\n{}", table(&section.heads, &rows, style));
    }
    for line in closing(contrast) {
        let _ = write!(text, "\n{line}\n");
    }
    text
}

/// The contrast as Markdown.
pub fn markdown(contrast: Option<&Contrast>, as_of: Timestamp) -> String {
    let Some(contrast) = contrast else {
        return format!("## Delivery contrast\n\n{TURN_ON}\n");
    };
    let mut text = format!(
        "## Delivery contrast\n\n{} {CAVEAT}\n",
        opening(contrast, as_of)
    );
    for section in sections(contrast, true) {
        let title = cell(&section.title);
        let _ = write!(text, "\n### {title}\n\n");
        let mut rows = vec![section.heads.map(str::to_lowercase)];
        rows.push(["---"; 3].map(str::to_owned));
        rows.extend(
            section
                .rows
                .iter()
                .map(|row| row.each_ref().map(|text| cell(text))),
        );
        for row in rows {
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
    }
    for line in closing(contrast) {
        let _ = write!(text, "\n{}\n", cell(&line));
    }
    text
}

pub(in crate::report) fn opening(contrast: &Contrast, as_of: Timestamp) -> String {
    let today = as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    format!(
        "Rollouts of {} ({}) until {today} (UTC). Each counts under the status in force before it.",
        counted(contrast.services, "service"),
        counted(contrast.workloads, "workload"),
    )
}

/// The tables; by kind and persona too with `with_strata`.
pub(in crate::report) fn sections(contrast: &Contrast, with_strata: bool) -> Vec<Section> {
    let windows = contrast.windows.iter().map(|window| {
        let title = format!("Last {} days", window.days);
        sides(title, &window.golden_path, &window.deviating)
    });
    let mut sections: Vec<Section> = windows.chain([differences(contrast)]).collect();
    if with_strata {
        sections.extend(strata(&contrast.by_kind, "Kind"));
        sections.extend(strata(&contrast.by_persona, "Persona"));
    }
    sections
}

/// A table of each stratum with rollouts. A single one is the whole again.
fn strata(strata: &[Stratum], what: &str) -> Vec<Section> {
    let has_rollouts = |it: &&Stratum| it.golden_path.rollouts + it.deviating.rollouts > 0;
    let shown: Vec<&Stratum> = strata.iter().filter(has_rollouts).collect();
    if shown.len() < 2 {
        return Vec::new();
    }
    let table = |it: &Stratum| {
        let title = format!("{what} {}, {LONGEST} days", it.name);
        sides(title, &it.golden_path, &it.deviating)
    };
    shown.into_iter().map(table).collect()
}

fn sides(title: String, golden_path: &Figures, deviating: &Figures) -> Section {
    let both = |figure: &dyn Fn(&Figures) -> String| [figure(golden_path), figure(deviating)];
    let row =
        |measure: &str, [golden, deviating]: [String; 2]| [measure.to_owned(), golden, deviating];
    let mut rows = vec![
        row(
            "services (teams)",
            both(&|it| format!("{} ({})", it.services, it.teams)),
        ),
        row("rollouts", both(&rollouts)),
        row(
            "deployments per service and week",
            both(&|it| quantiles(&it.deployments_per_week, Unit::Number)),
        ),
        row("change lead time", both(&lead_time)),
        row("change fail rate", both(&|it| rate(&it.change_fail_ratio))),
        row(
            "failed deployment recovery time",
            both(&|it| quantiles(&it.recovery_seconds, Unit::Seconds)),
        ),
        row("deployment rework rate", both(&|it| rate(&it.rework_ratio))),
        row(
            "time to first deploy",
            both(&|it| quantiles(&it.first_deploy_seconds, Unit::Seconds)),
        ),
        row(
            "first deploy within 2 hours",
            both(&|it| rate(&it.first_deploy_in_target_ratio)),
        ),
    ];
    if let Some(scaffolded) = &golden_path.scaffolded_first_deploy_seconds {
        rows.push(row(
            "from scaffolding to first deploy",
            [quantiles(scaffolded, Unit::Seconds), "–".to_owned()],
        ));
    }
    Section {
        title,
        heads: ["MEASURE", "ON THE PATH", "DEVIATING"],
        rows,
    }
}

fn rollouts(figures: &Figures) -> String {
    let mut text = figures.rollouts.to_string();
    for (number, what) in [
        (figures.rollbacks, "rollback"),
        (figures.untracked, "untracked rollout"),
    ] {
        if number > 0 {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            let _ = write!(text, ", {}", counted(number, what));
        }
    }
    if let Some(share) = figures.largest_service_share.filter(|it| *it > MOST_OF_ALL) {
        let _ = write!(text, ", {} by one service", percent(share));
    }
    text
}

fn lead_time(figures: &Figures) -> String {
    let text = quantiles(&figures.lead_time_seconds, Unit::Seconds);
    match usize::try_from(figures.refused_commit_times) {
        Ok(0) => text,
        refused => {
            let refused = counted(refused.unwrap_or(usize::MAX), "commit time");
            format!("{text}; {refused} refused")
        }
    }
}

fn quantiles(answer: &Answer<Quantiles>, unit: Unit) -> String {
    match answer {
        Answer::Known(it) => format!(
            "{} (p90 {}, n {}, {} covered)",
            unit.text(it.median),
            unit.text(it.p90),
            it.n,
            percent(it.coverage),
        ),
        Answer::Withheld { withheld } => needs(withheld),
    }
}

fn rate(answer: &Answer<Rate>) -> String {
    match answer {
        Answer::Known(it) => format!(
            "{} ({} of {}, {:.0}–{}, {} covered)",
            percent(it.ratio),
            it.part,
            it.of,
            it.low * 100.0,
            percent(it.high),
            percent(it.coverage),
        ),
        Answer::Withheld { withheld } => needs(withheld),
    }
}

/// What a withheld figure needs.
fn needs(withheld: &Withheld) -> String {
    match withheld {
        Withheld::FewServices { have, need } => lacks(*need, "service", *have),
        Withheld::FewTeams { have, need } => lacks(*need, "team", *have),
        Withheld::FewRollouts { have, need } => lacks(*need, "rollout", *have),
        Withheld::LowCoverage { have, of, need } => {
            format!("withheld: needs {need} % covered, has {have} of {of}")
        }
        Withheld::NoObservation => "none yet".to_owned(),
    }
}

fn lacks(need: usize, what: &str, have: usize) -> String {
    format!("withheld: needs {}, has {have}", counted(need, what))
}

fn differences(contrast: &Contrast) -> Section {
    let (teams, joined) = (&contrast.within_teams, &contrast.after_joining);
    let row = |measure: &str, unit: Unit, of: fn(&Differences) -> &Answer<Difference>| {
        [
            measure.to_owned(),
            difference(of(teams), unit, "team"),
            difference(of(joined), unit, "workload"),
        ]
    };
    Section {
        title: format!("Median differences, {LONGEST} days"),
        heads: ["MEASURE", "WITHIN THE SAME TEAMS", "AFTER JOINING THE PATH"],
        rows: vec![
            row("deployments per service and week", Unit::Number, |it| {
                &it.deployments_per_week
            }),
            row("change lead time", Unit::Seconds, |it| {
                &it.lead_time_seconds
            }),
            row("change fail rate", Unit::Points, |it| &it.change_fail_ratio),
            row("failed deployment recovery time", Unit::Seconds, |it| {
                &it.recovery_seconds
            }),
            row("deployment rework rate", Unit::Points, |it| {
                &it.rework_ratio
            }),
        ],
    }
}

fn difference(answer: &Answer<Difference>, unit: Unit, of: &str) -> String {
    match answer {
        Answer::Known(it) => format!("{} ({})", change(it.median, unit), counted(it.n, of)),
        Answer::Withheld { withheld } => needs(withheld),
    }
}

/// What is beside the tables: self-service, setup, and how to get withheld figures.
pub(in crate::report) fn closing(contrast: &Contrast) -> Vec<String> {
    let it = contrast.self_service;
    let mut lines = Vec::new();
    if it.new_services > 0 {
        lines.push(format!(
            "New services from the scaffolder, {LONGEST} days: {}. Teams with at least half of theirs \
             from it: {}.",
            share(it.scaffolded_services, it.new_services),
            share(it.self_service_teams, it.teams),
        ));
    }
    let setup = &contrast.setup;
    if let Some(seconds) = setup.scaffolder_seconds {
        lines.push(format!(
            "Setup: the scaffolder took {} from the request to the repository (median of {}).",
            duration(seconds),
            counted(setup.scaffolded, "service"),
        ));
    }
    if let Some(median) = setup.one_off_hours {
        lines.push(format!(
            "Owners state {} to set up a deviation (median of {}; {} in total).",
            hours(median),
            counted(setup.exceptions, "exception"),
            hours(setup.one_off_hours_total),
        ));
    }
    lines.push(format!(
        "A side needs {MIN_SERVICES} services, {MIN_TEAMS} teams and {MIN_ROLLOUTS} rollouts, and a \
         measure {MIN_COVERAGE} % coverage: stamp commit times (goldenpath stamp) for lead times, add \
         a readiness probe or send incidents for failures, set goldenpath.dev/started-at for first \
         deploys.",
    ));
    lines
}
