//! Status of a persona: its services as counted, the paths that name it, and whether any serves it.

use jiff::Timestamp;

use super::ready;
use crate::api::PersonaStatus;
use crate::api::condition::{SERVED, Statement};
use crate::api::persona::PersonaColumns;
use crate::api::text::truncate;
use crate::assess::goals::persona::{PersonaFigures, Served};

/// Paths that a status lists.
const LISTED: usize = 64;
/// Longest text of a printed column.
const LONGEST_COLUMN: usize = 253;

/// The status of a persona.
pub(in crate::assess::planner) fn persona_status(
    figures: &PersonaFigures<'_>,
    now: Timestamp,
) -> PersonaStatus {
    let persona = figures.persona;
    let before = persona.status.as_ref();
    let conditions = before.map_or(&[][..], |status| &status.conditions);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let names: Vec<String> = figures
        .paths
        .iter()
        .take(LISTED)
        .map(|meant| meant.path.name.to_string())
        .collect();
    let column = match figures.served() {
        Served::Unserved if names.is_empty() => "none: unserved".to_owned(),
        _ if names.is_empty() => "none".to_owned(),
        _ => truncate(&names.join(", "), LONGEST_COLUMN).into_owned(),
    };
    PersonaStatus {
        observed_generation: persona.generation,
        conditions: ready(conditions, vec![served(figures)], persona.generation, now),
        services: figures.services.map(|tally| count(tally.total())),
        on_path: figures.services.map(|tally| count(tally.on_path())),
        paths: names,
        columns: Some(PersonaColumns {
            paths: Some(column),
        }),
    }
}

fn served(figures: &PersonaFigures<'_>) -> Statement {
    let planned = figures.paths.first().map(|meant| &meant.path.name);
    let (status, message) = match figures.served() {
        Served::Served => (
            Some(true),
            "A launched golden path is meant for them. Nothing to do.".to_owned(),
        ),
        Served::Unserved => (
            Some(false),
            planned.map_or_else(
                || {
                    "They have services and no golden path that is meant for them. Next: name \
                     the persona in spec.persona of a path, or plan one on the roadmap."
                        .to_owned()
                },
                |path| {
                    format!(
                        "They have services, and path '{path}' is not launched yet. Next: launch it."
                    )
                },
            ),
        ),
        Served::NoServices => (
            None,
            "No service matches, and no launched path names the persona. Next: check \
             spec.match, or name the persona in spec.persona of a path."
                .to_owned(),
        ),
        Served::NotCounted => (
            None,
            "Their services cannot be told apart, and no launched path names the persona. Next: \
             set spec.match."
                .to_owned(),
        ),
    };
    Statement {
        kind: SERVED,
        status,
        reason: figures.served().as_str(),
        message,
    }
}
