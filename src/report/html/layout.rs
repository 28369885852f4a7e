//! The parts of every page: the frame, links by depth, escaped texts, dates, and the marks of states. No
//! page is written here.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{SCRIPT, STYLE};
use crate::assess::object::digest::digest;
use crate::assess::state::{Standing, State, Status};
use crate::report::document::services::ServiceLine;
use crate::report::document::view::ReportView;
use crate::report::document::{PathLine, Summary};
use crate::report::terminal::plain::plain;
use crate::report::voice::groups::StateGroup;
use crate::report::voice::{self, WorkloadState};

/// All but the unreserved characters of RFC 3986.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The addresses of stylesheet and script change with their content, so that browsers cache them for long.
static STYLE_VERSION: LazyLock<String> = LazyLock::new(|| digest(STYLE, VERSION_DIGITS));
static SCRIPT_VERSION: LazyLock<String> = LazyLock::new(|| digest(SCRIPT, VERSION_DIGITS));
const VERSION_DIGITS: usize = 12;

/// A text of an object, without signs that reorder or hide the text beside it.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    plain(text)
}

/// Relative links from a page this deep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links(&'static str);

impl Links {
    pub(super) const fn at_depth(depth: usize) -> Self {
        Self(match depth {
            0 => "./",
            1 => "../",
            2 => "../../",
            3 => "../../../",
            // A page that does not exist.
            _ => "../../../../",
        })
    }

    pub(super) fn home(self) -> String {
        self.0.to_owned()
    }

    /// A page or file without parameters.
    pub(super) fn to(self, place: &str) -> String {
        format!("{}{place}", self.0)
    }

    pub(super) fn path(self, name: &str) -> String {
        format!("{}paths/{}", self.0, encode(name))
    }

    pub(super) fn team(self, name: &str) -> String {
        format!("{}teams/{}", self.0, encode(name))
    }

    pub(super) fn service(self, namespace: &str, name: &str) -> String {
        format!("{}services/{}/{}", self.0, encode(namespace), encode(name))
    }

    pub(super) fn services(self, pairs: &[(&str, &str)]) -> String {
        self.with_query("services", pairs)
    }

    pub(super) fn exceptions(self, pairs: &[(&str, &str)]) -> String {
        self.with_query("exceptions", pairs)
    }

    pub(super) fn with_query(self, place: &str, pairs: &[(&str, &str)]) -> String {
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{place}{mark}{}", self.0, query.join("&"))
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// An address that a browser may open; others are shown as text.
pub(super) fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// An address of an object: a link if a browser may open it, else text.
pub(super) fn outside(url: &str, words: &str) -> Markup {
    html! {
        @if is_web(url) {
            a href=(url) rel="noopener noreferrer" { (words) }
        } @else {
            (text(url))
        }
    }
}

/// A page of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Overview,
    Paths,
    Services,
    Teams,
    Exceptions,
    Contrast,
    Demand,
}

impl Tab {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Paths,
        Self::Services,
        Self::Teams,
        Self::Exceptions,
        Self::Contrast,
        Self::Demand,
    ];

    /// Whether its page has something to show. A tab without data does not appear.
    fn has_data(self, view: Option<&ReportView>) -> bool {
        let summary = || view.map(|view| view.summary());
        match self {
            Self::Overview | Self::Paths | Self::Services | Self::Teams | Self::Exceptions => true,
            Self::Contrast => summary().is_some_and(|summary| summary.contrast.is_some()),
            Self::Demand => summary().is_some_and(has_demand),
        }
    }

    const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("", "Overview"),
            Self::Paths => ("paths", "Paths"),
            Self::Services => ("services", "Services"),
            Self::Teams => ("teams", "Teams"),
            Self::Exceptions => ("exceptions", "Exceptions"),
            Self::Contrast => ("contrast", "Contrast"),
            Self::Demand => ("demand", "Demand"),
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
        let style = links.with_query("assets/style.css", &[("v", &STYLE_VERSION)]);
        let script = links.with_query("assets/page.js", &[("v", &SCRIPT_VERSION)]);
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (text(self.title)) " · goldenpath" }
                    link rel="stylesheet" href=(style);
                    link rel="icon" href="data:,";
                    @if let Some(view) = self.view {
                        script src=(script) defer data-root=(links.home()) data-version=(view.inventory.version()) {}
                    }
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    header {
                        a.brand href=(links.home()) { "goldenpath" }
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
        html! { li { a href=(self.links.to(place)) aria-current=[current] { (words) } } }
    }

    fn foot(&self) -> Markup {
        html! {
            @if let Some(at) = self.view.map(|view| view.as_of) {
                p #judged { "Judged " time datetime=(at) { (at.strftime("%-d %b %Y, %H:%M UTC").to_string()) } }
            }
            p #live role="status" {}
            p { a href=(self.links.to("api/v1/summary")) { "These figures as JSON" } }
        }
    }
}

/// A day in words, with the exact instant on hover.
pub(super) fn on(at: Timestamp, as_of: Timestamp) -> Markup {
    html! { time datetime=(at) title=(at) { (voice::day(at, as_of)) } }
}

/// How long ago in words, with the exact instant on hover.
pub(super) fn since(at: Timestamp, as_of: Timestamp) -> Markup {
    html! { time datetime=(at) title=(at) { (voice::ago(at, as_of)) } }
}

/// How a state looks: a class of the stylesheet, and a sign besides its colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
}

impl Mark {
    /// Of services that no path judges.
    const UNJUDGED: Self = Self {
        class: "none",
        sign: "–",
    };

    pub(super) const fn of(group: StateGroup) -> Self {
        let (class, sign) = match group {
            StateGroup::OnPath => ("golden", "●"),
            StateGroup::Excepted => ("excepted", "◐"),
            StateGroup::InProgress => ("in-progress", "◌"),
            StateGroup::Undocumented => ("open", "○"),
            StateGroup::Advised => ("advised", "○"),
        };
        Self { class, sign }
    }
}

/// A state in words, with its sign.
pub(super) fn state(line: &ServiceLine, as_of: Timestamp) -> Markup {
    let sentence = voice::sentence(&WorkloadState {
        status: line.status,
        standing: line.deviation,
        to_go: line.steps.of.saturating_sub(line.steps.passed),
        advice: line.advice,
        dates: line.dates,
        command: None,
        as_of,
    });
    let Mark { class, sign } = mark(line.status, line.deviation, line.advice);
    html! { span.state.(class) { span aria-hidden="true" { (sign) } " " (sentence) } }
}

/// The mark of a state.
pub(super) fn mark(status: Status, deviation: Option<Standing>, advice: bool) -> Mark {
    Mark::of(match status {
        Status::GoldenPath => StateGroup::of(State::GoldenPath),
        Status::Unknown => StateGroup::of(State::Unknown),
        Status::Deviating if advice => StateGroup::Advised,
        Status::Deviating => StateGroup::of(State::Deviating(
            deviation.unwrap_or(Standing::Undocumented),
        )),
        Status::Unscoped | Status::Ignored => return Mark::UNJUDGED,
    })
}

/// "7 of 8".
pub(super) fn steps(passed: usize, of: usize) -> Markup {
    html! { @if of > 0 { (passed) " of " (of) } @else { "–" } }
}

/// "1 restricted step".
pub(super) fn restricted(number: usize) -> String {
    voice::counted(number, "restricted step")
}

/// A table that scrolls by itself where it is wider than the page.
pub(super) fn scroller(name: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(name) tabindex="0" { (table) } }
}
