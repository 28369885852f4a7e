//! The Platform Wins digest in words: one page of sections, which every format renders. A draft is for
//! the product manager, with room for a quote and with what the digest could not see; the published
//! edition has neither. Nothing is counted or selected here.

use serde::Serialize;

use crate::assess::goals::wins::Digest;

mod document;
mod fit;
mod slack;
mod teams;
mod text;
mod words;

pub use document::document;
pub use slack::slack;
pub use teams::teams;
pub use text::{markdown, render};

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition<'a> {
    /// The product manager, who asks for a quote and publishes it.
    Draft,
    /// The organisation.
    Published(Option<&'a Quote>),
}

/// What somebody of a named team says.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The sentence.
    pub text: String,
    /// Who says it.
    pub by: String,
}

/// The digest as sections.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
struct Page {
    title: String,
    sections: Vec<Section>,
    /// What the facts are, and what they do not claim.
    closing: String,
}

/// Lines under a heading.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
struct Section {
    #[serde(skip_serializing_if = "Option::is_none")]
    heading: Option<Heading>,
    lines: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
    /// Whether each line is an entry of a list.
    #[serde(skip)]
    is_list: bool,
}

/// A heading.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
#[serde(untagged)]
enum Heading {
    /// Of this file.
    Own(&'static str),
    /// With the name of a team.
    Named(String),
}

impl Heading {
    fn text(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Named(text) => text,
        }
    }
}

/// Where to read more.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
struct Link {
    text: String,
    url: String,
}

impl Page {
    fn of(digest: &Digest, edition: Edition<'_>) -> Self {
        let month = words::month(digest.month);
        let title = match edition {
            Edition::Draft => format!("Draft: Platform Wins, {month}"),
            Edition::Published(_) => format!("Platform Wins, {month}"),
        };
        let teams = digest.teams.iter().map(|win| words::team(win, digest));
        let sections = words::opening(digest)
            .into_iter()
            .chain(teams)
            .chain(words::adoption(digest))
            .chain(words::additions(digest))
            .chain(words::obstacle(digest))
            .chain(words::quote(edition))
            .chain(words::notes(digest, edition))
            .collect();
        Self {
            title,
            sections,
            closing: words::closing(digest),
        }
    }
}
