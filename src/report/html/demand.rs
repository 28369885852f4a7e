//! The page of the demand: what keeps services off the paths, as `goldenpath demand` ranks it. Restricted
//! checks, and exceptions that name one, are left out.

use maud::{Markup, html};

use super::layout::{Links, scroller, since, text};
use crate::report::demand::{
    Answers, DemandKind, Item, Lines, ServiceRule, answered, demand_of, head, named_teams,
};
use crate::report::document::services::{open_exceptions, open_workloads};
use crate::report::document::view::ReportView;
use crate::report::voice::hours;

/// Rows that are listed.
const LISTED: usize = 200;

pub(super) fn render(view: &ReportView, links: Links) -> Markup {
    let all = Lines {
        summary: view.summary(),
        exceptions: &open_exceptions(view),
        as_of: view.as_of,
        workloads: &|visit| open_workloads(view, visit),
    };
    let demand = demand_of(
        &all,
        &ServiceRule::of(&view.inventory),
        &Answers::of(&view.inventory),
    );
    let has_roadmap = demand.items.iter().any(|item| !item.roadmap.is_empty());
    let table = html! {
        table {
            caption.hidden { "What keeps services off the paths, most services first" }
            thead { tr {
                th scope="col" { "What" } th scope="col" { "Kind" } th scope="col" { "Path" }
                th.number scope="col" { "Services" } th.number scope="col" { "Cost a month" }
                th scope="col" { "Since" } th scope="col" { "Teams" }
                @if has_roadmap { th scope="col" { "Roadmap" } }
            } }
            tbody { @for item in demand.items.iter().take(LISTED) { (row(item, has_roadmap, view, links)) } }
        }
    };
    html! {
        h1 { "Demand" }
        p.quiet { "What people ask the platform for, by the services it keeps off a path." }
        p { (head(&demand).trim_end()) }
        @if !demand.items.is_empty() { (scroller("Demand", &table)) }
        @if demand.items.len() > LISTED {
            p { (demand.items.len() - LISTED) " more: " code { "goldenpath demand" } }
        }
    }
}

fn row(item: &Item, has_roadmap: bool, view: &ReportView, links: Links) -> Markup {
    html! {
        tr {
            th scope="row" { (text(&item.ask))
                @if let Some(example) = &item.example { small { "such as " (text(example)) } } }
            td { (kind(item.kind)) }
            td { @if let Some(path) = &item.path { a href=(links.path(path)) { (text(path)) } } @else { "–" } }
            td.number {
                @if let (Some(path), Some(check)) = (&item.path, &item.check) {
                    a href=(links.services(&[("path", path), ("missing", check)])) { (item.services) }
                } @else { (item.services) }
            }
            td.number { @if item.exceptions.is_empty() { "–" } @else { (hours(item.hours_per_month)) } }
            td { @if let Some(at) = item.since { (since(at, view.as_of)) } @else { "–" } }
            td { (text(&named_teams(item))) }
            @if has_roadmap { td { @if item.roadmap.is_empty() { "–" } @else { a href=(links.to("roadmap")) { (text(&answered(item))) } } } }
        }
    }
}

const fn kind(kind: DemandKind) -> &'static str {
    match kind {
        DemandKind::Step => "step",
        DemandKind::Wish => "wish",
        DemandKind::Ignore => "asks to be ignored",
        DemandKind::NoPath => "no path",
        DemandKind::CheckError => "our check fails",
    }
}
