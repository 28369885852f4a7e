//! The digest as an adaptive card for a Workflows webhook of Microsoft Teams. Newer cards than 1.4 fail
//! while the flow reports success, and longer messages than 28 KB are refused; 20 KB leave room for what
//! the flow adds. Text of users is escaped: cards read a part of Markdown.

use serde_json::{Value, json};

use super::fit::{cut, fitting};
use super::{Edition, Page, Section};
use crate::assess::goals::wins::Digest;
use crate::report::document::encode;

/// Version of the card.
const VERSION: &str = "1.4";
/// Bytes of a message.
const FULL: usize = 20_000;

/// The body of a request to the webhook.
pub fn teams(digest: &Digest, edition: Edition<'_>) -> Value {
    let page = Page::of(digest, edition);
    fitting(|longest| message(&page, longest), fits)
}

fn message(page: &Page, longest: usize) -> Value {
    let mut body = vec![json!({
        "type": "TextBlock", "wrap": true, "size": "Large", "weight": "Bolder",
        "text": escaped(&cut(&page.title, longest, length)),
    })];
    for section in &page.sections {
        body.extend(section_blocks(section, longest));
    }
    body.push(json!({
        "type": "TextBlock", "wrap": true, "isSubtle": true, "size": "Small", "separator": true,
        "text": escaped(&page.closing),
    }));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": VERSION,
                "body": body,
            },
        }],
    })
}

fn section_blocks(section: &Section, longest: usize) -> Vec<Value> {
    let heading = section.heading.iter().map(|heading| {
        json!({
            "type": "TextBlock", "wrap": true, "weight": "Bolder", "spacing": "Medium",
            "text": escaped(&cut(heading.text(), longest, length)),
        })
    });
    let bullet = if section.is_list { "• " } else { "" };
    let lines = section.lines.iter().map(|line| {
        let line = escaped(&cut(line, longest, length));
        json!({
            "type": "TextBlock", "wrap": true, "spacing": "Small", "text": format!("{bullet}{line}"),
        })
    });
    let link = section.link.iter().map(|link| {
        let text = escaped(&cut(&link.text, longest, length));
        json!({
            "type": "TextBlock", "wrap": true, "spacing": "Small",
            "text": format!("{bullet}[{text}]({})", link.url),
        })
    });
    heading.chain(lines).chain(link).collect()
}

fn fits(message: &Value) -> bool {
    encode::json(message).is_ok_and(|text| text.len() <= FULL)
}

/// Bytes once escaped and encoded.
fn length(text: &str) -> usize {
    let safe = escaped(text);
    let escapes = safe.chars().filter(|c| matches!(c, '"' | '\\')).count();
    safe.len() + escapes
}

/// What a card reads as markup or as a mention is written out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // A card knows no way to escape the tag of a mention.
            '<' => safe.push('‹'),
            '>' => safe.push('›'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            other => safe.push(other),
        }
    }
    safe
}
