//! Teams by name, never ranked by their adoption, and one team with its services and exceptions.

use maud::{Markup, html};

use super::layout::{Links, scroller, text};
use super::{chart, exceptions, services};
use crate::report::document::TeamLine;
use crate::report::document::services::ServiceQuery;
use crate::report::document::view::ReportView;
use crate::report::terminal::share::{ratio, share};
use crate::report::terminal::text::Groups;
use crate::report::voice::counted;

pub(super) fn list(view: &ReportView, links: Links) -> Markup {
    let teams = &view.summary().teams;
    let groups = Groups::of(view.summary());
    let shown: Vec<usize> = groups.shown().collect();
    let table = html! {
        table {
            caption.hidden { "Teams and their services" }
            thead { tr {
                th scope="col" { "Team" } th.number scope="col" { "Services" }
                @for index in &shown { th.number scope="col" { (Groups::WORDS[*index].0) } }
                th scope="col" { "Share on the path" }
            } }
            tbody { @for team in teams { (row(team, &shown, links)) } }
        }
    };
    html! {
        h1 { "Teams" }
        @if teams.is_empty() {
            p { "No service is counted yet. The " a href=(links.home()) { "overview" } " says why." }
        } @else {
            (scroller("Teams", &table))
        }
    }
}

fn row(team: &TeamLine, shown: &[usize], links: Links) -> Markup {
    let counts = Groups::count(&team.services, team.advised);
    let all: usize = team.services.values().sum();
    let on_path = share(counts[0], all);
    html! {
        tr {
            th scope="row" { a href=(links.team(&team.team)) { (text(&team.team)) } }
            td.number { (all) }
            @for index in shown { td.number { @if counts[*index] > 0 { (counts[*index]) } @else { "–" } } }
            td { (chart::meter(Some(ratio(counts[0], all)), None, &format!("{on_path} on the path"))) span.share { (on_path) } }
        }
    }
}

pub(super) fn one(name: &str, view: &ReportView, links: Links) -> Option<Markup> {
    let query = ServiceQuery {
        team: Some(name.to_owned()),
        ..ServiceQuery::default()
    };
    let list = query.page(view);
    let owned: Vec<_> = view
        .exceptions()
        .into_iter()
        .filter(|line| line.owner == name)
        .collect();
    if list.total == 0 && owned.is_empty() {
        return None;
    }
    let team = view.summary().teams.iter().find(|line| line.team == name);
    Some(html! {
        p.crumbs { a href=(links.to("teams")) { "Teams" } " / " (text(name)) }
        h1 { (text(name)) }
        @if let Some(team) = team {
            @let counts = Groups::count(&team.services, team.advised);
            @let words: Vec<String> = counts.iter().zip(Groups::WORDS).filter(|(count, _)| **count > 0)
                .map(|(count, (words, ..))| format!("{count} {words}")).collect();
            section.head {
                (chart::bar(counts, &words.join(", ")))
                p { (words.join(", ")) "." }
            }
        }
        section {
            h2 { "Services" }
            @if list.items.is_empty() { p.quiet { "It owns exceptions, and no service." } }
            @else { (services::table(&list.items, None, view, links)) }
            @if list.total > list.items.len() {
                p { a href=(links.services(&[("team", name)])) { "All " (counted(list.total, "service")) } }
            }
        }
        (exceptions::of_team(owned, view, links))
    })
}
