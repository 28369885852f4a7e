//! The demand as text: a table for a terminal, Markdown for an issue or a weekly note. Nothing is counted
//! here.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Demand, DemandKind, Item};
use crate::report::markdown::cell;
use crate::report::terminal::table::{Cell, Style, cut, render as table};
use crate::report::voice::{ago, counted, hours};

/// How much of an ask a table shows, and how many teams.
const ASK_WIDTH: usize = 64;
const TEAMS: usize = 3;

/// "14 asks of 9 teams: 6 steps, 3 wishes".
pub(in crate::report) fn head(demand: &Demand) -> String {
    let teams: BTreeSet<&String> = demand.items.iter().flat_map(|item| &item.teams).collect();
    let kinds: Vec<String> = DemandKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let number = demand.items.iter().filter(|item| item.kind == kind).count();
            let (one, many) = match kind {
                DemandKind::Step => ("step", "steps"),
                DemandKind::Wish => ("wish", "wishes"),
                DemandKind::Ignore => ("request to be ignored", "requests to be ignored"),
                DemandKind::NoPath => ("kind without a path", "kinds without a path"),
                DemandKind::CheckError => (
                    "check that cannot be evaluated",
                    "checks that cannot be evaluated",
                ),
            };
            let words = if number == 1 { one } else { many };
            (number > 0).then(|| format!("{number} {words}"))
        })
        .collect();
    if kinds.is_empty() {
        return "Nothing keeps services off the paths.\n".to_owned();
    }
    let verb = if demand.items.len() == 1 {
        "keeps"
    } else {
        "keep"
    };
    format!(
        "{} {verb} services of {} off the paths: {}\n",
        counted(demand.items.len(), "thing"),
        counted(teams.len(), "team"),
        kinds.join(", ")
    )
}

/// "checkout, payments and 3 more".
pub(in crate::report) fn named_teams(item: &Item) -> String {
    let named: Vec<&str> = item.teams.iter().take(TEAMS).map(String::as_str).collect();
    match item.teams.len().saturating_sub(TEAMS) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// The roadmap items that answer it.
pub(in crate::report) fn answered(item: &Item) -> String {
    let names: Vec<&str> = item.roadmap.iter().map(String::as_str).collect();
    if names.is_empty() {
        "–".to_owned()
    } else {
        names.join(", ")
    }
}

fn since(item: &Item, as_of: Timestamp) -> String {
    item.since
        .map_or_else(|| "–".to_owned(), |at| ago(at, as_of))
}

fn cost(item: &Item) -> String {
    if item.exceptions.is_empty() {
        "–".to_owned()
    } else {
        format!("{}", item.hours_per_month)
    }
}

/// The list for a terminal.
pub fn render(demand: &Demand, style: Style) -> String {
    let mut heads = vec![
        "WHAT",
        "KIND",
        "PATH",
        "SERVICES",
        "HOURS/MONTH",
        "SINCE",
        "TEAMS",
        "EXAMPLE",
    ];
    let has_roadmap = demand.items.iter().any(|item| !item.roadmap.is_empty());
    if has_roadmap {
        heads.push("ROADMAP");
    }
    if style.wide {
        heads.push("EXCEPTIONS");
    }
    let rows: Vec<Vec<Cell>> = demand
        .items
        .iter()
        .map(|item| {
            let or_dash = |text: &Option<String>| text.as_deref().unwrap_or("–").to_owned();
            let ask = if style.wide {
                item.ask.clone()
            } else {
                cut(&item.ask, ASK_WIDTH)
            };
            let mut row: Vec<Cell> = vec![
                ask.into(),
                item.kind.as_str().into(),
                or_dash(&item.path).into(),
                item.services.to_string().into(),
                cost(item).into(),
                since(item, demand.as_of).into(),
                named_teams(item).into(),
                or_dash(&item.example).into(),
            ];
            if has_roadmap {
                row.push(answered(item).into());
            }
            if style.wide {
                let names: Vec<&str> = item.exceptions.iter().map(String::as_str).collect();
                row.push(names.join(", ").into());
            }
            row
        })
        .collect();
    let rows = table(&heads, &rows, style);
    let blank = if rows.is_empty() { "" } else { "\n" };
    head(demand) + blank + &rows
}

/// The list for an issue or a weekly note.
pub fn markdown(demand: &Demand) -> String {
    let mut text = format!("## Demand\n\n{}", head(demand));
    if demand.items.is_empty() {
        return text;
    }
    text += "\n| # | what | kind | path | services | hours a month | since | teams | roadmap |\n";
    text += "|---|---|---|---|---|---|---|---|---|\n";
    for (index, item) in demand.items.iter().enumerate() {
        let cost = match item.exceptions.len() {
            0 => "–".to_owned(),
            _ => hours(item.hours_per_month),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {cost} | {} | {} | {} |",
            index + 1,
            cell(&item.ask),
            item.kind.as_str(),
            cell(item.path.as_deref().unwrap_or("–")),
            item.services,
            since(item, demand.as_of),
            cell(&named_teams(item)),
            cell(&answered(item)),
        );
    }
    text
}
