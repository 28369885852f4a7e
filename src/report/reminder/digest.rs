//! The reminders that would be sent now, for a terminal: every message as its owner would read it.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{Sentences, announcement, closing, document, sentences, title};
use crate::api::API_VERSION;
use crate::assess::reminders::{Announcement, MessageItem, ReminderMessage, ReminderPlan};
use crate::report::terminal::plain::plain;
use crate::report::terminal::table::{Paint, Style};

/// The kind of the document.
const KIND: &str = "Digest";

/// Messages that were not sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Digest {
    /// Reminders of exceptions.
    pub messages: Vec<ReminderMessage>,
    /// What is new on paths.
    pub announcements: Vec<Announcement>,
}

impl From<ReminderPlan> for Digest {
    fn from(plan: ReminderPlan) -> Self {
        Self {
            messages: plan.messages,
            announcements: plan.announcements,
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let messages: Vec<_> = self.messages.iter().map(document).collect();
        let announcements = self.announcements.iter().map(announcement::document);
        let announcements: Vec<_> = announcements.collect();
        let mut fields = serializer.serialize_struct(KIND, 4)?;
        fields.serialize_field("apiVersion", API_VERSION)?;
        fields.serialize_field("kind", KIND)?;
        fields.serialize_field("messages", &messages)?;
        fields.serialize_field("announcements", &announcements)?;
        fields.end()
    }
}

/// A digest as text.
pub fn render(digest: &Digest, style: Style) -> String {
    if digest.messages.is_empty() && digest.announcements.is_empty() {
        return "No reminders: nothing is due, or everything due was sent.\n".to_owned();
    }
    let messages = digest.messages.iter().map(|message| one(message, style));
    let announcements = digest.announcements.iter();
    let announcements = announcements.map(|one| announcement::render(one, style));
    messages.chain(announcements).collect::<Vec<_>>().join("\n")
}

fn one(message: &ReminderMessage, style: Style) -> String {
    let head = Paint::Bold.on(&title(message), style.color);
    let channel = Paint::Faint.on(
        &format!("to channel {}", plain(&message.owner.channel)),
        style.color,
    );
    let items: String = message
        .items
        .iter()
        .map(|item| entry(item, message))
        .collect();
    let more = closing(message).map_or_else(String::new, |more| format!("{more}\n"));
    format!("{head}\n{channel}\n{items}{more}")
}

fn entry(item: &MessageItem, message: &ReminderMessage) -> String {
    let Sentences {
        state,
        next,
        otherwise,
    } = sentences(item, message.as_of);
    format!(
        "  {}/{}  path {}\n    {state}\n    {}: {}\n    {}: {}\n",
        plain(&item.namespace),
        plain(&item.name),
        plain(&item.path),
        next.text,
        next.command,
        otherwise.text,
        otherwise.command,
    )
}
