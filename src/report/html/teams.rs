//! Teams by name, never ranked by their adoption, and one team with its services and exceptions.

use maud::{Markup, html};

use super::layout::{Links, scroller, text};
use super::{chart, exceptions, services};
use crate::report::document::TeamLine;
use crate::report::document::services::ServiceQuery;
use crate::report::document::view::ReportView;
use crate::report::terminal::share::{ratio, share};
use crate::report::voice::counted;
use crate::report::voice::groups::{GroupCounts, StateGroup};

pub(super) fn list(view: &ReportView, links: Links) -> Markup {
    let teams = &view.summary().teams;
    let shown: Vec<StateGroup> = GroupCounts::of(view.summary()).shown().collect();
    let table = html! {
        table {
            caption.hidden { "Teams and their services" }
            thead { tr {
                th scope="col" { "Team" } th.number scope="col" { "Services" }
                @for group in &shown { th.number scope="col" { (group.words()) } }
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

fn row(team: &TeamLine, shown: &[StateGroup], links: Links) -> Markup {
    let counts = GroupCounts::count(&team.services, team.advised);
    let (on_path, all) = (counts.get(StateGroup::OnPath), counts.total());
    let shown_share = share(on_path, all);
    html! {
        tr id=[links.id("teams", &[&team.team])] {
            th scope="row" { a href=(links.team(&team.team)) { (text(&team.team)) } }
            td.number { (all) }
            @for group in shown { td.number { @if counts.get(*group) > 0 { (counts.get(*group)) } @else { "–" } } }
            td { (chart::meter(Some(ratio(on_path, all)), None, &format!("{shown_share} on the path"))) span.share { (shown_share) } }
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
            @let counts = GroupCounts::count(&team.services, team.advised);
            section.head {
                (chart::bar(counts, &counts.sentence()))
                p { (counts.sentence()) "." }
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
