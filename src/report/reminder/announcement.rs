//! What is new on a path, in the formats of reminders: one sentence with the date and the notes. Must not
//! decide what is announced, or where.

use serde_json::{Value, json};

use super::slack::{bounded, escaped, section};
use super::{NAMED, cut};
use crate::api::API_VERSION;
use crate::assess::reminders::Announcement;
use crate::report::terminal::plain::plain;
use crate::report::terminal::table::{Paint, Style};

/// The kind of the document.
const KIND: &str = "Announcement";
/// Longest text of all notes of one date, in characters.
const NOTES: usize = 1_000;
/// Longest address of documentation, in bytes.
const ADDRESS: usize = 500;

/// An announcement as JSON. Fields may be added, existing ones stay.
pub fn document(announcement: &Announcement) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "id": announcement.id,
        "asOf": announcement.as_of,
        "channel": &*announcement.to.channel,
        "team": &*announcement.owner.team,
        "dryRun": announcement.dry_run,
        "for": {"team": &*announcement.owner.team, "channel": &*announcement.owner.channel},
        "path": &*announcement.path,
        "pathTitle": announcement.title,
        "docsURL": announcement.docs_url,
        "at": announcement.at,
        "notes": notes(announcement),
        "title": title(announcement),
        "text": text(announcement),
    })
}

/// The body of a request to an incoming webhook.
pub fn slack(announcement: &Announcement) -> Value {
    let whom = opening(announcement).map(|text| escaped(&text));
    let text = bounded(&text(announcement));
    let blocks: Vec<Value> = whom
        .into_iter()
        .chain([text])
        .chain(more(announcement).map(|text| escaped(&text)))
        .map(|text| section(&text))
        .collect();
    // What notifications show, and clients that know no blocks.
    let short = escaped(&title(announcement));
    json!({"text": short, "blocks": blocks, "unfurl_links": false})
}

/// An announcement for a terminal.
pub(super) fn render(announcement: &Announcement, style: Style) -> String {
    let head = Paint::Bold.on(&title(announcement), style.color);
    let channel = format!("to channel {}", plain(&announcement.to.channel));
    let channel = Paint::Faint.on(&channel, style.color);
    let more = more(announcement).map_or_else(String::new, |text| format!("  {text}\n"));
    format!("{head}\n{channel}\n  {}\n{more}", text(announcement))
}

/// The path in one line.
fn title(announcement: &Announcement) -> String {
    let path = cut(&announcement.path, NAMED);
    let title = announcement
        .title
        .as_deref()
        .map_or_else(String::new, |title| format!(" ({})", cut(title, NAMED)));
    format!("What is new on the path {path}{title}")
}

/// Path, date and notes.
fn text(announcement: &Announcement) -> String {
    let date = announcement.at.strftime("%Y-%m-%d");
    let notes = notes(announcement).join("; ");
    format!("{}: {date} — {}", title(announcement), cut(&notes, NOTES))
}

/// Where to read more. An address that would be cut is left out.
fn more(announcement: &Announcement) -> Option<String> {
    let url = plain(announcement.docs_url.as_deref()?);
    (url.len() <= ADDRESS).then(|| format!("Documentation: {url}"))
}

fn notes(announcement: &Announcement) -> Vec<String> {
    let notes = announcement.notes.iter();
    notes.map(|note| cut(note, NOTES)).collect()
}

/// In a dry run, where the message will go after it.
fn opening(announcement: &Announcement) -> Option<String> {
    let channel = cut(&announcement.owner.channel, NAMED);
    announcement.dry_run.then(|| {
        format!("Dry run: once it is over, the channel {channel} gets this. Until then only this channel does.")
    })
}
