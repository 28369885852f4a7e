//! The frame of a page and of a file: head, navigation and foot around a content. It knows no content.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::layout::{Links, text};
use super::{SCRIPT, STYLE, chart, roadmap};
use crate::assess::object::digest::digest;
use crate::assess::state::State;
use crate::report::document::view::ReportView;
use crate::report::document::{PathLine, Summary};

/// The addresses of stylesheet and script change with their content, so that browsers cache them for long.
static STYLE_VERSION: LazyLock<String> = LazyLock::new(|| digest(STYLE, VERSION_DIGITS));
static SCRIPT_VERSION: LazyLock<String> = LazyLock::new(|| digest(SCRIPT, VERSION_DIGITS));
const VERSION_DIGITS: usize = 12;

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Paths,
    Services,
    Teams,
    Exceptions,
    Objectives,
    Contrast,
    Demand,
    Satisfaction,
    Roadmap,
}

impl Tab {
    const ALL: [Self; 10] = [
        Self::Overview,
        Self::Paths,
        Self::Services,
        Self::Teams,
        Self::Exceptions,
        Self::Objectives,
        Self::Contrast,
        Self::Demand,
        Self::Satisfaction,
        Self::Roadmap,
    ];

    /// Whether its page has something to show. A tab without data does not appear.
    pub(super) fn has_data(self, view: Option<&ReportView>) -> bool {
        let summary = || view.map(ReportView::summary);
        match self {
            Self::Overview | Self::Paths | Self::Services | Self::Teams | Self::Exceptions => true,
            Self::Objectives => summary().is_some_and(|summary| !summary.objectives.is_empty()),
            Self::Contrast => summary().is_some_and(|summary| summary.contrast.is_some()),
            Self::Demand => summary().is_some_and(has_demand),
            Self::Satisfaction => summary().is_some_and(|summary| summary.surveys.is_some()),
            Self::Roadmap => view.is_some_and(roadmap::has_data),
        }
    }

    const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("", "Overview"),
            Self::Paths => ("paths", "Paths"),
            Self::Services => ("services", "Services"),
            Self::Teams => ("teams", "Teams"),
            Self::Exceptions => ("exceptions", "Exceptions"),
            Self::Objectives => ("objectives", "Objectives"),
            Self::Contrast => ("contrast", "Contrast"),
            Self::Demand => ("demand", "Demand"),
            Self::Satisfaction => ("satisfaction", "Satisfaction"),
            Self::Roadmap => ("roadmap", "Roadmap"),
        }
    }
}

/// Whether something keeps a service off a path.
fn has_demand(summary: &Summary) -> bool {
    let unknown = summary.services.get(&State::Unknown);
    let misses_steps = |path: &PathLine| path.takes_part && !path.top_deviations.is_empty();
    summary.unscoped > 0
        || unknown.is_some_and(|services| *services > 0)
        || summary.paths.iter().any(misses_steps)
}

/// The frame of a page.
pub(super) struct Shell<'a> {
    pub(super) title: &'a str,
    pub(super) tab: Option<Tab>,
    /// The source of its figures; a page without them does not follow changes.
    pub(super) view: Option<&'a ReportView>,
    pub(super) links: Links,
}

impl Shell<'_> {
    pub(super) fn around(&self, main: &Markup) -> Markup {
        let links = self.links;
        let style = links.with_query("assets/style.css", &[("v", STYLE_VERSION.as_str())]);
        let script = links.with_query("assets/page.js", &[("v", SCRIPT_VERSION.as_str())]);
        let head = html! {
            link rel="stylesheet" href=(style);
            @if let Some(view) = self.view {
                script src=(script) defer data-root=(links.home()) data-version=(view.version) {}
            }
        };
        self.document(&head, main)
    }

    /// The frame of a file that needs nothing besides. Its policy allows its own style and nothing else.
    pub(super) fn around_file(&self, main: &Markup) -> Markup {
        let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'none'; base-uri 'none'"
        );
        let head = html! {
            meta http-equiv="Content-Security-Policy" content=(policy);
            style { (PreEscaped(STYLE)) }
        };
        self.document(&head, main)
    }

    fn document(&self, head: &Markup, main: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (text(self.title)) " · goldenpath" }
                    link rel="icon" href="data:,";
                    (head)
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    (chart::patterns())
                    header {
                        a.brand href=(self.links.home()) { "goldenpath" }
                        nav aria-label="Pages" {
                            ul { @for tab in Tab::ALL { @if tab.has_data(self.view) { (self.tab(tab)) } } }
                        }
                    }
                    main #main tabindex="-1" { (main) }
                    footer { (self.foot()) }
                }
            }
        }
    }

    fn tab(&self, tab: Tab) -> Markup {
        let (place, words) = tab.place();
        let current = (self.tab == Some(tab)).then_some("page");
        let address = if place.is_empty() {
            self.links.home()
        } else {
            self.links.to(place)
        };
        html! { li { a href=(address) aria-current=[current] { (words) } } }
    }

    fn foot(&self) -> Markup {
        html! {
            @if let Some(at) = self.view.map(|view| view.as_of) {
                p #judged { "Judged " time datetime=(at) { (at.strftime("%-d %b %Y, %H:%M UTC").to_string()) } }
            }
            p #live role="status" {}
            @match self.links {
                Links::Pages(_) => { p { a href=(self.links.to("api/v1/summary")) { "These figures as JSON" } } }
                Links::Parts => { p { "Written by " code { "goldenpath report -o html" } } }
            }
        }
    }
}
