//! The roadmap and the personas as tables, in the words of the documentation site.

use super::{cell, section};
use crate::api::golden_path::Horizon;
use crate::report::document::Report;
use crate::report::document::personas::{PersonaLine, PersonaLines};
use crate::report::document::roadmap::{PlannedPath, Purpose, RoadmapLine, RoadmapLines};
use crate::report::voice::day;
use crate::report::voice::roadmap::{demand, impact, state};

/// Now, Next and Later, then what was shipped; empty where nothing is on the roadmap.
pub(super) fn roadmap(report: &Report) -> String {
    let heads = [
        "when",
        "item",
        "state",
        "for",
        "job to be done",
        "estimated impact",
        "demand",
    ];
    let roadmap = report.summary.roadmap.as_deref();
    let rows = roadmap
        .into_iter()
        .flat_map(|roadmap| rows(roadmap, report));
    section("Roadmap", &heads, rows)
}

fn rows(roadmap: &RoadmapLines, report: &Report) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (horizon, when) in [
        (Horizon::Now, "Now"),
        (Horizon::Next, "Next"),
        (Horizon::Later, "Later, subject to change"),
    ] {
        let paths = roadmap.planned(horizon);
        rows.extend(paths.map(|path| planned(path, when, report)));
        rows.extend(
            roadmap
                .open(horizon)
                .map(|line| item(line, when.to_owned())),
        );
    }
    rows.extend(roadmap.shipped().map(|line| {
        let on = line.shipped_at.map(|at| day(at, report.as_of));
        item(line, format!("Shipped {}", on.unwrap_or_default()))
    }));
    rows
}

fn planned(path: &PlannedPath, when: &str, report: &Report) -> Vec<String> {
    let launch = path.launches_at.map(|at| day(at, report.as_of));
    let state = launch.map_or("not launched".to_owned(), |on| format!("launch {on}"));
    let item = format!("{} (golden path)", cell(path.name()));
    let [persona, job, impact] = purpose(&path.purpose);
    vec![
        when.to_owned(),
        item,
        state,
        persona,
        job,
        impact,
        "–".to_owned(),
    ]
}

fn item(line: &RoadmapLine, when: String) -> Vec<String> {
    let [persona, job, impact] = purpose(&line.purpose);
    let (title, state) = (cell(&line.title), state(line.state).to_owned());
    let demand = demand(line);
    vec![when, title, state, persona, job, impact, demand]
}

fn purpose(purpose: &Purpose) -> [String; 3] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    [
        or_dash(purpose.persona().map(cell)),
        or_dash(purpose.job_to_be_done.as_deref().map(cell)),
        or_dash(purpose.estimated_impact.as_ref().and_then(impact)),
    ]
}

/// Each persona with its services; empty where there is no persona.
pub(super) fn personas(report: &Report) -> String {
    let personas = report.summary.personas.as_deref();
    let lines = personas.map_or(&[][..], |PersonaLines { items, .. }| items);
    let heads = [
        "persona",
        "services",
        "on their path",
        "no path",
        "paths meant for them",
        "served",
    ];
    section("Personas", &heads, lines.iter().map(persona))
}

fn persona(line: &PersonaLine) -> Vec<String> {
    let services = line.services.as_ref();
    let number = |of: Option<usize>| of.map_or("–".to_owned(), |it| it.to_string());
    let meant: Vec<String> = line.paths.iter().map(|it| cell(&it.path)).collect();
    let served = match line.served {
        Some(true) => "yes",
        Some(false) => "not yet",
        None => "unknown",
    };
    vec![
        cell(&line.title),
        number(services.map(|it| it.total)),
        number(services.map(|it| it.on_path)),
        number(services.map(|it| it.unscoped)),
        meant.join(", "),
        served.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::fixtures::report;

    #[test]
    fn the_roadmap_reads_as_the_site_words_it() {
        let line = |name: &str, horizon: &str, state: &str| {
            json!({
                "name": name, "title": format!("The {name} | of all"), "horizon": horizon, "state": state,
                "personaTitle": "Data scientist", "estimatedImpact": {"teamsUnblocked": 4}, "unblocks": [],
                "demand": {"services": 2, "teams": 1, "exceptions": 3, "hoursPerMonth": 5.0,
                    "assumedHoursPerMonth": 0.0},
            })
        };
        let mut shipped = line("mirror", "Now", "Shipped");
        shipped["shippedAt"] = json!("2026-02-20T00:00:00Z");
        let lines = json!({
            "items": [line("registry", "Later", "Planned"), shipped],
            "paths": [{"path": "ml-job", "horizon": "Next"}],
        });
        let mut report = report();
        report.summary.roadmap = Some(serde_json::from_value(lines).unwrap());
        let text = roadmap(&report);
        let demand =
            "2 services of 1 team wait for it: 3 exceptions, 5 hours a month as owners state.";
        let item = |when: &str, name: &str, state: &str| {
            let title = format!("The {name} \\| of all");
            format!(
                "| {when} | {title} | {state} | Data scientist | – | 4 teams unblocked | {demand} |"
            )
        };
        for row in [
            "| Next | ml-job (golden path) | not launched | – | – | – | – |".to_owned(),
            item("Later, subject to change", "registry", "planned"),
            item("Shipped 20 Feb", "mirror", "shipped"),
        ] {
            assert!(text.contains(&row), "{row}\n{text}");
        }
    }

    #[test]
    fn users_without_a_path_of_their_own_are_visible() {
        let lines = json!({"paths": ["web"], "items": [
            {"name": "data", "title": "Data scientist", "served": false, "paths": [{"path": "ml", "launched": false}],
                "services": {"total": 3, "onPath": 1, "unscoped": 2, "states": {"golden-path": 1}, "paths": {}}},
            {"name": "web", "title": "Web engineer", "paths": []},
        ]});
        let mut report = report();
        report.summary.personas = Some(serde_json::from_value(lines).unwrap());
        let text = personas(&report);
        assert!(
            text.contains("| Data scientist | 3 | 1 | 2 | ml | not yet |"),
            "{text}"
        );
        assert!(
            text.contains("| Web engineer | – | – | – |  | unknown |"),
            "{text}"
        );
    }
}
