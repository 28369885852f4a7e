//! Services: filters in the address, one page of rows, and the same rows as CSV and JSON.

use maud::{Markup, html};

use super::layout::{Links, choice, pager, restricted, scroller, state, steps, text};
use super::service;
use crate::assess::state::Status;
use crate::report::document::list::WorkloadState;
use crate::report::document::services::{ServiceLine, ServiceOrder, ServiceQuery};
use crate::report::document::view::ReportView;
use crate::report::voice::counted;

/// Missing steps that a row names.
const NAMED: usize = 3;
/// Services of a file with all their steps.
const EXPLAINED: usize = 100;
/// With more teams than these, a team is typed rather than chosen.
const CHOSEN: usize = 150;

pub(super) fn render(query: &ServiceQuery, view: &ReportView, links: Links) -> Markup {
    let list = query.page(view);
    let export = |place: &str| {
        let all = ServiceQuery {
            page: 1,
            ..query.clone()
        };
        to(place, &all, links)
    };
    html! {
        h1 { "Services" }
        (filters(query, view, links))
        div.bar-of-results {
            p #found { (counted(list.total, "service")) @if query.is_filtered() { " found" } }
            p.exports { a href=(export("services.csv")) download="services.csv" { "CSV" } " "
                a href=(export("services.json")) { "JSON" } }
        }
        @if list.items.is_empty() {
            p { @if query.is_filtered() {
                    "No service matches. " a href=(links.services(&[])) { "Show all services" } "."
                } @else {
                    "No service is judged yet. The " a href=(links.home()) { "overview" } " says why."
                } }
        } @else {
            (table(&list.items, Some(query), view, links))
            (pager("Pages of services", list.page, list.pages(), |page| {
                to("services", &ServiceQuery { page, ..query.clone() }, links)
            }))
        }
    }
}

/// An address with the parameters of a query.
fn to(place: &str, query: &ServiceQuery, links: Links) -> String {
    links.with_query(place, &query.pairs())
}

fn filters(query: &ServiceQuery, view: &ReportView, links: Links) -> Markup {
    let summary = view.summary();
    let teams: Vec<&str> = summary.teams.iter().map(|line| &*line.team).collect();
    let paths: Vec<&str> = summary.paths.iter().map(|line| &*line.path).collect();
    let states: Vec<&str> = WorkloadState::all()
        .iter()
        .map(|state| state.as_str())
        .collect();
    let value = |value: &Option<String>| value.clone().unwrap_or_default();
    html! {
        form.filters role="search" method="get" action=(links.to("services")) {
            label { "Name" input name="q" type="search" value=(value(&query.text)); }
            label { "Team"
                @if teams.len() <= CHOSEN { (choice("team", &teams, query.team.as_deref())) }
                @else { input name="team" value=(value(&query.team)); } }
            label { "Namespace" input name="namespace" value=(value(&query.namespace)); }
            label { "Path" (choice("path", &paths, query.path.as_deref())) }
            label { "State" (choice("state", &states, query.state.map(WorkloadState::as_str))) }
            @if let Some(missing) = &query.missing {
                label { "Missing step" input name="missing" value=(missing); }
            }
            @if query.sort != ServiceOrder::default() { input type="hidden" name="sort" value=(query.sort.as_str()); }
            button type="submit" { "Filter" }
            @if query.is_filtered() { a.reset href=(links.services(&[])) { "Clear" } }
        }
    }
}

/// Every service, without filters, and each step of the first ones that are off their path.
pub(super) fn all(view: &ReportView, links: Links) -> Markup {
    let query = ServiceQuery {
        limit: usize::MAX,
        ..ServiceQuery::default()
    };
    let list = query.page(view);
    // The list begins with services that are off their path.
    let is_open = |line: &&ServiceLine| match line.status {
        Status::Deviating | Status::Unknown => true,
        Status::GoldenPath | Status::Unscoped | Status::Ignored => false,
    };
    let open = list.items.iter().take(EXPLAINED).take_while(is_open);
    let (explained, others) = list.items.split_at(open.count());
    let id = |line: &ServiceLine| links.id("services", &[&line.namespace, &line.name]);
    let rows = html! {
        @for line in explained { (row(line, None, view, links)) }
        @for line in others { (row(line, id(line), view, links)) }
    };
    html! {
        h1 { "Services" }
        @if list.items.is_empty() { p { "No service is judged." } }
        @else { (table_of(&rows, None, links)) }
        @for line in explained {
            article id=[id(line)] {
                (service::render(&line.namespace, &line.name, view, links).unwrap_or_default())
            }
        }
    }
}

/// One row for each service; with a query, its heads sort.
pub(super) fn table(
    shown: &[ServiceLine],
    query: Option<&ServiceQuery>,
    view: &ReportView,
    links: Links,
) -> Markup {
    let rows = html! { @for line in shown { (row(line, None, view, links)) } };
    table_of(&rows, query, links)
}

fn table_of(rows: &Markup, query: Option<&ServiceQuery>, links: Links) -> Markup {
    let head = |words: &str, sort: ServiceOrder| head(words, sort, query, links);
    scroller(
        "Services",
        &html! {
            table.services {
                caption.hidden { "Services and their state" }
                thead { tr {
                    (head("Service", ServiceOrder::Name)) (head("Team", ServiceOrder::Team))
                    (head("Path", ServiceOrder::Path)) (head("Steps", ServiceOrder::Closest))
                    th scope="col" { "State" } th scope="col" { "Missing" }
                } }
                tbody { (rows) }
            }
        },
    )
}

/// A head that sorts by its column, where the table is a query's.
fn head(words: &str, sort: ServiceOrder, query: Option<&ServiceQuery>, links: Links) -> Markup {
    let Some(query) = query else {
        return html! { th scope="col" { (words) } };
    };
    let is_sorted = query.sort == sort;
    let sorted = ServiceQuery {
        sort,
        page: 1,
        ..query.clone()
    };
    html! {
        th scope="col" aria-sort=[is_sorted.then_some("ascending")] {
            a href=(to("services", &sorted, links)) { (words) @if is_sorted { span aria-hidden="true" { " ▲" } } }
        }
    }
}

fn row(line: &ServiceLine, id: Option<String>, view: &ReportView, links: Links) -> Markup {
    let named: Vec<&String> = line.missing_titles.iter().take(NAMED).collect();
    let more = line.missing_titles.len() - named.len();
    html! {
        tr id=[id] {
            th scope="row" {
                a href=(links.service(&line.namespace, &line.name)) { (text(&line.name)) }
                small { (text(&line.namespace)) }
            }
            td { a href=(links.team(&line.team)) { (text(&line.team)) } }
            td { @if let Some(path) = &line.path { a href=(links.path(path)) { (text(path)) } } @else { "–" } }
            td.steps { (steps(line.steps.passed, line.steps.of)) }
            td { (state(line, view.as_of)) }
            td.missing {
                @for (index, title) in named.iter().enumerate() { @if index > 0 { ", " } (text(title)) }
                @if more > 0 { " and " (more) " more" }
                @if line.restricted > 0 { @if !named.is_empty() { ", " } (restricted(line.restricted)) }
            }
        }
    }
}
