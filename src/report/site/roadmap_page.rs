//! The roadmap: Now, Next and Later with persona, job, impact and demand, and what was shipped.

use std::fmt::Write as _;

use super::escape::text;
use super::{Content, day};
use crate::api::golden_path::Horizon;
use crate::report::document::roadmap::{PlannedPath, Purpose, RoadmapLine};
use crate::report::voice::roadmap::{demand, impact, state};

/// Wishes that an item lists.
const LISTED: usize = 10;

pub(super) fn page(content: &Content<'_>) -> String {
    let mut page = format!(
        "# Roadmap\n\nAs of {}. Demand counts exceptions that wait for an item and services that miss a step it \
         unblocks, each service once.\n\n",
        day(content.as_of())
    );
    let Some(roadmap) = content.roadmap else {
        return page + "There is no roadmap item yet.\n";
    };
    for (horizon, head) in [
        (Horizon::Now, "## Now\n\nIn progress.\n\n"),
        (Horizon::Next, "## Next\n\nPlanned.\n\n"),
        (
            Horizon::Later,
            "## Later\n\nIdeas, **subject to change**.\n\n",
        ),
    ] {
        let paths: String = roadmap.planned(horizon).map(planned).collect();
        let open: String = roadmap.open(horizon).map(item).collect();
        if !(paths.is_empty() && open.is_empty()) {
            page += head;
            page += &paths;
            page += &open;
        }
    }
    let shipped: String = roadmap.shipped().map(shipped).collect();
    if !shipped.is_empty() {
        let _ = write!(page, "## Shipped\n\n{shipped}");
    }
    page
}

fn planned(path: &PlannedPath) -> String {
    let mut part = format!("### {} (golden path)\n\n", text(path.name()));
    part += &facts([("Launch", path.launches_at.map(day))]);
    part += &purpose(&path.purpose);
    part + "\n"
}

/// For whom and what for.
fn purpose(purpose: &Purpose) -> String {
    let impact = purpose.estimated_impact.as_ref().and_then(impact);
    facts([
        ("For", purpose.persona().map(text)),
        (
            "Job to be done",
            purpose.job_to_be_done.as_deref().map(text),
        ),
        ("Estimated impact", impact),
    ])
}

fn facts<const N: usize>(facts: [(&str, Option<String>); N]) -> String {
    let mut list = String::new();
    for (name, value) in facts {
        if let Some(value) = value {
            let _ = writeln!(list, "- **{name}:** {value}");
        }
    }
    list
}

fn item(line: &RoadmapLine) -> String {
    let mut part = format!("### {}\n\n{}\n\n", text(&line.title), demand(line));
    let objective = line
        .objective
        .as_ref()
        .map(|objective| match &objective.key_result {
            Some(result) => format!("{} / {}", text(&objective.name), text(result)),
            None => text(&objective.name),
        });
    let unblocks: Vec<String> = line
        .unblocks
        .iter()
        .map(|step| match &step.check {
            Some(check) => format!("{}, step {}", text(&step.path), text(check)),
            None => format!("{}, every step", text(&step.path)),
        })
        .collect();
    part += &facts([("State", Some(state(line.state).to_owned()))]);
    part += &purpose(&line.purpose);
    part += &facts([
        ("Objective", objective),
        (
            "Unblocks",
            (!unblocks.is_empty()).then(|| unblocks.join("; ")),
        ),
        ("Note", line.note.as_deref().map(text)),
    ]);
    for wish in line.wishes.iter().take(LISTED) {
        let _ = writeln!(part, "- In a team's words: {}", text(wish));
    }
    part + "\n"
}

fn shipped(line: &RoadmapLine) -> String {
    let on = line
        .shipped_at
        .map_or(String::new(), |at| format!(", {}", day(at)));
    format!("- {}{on}\n", text(&line.title))
}
