//! The digest as Slack's Block Kit, within its limits. Text of users is plain text, so that it can
//! neither mention anybody nor start markup; what Slack would read as control is escaped.
//! Source of the limits: api.slack.com/reference/block-kit/blocks.

use serde_json::{Value, json};

use super::fit::{cut, fitting};
use super::{Edition, Heading, Page, Section};
use crate::assess::goals::wins::Digest;

/// Blocks a message may have.
const BLOCKS: usize = 50;
/// Characters a header may have.
const HEADER: usize = 150;
/// Characters one text may have.
const TEXT: usize = 3_000;
/// Characters of all texts. Slack refuses messages of more than about 13,000 without saying so in its
/// reference.
const FULL: usize = 10_000;

/// The body of a request to an incoming webhook.
pub fn slack(digest: &Digest, edition: Edition<'_>) -> Value {
    let page = Page::of(digest, edition);
    fitting(|longest| message(&page, longest), fits)
}

fn message(page: &Page, longest: usize) -> Value {
    let title = cut(&page.title, HEADER, length);
    let mut blocks = vec![json!({"type": "header", "text": plain_text(&escaped(&title))})];
    for section in &page.sections {
        blocks.extend(section_blocks(section, longest));
    }
    blocks.push(json!({
        "type": "context",
        "elements": [plain_text(&escaped(&page.closing))],
    }));
    // What notifications show, and clients that know no blocks.
    json!({"text": escaped(&title), "blocks": blocks})
}

fn section_blocks(section: &Section, longest: usize) -> Vec<Value> {
    let mut blocks = Vec::new();
    match &section.heading {
        Some(Heading::Own(text)) => blocks.push(marked(&format!("*{text}*"))),
        Some(Heading::Named(text)) => {
            let text = escaped(&cut(text, longest, length));
            blocks.push(json!({"type": "section", "text": plain_text(&text)}));
        }
        None => {}
    }
    let bullet = if section.is_list { "• " } else { "" };
    let lines = section
        .lines
        .iter()
        .map(|line| format!("{bullet}{}", escaped(&cut(line, longest, length))));
    let text = lines.collect::<Vec<_>>().join("\n");
    blocks.push(json!({"type": "section", "text": plain_text(&text)}));
    if let Some(link) = &section.link {
        let text = escaped(&cut(&link.text, longest, length)).replace('|', "¦");
        blocks.push(marked(&format!("<{}|{text}>", escaped(&link.url))));
    }
    blocks
}

fn plain_text(text: &str) -> Value {
    json!({"type": "plain_text", "emoji": false, "text": text})
}

fn marked(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": text}})
}

fn fits(message: &Value) -> bool {
    let Some(blocks) = message["blocks"].as_array() else {
        return false;
    };
    let texts = || blocks.iter().flat_map(texts);
    let all: usize = texts().map(|text| text.chars().count()).sum();
    let title = message["text"].as_str().unwrap_or_default();
    blocks.len() <= BLOCKS
        && texts().all(|text| text.chars().count() <= TEXT)
        && all + title.chars().count() <= FULL
}

fn texts(block: &Value) -> impl Iterator<Item = &str> {
    let own = block["text"]["text"].as_str();
    let elements = block["elements"].as_array().into_iter().flatten();
    let elements = elements.filter_map(|element| element["text"].as_str());
    own.into_iter().chain(elements)
}

/// Characters once escaped.
fn length(text: &str) -> usize {
    escaped(text).chars().count()
}

/// What Slack reads as control is written out; a client that searches plain text for mentions must not
/// find `@here`.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '@' => safe.push_str("@\u{2060}"),
            other => safe.push(other),
        }
    }
    safe
}
