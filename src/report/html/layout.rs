//! What every page shares: the frame, links by depth, escaped texts, dates, and the marks of states. No
//! page is written here.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::{SCRIPT, STYLE};
use crate::assess::state::{Standing, State, Status};
use crate::report::document::services::ServiceLine;
use crate::report::terminal::plain::plain;
use crate::report::terminal::text::group;
use crate::report::voice::{self, WorkloadState};

/// All but the unreserved characters of RFC 3986.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Names versions of stylesheet and script, so that it can be cached for long.
static STYLE_VERSION: LazyLock<String> = LazyLock::new(|| version(STYLE));
static SCRIPT_VERSION: LazyLock<String> = LazyLock::new(|| version(SCRIPT));

/// A short name for a content.
fn version(content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.get(..6).unwrap_or_default())
}

/// A text of an object: nothing in it reorders or hides what stands beside it.
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

/// An address of an object, as a link where it is one of the web.
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
}

impl Tab {
    const ALL: [Self; 5] = [
        Self::Overview,
        Self::Paths,
        Self::Services,
        Self::Teams,
        Self::Exceptions,
    ];

    const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Overview => ("", "Overview"),
            Self::Paths => ("paths", "Paths"),
            Self::Services => ("services", "Services"),
            Self::Teams => ("teams", "Teams"),
            Self::Exceptions => ("exceptions", "Exceptions"),
        }
    }
}

/// Which facts a page shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) at: Timestamp,
    pub(super) version: u64,
}

/// The frame of a page.
pub(super) struct Shell<'a> {
    pub(super) title: &'a str,
    pub(super) tab: Option<Tab>,
    /// The facts of its figures; a page without them does not follow changes.
    pub(super) judged: Option<Judged>,
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
                    @if let Some(judged) = self.judged {
                        script src=(script) defer data-root=(links.home()) data-version=(judged.version) {}
                    }
                }
                body {
                    a.skip href="#main" { "Skip to content" }
                    header {
                        a.brand href=(links.home()) { "goldenpath" }
                        nav aria-label="Pages" {
                            ul { @for tab in Tab::ALL { (self.tab(tab)) } }
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
            @if let Some(Judged { at, .. }) = self.judged {
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

/// The class of each group of states: on the path, with an approved exception, in progress,
/// undocumented, advised. Each has a sign besides its colour.
pub(super) const GROUPS: [(&str, &str); 5] = [
    ("golden", "●"),
    ("excepted", "◐"),
    ("moving", "◌"),
    ("open", "○"),
    ("advised", "○"),
];

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
    let (class, sign) = mark(line.status, line.deviation, line.advice);
    html! { span.state.(class) { span aria-hidden="true" { (sign) } " " (sentence) } }
}

/// The class and the sign of a state.
pub(super) fn mark(
    status: Status,
    deviation: Option<Standing>,
    advice: bool,
) -> (&'static str, &'static str) {
    let state = match status {
        Status::GoldenPath => State::GoldenPath,
        Status::Unknown => State::Unknown,
        Status::Deviating if advice => return GROUPS[4],
        Status::Deviating => State::Deviating(deviation.unwrap_or(Standing::Undocumented)),
        Status::Unscoped | Status::Ignored => return ("none", "–"),
    };
    GROUPS[group(state)]
}

/// "7 of 8".
pub(super) fn steps(passed: usize, of: usize) -> Markup {
    html! { @if of > 0 { (passed) " of " (of) } @else { "–" } }
}

/// The words for steps that are not named.
pub(super) fn restricted(number: usize) -> String {
    voice::counted(number, "restricted step")
}

/// A table that scrolls by itself where it is wider than the page.
pub(super) fn scroller(name: &str, table: &Markup) -> Markup {
    html! { div.scroll role="region" aria-label=(name) tabindex="0" { (table) } }
}
