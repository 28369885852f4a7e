//! A reminder as Slack's Block Kit, within its limits. Text of users can neither mention anybody
//! nor break out of its place: Slack's markup is escaped, and the rest is sent verbatim.
//! Source of the limits: api.slack.com/reference/block-kit/blocks.

use serde_json::{Value, json};

use super::{Sentences, closing, in_short, opening, sentences, title};
use crate::assess::reminders::{MessageItem, ReminderMessage};
use crate::report::terminal::plain::plain;

/// Blocks a message may have.
const BLOCKS: usize = 50;
/// Characters a header may have.
const HEADER: usize = 150;
/// Characters one text may have.
const TEXT: usize = 3_000;
/// Characters of all items with their sentences. Slack refuses messages of more than about 13,000
/// without saying so in its reference.
const FULL: usize = 8_000;
/// Blocks beside those of the items: header, opening, list of what had no room, closing.
const BESIDE: usize = 4;

/// The body of a request to an incoming webhook.
pub fn slack(message: &ReminderMessage) -> Value {
    let heading = title(message);
    let mut blocks = vec![
        json!({"type": "header", "text": {
            "type": "plain_text", "emoji": false, "text": escaped(&shortened(&heading, HEADER)),
        }}),
        section(opening(message)),
    ];
    let mut room = FULL;
    let mut items = message.items.iter().peekable();
    while let Some(item) = items.peek() {
        let text = full(item, message);
        let length = text.chars().count();
        if length > room.min(TEXT) || blocks.len() + BESIDE - 2 >= BLOCKS {
            break;
        }
        room -= length;
        blocks.push(section(&text));
        items.next();
    }
    blocks.extend(list(items.collect::<Vec<_>>().as_slice()).map(|text| section(&text)));
    blocks.extend(closing(message).map(
        |text| json!({"type": "context", "elements": [{"type": "plain_text", "text": text}]}),
    ));
    // What notifications show, and clients that know no blocks.
    json!({"text": escaped(&heading), "blocks": blocks, "unfurl_links": false})
}

/// `verbatim`: nothing in it becomes a link or a mention by itself.
pub(super) fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
}

fn full(item: &MessageItem, message: &ReminderMessage) -> String {
    let Sentences {
        state,
        next,
        otherwise,
    } = sentences(item, message.as_of);
    let whom = if message.dry_run {
        let (team, channel) = (&item.owner.team, &item.owner.channel);
        format!(" · for team {} in {}", escaped(team), escaped(channel))
    } else {
        String::new()
    };
    format!(
        "*{}/{}* · path {}{whom}\n{}\n{}: `{}`\n{}: `{}`",
        escaped(&item.namespace),
        escaped(&item.name),
        escaped(&item.path),
        escaped(&state),
        next.text,
        escaped(&next.command),
        otherwise.text,
        escaped(&otherwise.command),
    )
}

/// What had no room in full, a line each; none where everything had. What has no room even so is
/// counted.
fn list(items: &[&MessageItem]) -> Option<String> {
    /// Room for the line that counts the rest.
    const LAST: usize = 80;
    let mut text = String::new();
    for (index, item) in items.iter().enumerate() {
        let (namespace, name) = (escaped(&item.namespace), escaped(&item.name));
        let line = format!("• {namespace}/{name}: {}\n", in_short(item.stage));
        if text.chars().count() + line.chars().count() > TEXT - LAST {
            let rest = items.len() - index;
            text.push_str("and ");
            text.push_str(&rest.to_string());
            text.push_str(" more: `kubectl get devex --all-namespaces`\n");
            break;
        }
        text += &line;
    }
    (!text.is_empty()).then_some(text)
}

/// What Slack reads as markup is written out, a backtick cannot end what is shown as code, and
/// A client that searches plain text for mentions must not find `@here`.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for c in plain(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '`' => safe.push('\''),
            '@' => safe.push_str("@\u{2060}"),
            other => safe.push(other),
        }
    }
    safe
}

/// A text for one section, escaped.
pub(super) fn bounded(text: &str) -> String {
    escaped(&shortened(text, TEXT))
}

/// At most so many characters, escaped or not: every character may become five.
fn shortened(text: &str, longest: usize) -> String {
    let mut kept = String::new();
    let mut length = 0;
    for c in text.chars() {
        length += escaped(c.encode_utf8(&mut [0; 4])).chars().count();
        if length >= longest {
            kept.push('…');
            break;
        }
        kept.push(c);
    }
    kept
}
