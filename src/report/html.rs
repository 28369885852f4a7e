//! The page that everybody can open, as HTML. [`render`] writes each address from the view that the JSON is
//! written from. The markup macro escapes texts of objects, and [`layout::text`] removes signs that reorder or
//! hide text. Links are relative, so that a page works behind any prefix. A page holds no script and no style.

mod chart;
mod contrast;
mod demand;
mod exceptions;
mod frame;
mod layout;
mod objectives;
mod overview;
mod paths;
mod roadmap;
mod satisfaction;
mod service;
mod services;
mod teams;

use maud::{Markup, html};

pub use exceptions::RegisterQuery;
use frame::{Shell, Tab};
use layout::Links;

use crate::report::document::parameters::QueryError;
use crate::report::document::services::ServiceQuery;
use crate::report::document::view::ReportView;

/// The stylesheet of every page.
pub const STYLE: &str = include_str!("html/style.css");

/// The script of every page with figures.
pub const SCRIPT: &str = include_str!("html/page.js");

/// An address of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Page {
    Overview,
    Paths,
    Path(String),
    Services(ServiceQuery),
    Service { namespace: String, name: String },
    Teams,
    Team(String),
    Exceptions(RegisterQuery),
    Objectives,
    Contrast,
    Demand,
    Satisfaction,
    Roadmap,
}

impl Page {
    const fn tab(&self) -> Tab {
        match self {
            Self::Overview => Tab::Overview,
            Self::Paths | Self::Path(_) => Tab::Paths,
            Self::Services(_) | Self::Service { .. } => Tab::Services,
            Self::Teams | Self::Team(_) => Tab::Teams,
            Self::Exceptions(_) => Tab::Exceptions,
            Self::Objectives => Tab::Objectives,
            Self::Contrast => Tab::Contrast,
            Self::Demand => Tab::Demand,
            Self::Satisfaction => Tab::Satisfaction,
            Self::Roadmap => Tab::Roadmap,
        }
    }

    /// The levels of its address below the first page.
    pub const fn depth(&self) -> usize {
        match self {
            Self::Overview
            | Self::Paths
            | Self::Services(_)
            | Self::Teams
            | Self::Exceptions(_)
            | Self::Objectives
            | Self::Contrast
            | Self::Demand
            | Self::Satisfaction
            | Self::Roadmap => 0,
            Self::Path(_) | Self::Team(_) => 1,
            Self::Service { .. } => 2,
        }
    }
}

/// A page that replaces the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// There is no such address.
    NotFound,
    /// The first lists are not complete: what is still missing.
    Waiting(&'a [String]),
    /// Too many requests at once.
    Busy,
    /// The query is refused.
    Refused(&'a QueryError),
    /// It could not be written.
    Failed,
}

/// A page, or `None` where its object does not exist.
pub fn render(page: &Page, view: &ReportView) -> Option<String> {
    let links = Links::at_depth(page.depth());
    let (title, main) = match page {
        Page::Overview => ("Overview".to_owned(), overview::render(view, links)),
        Page::Paths => ("Paths".to_owned(), paths::list(view, links)),
        Page::Path(name) => (name.clone(), paths::one(name, view, links)?),
        Page::Services(query) => ("Services".to_owned(), services::render(query, view, links)),
        Page::Service { namespace, name } => {
            (name.clone(), service::render(namespace, name, view, links)?)
        }
        Page::Teams => ("Teams".to_owned(), teams::list(view, links)),
        Page::Team(name) => (name.clone(), teams::one(name, view, links)?),
        Page::Exceptions(query) => {
            let main = exceptions::render(query, view, links);
            ("Exceptions".to_owned(), main)
        }
        Page::Objectives => ("Objectives".to_owned(), objectives::render(view)),
        Page::Contrast => ("Delivery contrast".to_owned(), contrast::render(view)),
        Page::Demand => ("Demand".to_owned(), demand::render(view, links)),
        Page::Satisfaction => ("Satisfaction".to_owned(), satisfaction::render(view)),
        Page::Roadmap => ("Roadmap".to_owned(), roadmap::render(view, links)),
    };
    let shell = Shell {
        title: &title,
        tab: Some(page.tab()),
        view: Some(view),
        links,
    };
    Some(shell.around(&main).into_string())
}

/// Everything as one file that needs no server, no script and no other file.
pub fn file(view: &ReportView) -> String {
    let links = Links::Parts;
    let summary = view.summary();
    let main = html! {
        article { (overview::render(view, links)) }
        article #paths {
            (paths::list(view, links))
            @for line in &summary.paths {
                article id=[links.id("paths", &[&line.path])] {
                    (paths::one(&line.path, view, links).unwrap_or_default())
                }
            }
        }
        article #services { (services::all(view, links)) }
        article #teams { (teams::list(view, links)) }
        article #exceptions { (exceptions::all(view, links)) }
        @if Tab::Objectives.has_data(Some(view)) { article #objectives { (objectives::render(view)) } }
        @if Tab::Contrast.has_data(Some(view)) { article #contrast { (contrast::render(view)) } }
        @if Tab::Demand.has_data(Some(view)) { article #demand { (demand::render(view, links)) } }
        @if Tab::Satisfaction.has_data(Some(view)) { article #satisfaction { (satisfaction::render(view)) } }
        @if Tab::Roadmap.has_data(Some(view)) { article #roadmap { (roadmap::render(view, links)) } }
    };
    let shell = Shell {
        title: "Golden paths",
        tab: None,
        view: Some(view),
        links,
    };
    shell.around_file(&main).into_string()
}

/// A page without content, `depth` levels below the first.
pub fn notice(notice: &Notice<'_>, depth: usize) -> String {
    let links = Links::at_depth(depth);
    let (title, main) = notice_content(notice, links);
    let shell = Shell {
        title,
        tab: None,
        view: None,
        links,
    };
    shell.around(&main).into_string()
}

fn notice_content(notice: &Notice<'_>, links: Links) -> (&'static str, Markup) {
    match notice {
        Notice::NotFound => (
            "Not found",
            html! {
                h1 { "Not found" }
                p { "Nothing has this address now. It may have been renamed or deleted." }
                p { a href=(links.services(&[])) { "Search the services" } " or go to the "
                    a href=(links.home()) { "overview" } "." }
            },
        ),
        Notice::Waiting(pending) => (
            "Starting",
            html! {
                h1 { "Reading the cluster" }
                p { "The operator has not read everything yet, so it shows no figures. It waits for:" }
                ul { @for line in *pending { li { (layout::text(line)) } } }
                p { "Reload in a few seconds. If this stays, " code { "/readyz" }
                    " and the operator's log have the reason; a missing definition is installed by the chart." }
            },
        ),
        Notice::Busy => (
            "Busy",
            html! {
                h1 { "Too many requests at once" }
                p { "Reload in a few seconds." }
            },
        ),
        Notice::Refused(error) => (
            "Unknown query",
            html! {
                h1 { "This address has an unknown query" }
                p { (layout::text(&error.to_string())) }
                p { a href=(links.services(&[])) { "All services" } " · "
                    a href=(links.home()) { "Overview" } }
            },
        ),
        Notice::Failed => (
            "Error",
            html! {
                h1 { "This page could not be written" }
                p { "The operator's log has the reason. "
                    a href=(links.home()) { "Overview" } }
            },
        ),
    }
}
