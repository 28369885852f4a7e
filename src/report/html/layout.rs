//! The parts of every page: links by depth, escaped texts, dates, and the marks of states. No page is written
//! here.

use std::borrow::Cow;

use jiff::Timestamp;
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::assess::state::{Standing, State, Status};
use crate::report::document::services::ServiceLine;
use crate::report::terminal::plain::plain;
use crate::report::voice::groups::StateGroup;
use crate::report::voice::{self, WorkloadState};

/// All but the unreserved characters of RFC 3986.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A text of an object, without signs that reorder or hide the text beside it.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    plain(text)
}

/// Where links of a page lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Links {
    /// To other addresses, relative to a page at this depth.
    Pages(&'static str),
    /// To other parts of the same file.
    Parts,
}

impl Links {
    pub(super) const fn at_depth(depth: usize) -> Self {
        Self::Pages(match depth {
            0 => "./",
            1 => "../",
            2 => "../../",
            3 => "../../../",
            // A page that does not exist.
            _ => "../../../../",
        })
    }

    pub(super) fn home(self) -> String {
        match self {
            Self::Pages(root) => root.to_owned(),
            Self::Parts => "#main".to_owned(),
        }
    }

    /// A page or file without parameters.
    pub(super) fn to(self, place: &str) -> String {
        match self {
            Self::Pages(root) => format!("{root}{place}"),
            Self::Parts => format!("#{place}"),
        }
    }

    pub(super) fn path(self, name: &str) -> String {
        self.to_object("paths", &[name])
    }

    pub(super) fn team(self, name: &str) -> String {
        self.to_object("teams", &[name])
    }

    pub(super) fn service(self, namespace: &str, name: &str) -> String {
        self.to_object("services", &[namespace, name])
    }

    /// The row of an exception.
    pub(super) fn exception(self, namespace: &str, name: &str) -> String {
        match self {
            Self::Pages(_) => {
                let list = self.exceptions(&[("namespace", namespace)]);
                format!("{list}#{}.{}", encode(namespace), encode(name))
            }
            Self::Parts => self.to_object("exceptions", &[namespace, name]),
        }
    }

    fn to_object(self, place: &str, names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| encode(name)).collect();
        match self {
            Self::Pages(root) => format!("{root}{place}/{}", names.join("/")),
            Self::Parts => format!("#{place}/{}", names.join("/")),
        }
    }

    /// The id that [`Self::Parts`] link to; other pages need none.
    pub(super) fn id(self, place: &str, names: &[&str]) -> Option<String> {
        match self {
            Self::Pages(_) => None,
            Self::Parts => Some(format!("{place}/{}", names.join("/"))),
        }
    }

    pub(super) fn services(self, pairs: &[(&str, &str)]) -> String {
        self.with_query("services", pairs)
    }

    pub(super) fn exceptions(self, pairs: &[(&str, &str)]) -> String {
        self.with_query("exceptions", pairs)
    }

    /// A file cannot filter, so its lists are linked whole.
    pub(super) fn with_query<T: AsRef<str>>(self, place: &str, pairs: &[(&str, T)]) -> String {
        let Self::Pages(root) = self else {
            return self.to(place);
        };
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value.as_ref())))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{root}{place}{mark}{}", query.join("&"))
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// Links to the pages beside this one, by number from 1; nothing for a single page.
pub(super) fn pager(name: &str, page: usize, pages: usize, at: impl Fn(usize) -> String) -> Markup {
    html! {
        @if pages > 1 {
            nav.pager aria-label=(name) {
                @if page > 1 { a rel="prev" href=(at((page - 1).min(pages))) { "Previous" } }
                span { "Page " (page) " of " (pages) }
                @if page < pages { a rel="next" href=(at(page + 1)) { "Next" } }
            }
        }
    }
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

/// A filter of one of these values.
pub(super) fn choice(name: &str, values: &[&str], chosen: Option<&str>) -> Markup {
    let is_other = chosen.is_some_and(|chosen| !values.contains(&chosen));
    html! {
        select name=(name) {
            option value="" { "any" }
            @if let Some(chosen) = chosen.filter(|_| is_other) { option value=(chosen) selected { (text(chosen)) } }
            @for value in values {
                option value=(value) selected[chosen == Some(*value)] { (text(value)) }
            }
        }
    }
}
