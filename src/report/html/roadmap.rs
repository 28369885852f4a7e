//! The page of the roadmap: Now, Next and Later with the demand for each item, what was shipped, and the
//! personas beside the golden paths meant for them.

use jiff::Timestamp;
use maud::{Markup, html};

use super::layout::{Links, on, scroller, text};
use crate::api::golden_path::Horizon;
use crate::report::document::personas::{PersonaLine, PersonaLines};
use crate::report::document::roadmap::{PlannedPath, Purpose, RoadmapLine, RoadmapLines};
use crate::report::document::view::ReportView;
use crate::report::voice::counted;
use crate::report::voice::roadmap::{demand, impact, number, state};

/// Shipped items and wishes that are listed.
const LISTED: usize = 30;

/// Whether there is anything to show.
pub(super) fn has_data(view: &ReportView) -> bool {
    let summary = view.summary();
    summary.roadmap.is_some() || summary.personas.is_some()
}

pub(super) fn render(view: &ReportView, links: Links) -> Markup {
    let summary = view.summary();
    let nothing = RoadmapLines::default();
    let roadmap = summary.roadmap.as_deref().unwrap_or(&nothing);
    let shipped: Vec<&RoadmapLine> = roadmap.shipped().collect();
    let is_nothing_open = shipped.len() == roadmap.items.len() && roadmap.paths.is_empty();
    html! {
        h1 { "Roadmap" }
        p.quiet { "What the platform team works on, for whom, and who waits for it. Exceptions name an item in "
            code { "waitsFor" } "; services also count where they miss a step that the item unblocks." }
        @for (horizon, name, words) in [
            (Horizon::Now, "Now", "what we work on"),
            (Horizon::Next, "Next", "planned"),
            (Horizon::Later, "Later", "ideas, subject to change"),
        ] {
            @if roadmap.open(horizon).next().is_some() || roadmap.planned(horizon).next().is_some() {
                section {
                    h2 { (name) " " small { (words) } }
                    @for path in roadmap.planned(horizon) { (planned(path, view.as_of, links)) }
                    @for line in roadmap.open(horizon) { (item(line, links)) }
                }
            }
        }
        @if is_nothing_open { p { "No item is open." } }
        @if !shipped.is_empty() { (shipped_list(&shipped, view.as_of)) }
        @if let Some(personas) = &summary.personas { (persona_section(personas, links)) }
    }
}

fn planned(path: &PlannedPath, as_of: Timestamp, links: Links) -> Markup {
    html! {
        article id=[links.id("roadmap", &["paths", &path.path])] {
            h3 { a href=(links.path(&path.path)) { (text(path.name())) } " " small { "golden path" } }
            dl.facts {
                @if let Some(at) = path.launches_at { dt { "Launch" } dd { (on(at, as_of)) } }
                (purpose(&path.purpose))
            }
        }
    }
}

/// For whom and what for, as rows of a list of facts.
fn purpose(purpose: &Purpose) -> Markup {
    html! {
        @if let Some(persona) = purpose.persona() { dt { "For" } dd { (text(persona)) } }
        @if let Some(job) = &purpose.job_to_be_done { dt { "Job to be done" } dd { (text(job)) } }
        @if let Some(words) = purpose.estimated_impact.as_ref().and_then(impact) {
            dt { "Estimated impact" } dd { (words) }
        }
    }
}

fn item(line: &RoadmapLine, links: Links) -> Markup {
    html! {
        article id=[links.id("roadmap", &[&line.name])] {
            h3 { (text(&line.title)) " " small { (state(line.state)) } }
            p { (demand(line)) }
            dl.facts {
                (purpose(&line.purpose))
                @if let Some(objective) = &line.objective {
                    dt { "Objective" } dd { (text(&objective.name))
                        @if let Some(result) = &objective.key_result { " / " (text(result)) } }
                }
                @if !line.unblocks.is_empty() {
                    dt { "Unblocks" }
                    dd { @for (index, step) in line.unblocks.iter().enumerate() {
                        @if index > 0 { ", " }
                        a href=(links.path(&step.path)) { (text(&step.path)) }
                        ": " (step.check.as_deref().map_or("every step".into(), text))
                    } }
                }
                @if !line.wishes.is_empty() {
                    dt { "In teams' words" }
                    dd { ul { @for wish in line.wishes.iter().take(LISTED) { li { (text(wish)) } } } }
                }
                @if let Some(note) = &line.note { dt { "Note" } dd { (text(note)) } }
            }
            @for problem in &line.problems { p.quiet { (text(problem)) } }
        }
    }
}

fn shipped_list(shipped: &[&RoadmapLine], as_of: Timestamp) -> Markup {
    html! {
        section {
            h2 { "Shipped" }
            ul { @for line in shipped.iter().take(LISTED) {
                li { (text(&line.title))
                    @if let Some(at) = line.shipped_at { ", " (on(at, as_of)) }
                    @if line.demand.services > 0 {
                        small { " " (counted(number(line.demand.services), "service")) " still on the way" }
                    }
                }
            } }
        }
    }
}

fn persona_section(list: &PersonaLines, links: Links) -> Markup {
    let table = html! {
        table {
            caption.hidden { "Personas and the golden paths that judge their services" }
            thead { tr {
                th scope="col" { "Persona" } th.number scope="col" { "Services" } th.number scope="col" { "On their path" }
                @for path in &list.paths { th.number scope="col" { a href=(links.path(path)) { (text(path)) } } }
                th.number scope="col" { "No path" } th scope="col" { "Served" }
            } }
            tbody { @for line in &list.items { (persona_row(line, &list.paths, links)) } }
        }
    };
    html! {
        section {
            h2 { "Personas" }
            p.quiet { "Services of each kind of user by the path that judges them, those on it of all. "
                "A star marks a path that is meant for them; where no launched path is, they are not served yet." }
            (scroller("Personas", &table))
            @for line in &list.items { (persona(line)) }
        }
    }
}

fn persona_row(line: &PersonaLine, paths: &[String], links: Links) -> Markup {
    let services = line.services.as_ref();
    let meant = |path: &str| line.paths.iter().any(|meant| meant.path == path);
    html! {
        tr id=[links.id("personas", &[&line.name])] {
            th scope="row" { (text(&line.title)) }
            td.number { @if let Some(services) = services { (services.total) } @else { "not counted" } }
            td.number { @if let Some(services) = services { (services.on_path) } @else { "–" } }
            @for path in paths {
                td.number {
                    @match services.and_then(|services| services.paths.get(path)) {
                        Some(cell) => { (cell.on_path) " of " (cell.services) }
                        None => "–",
                    }
                    @if meant(path) { " ★" }
                }
            }
            td.number { @if let Some(services) = services { (services.unscoped) } @else { "–" } }
            td { (served(line)) }
        }
    }
}

/// Whether a path serves them, in words.
fn served(line: &PersonaLine) -> &'static str {
    match line.served {
        Some(true) => "yes",
        Some(false) => "not yet",
        None => "unknown",
    }
}

fn persona(line: &PersonaLine) -> Markup {
    let lists = [
        ("Jobs", &line.jobs),
        ("Pain points", &line.pain_points),
        ("Preferred tools", &line.preferred_tools),
        ("What keeps them off a path", &line.blockers),
    ];
    html! {
        details.persona {
            summary { (text(&line.title)) }
            @if let Some(description) = &line.description { p { (text(description)) } }
            dl.facts { @for (name, entries) in lists { @if !entries.is_empty() {
                dt { (name) } dd { ul { @for entry in entries { li { (text(entry)) } } } }
            } } }
        }
    }
}
