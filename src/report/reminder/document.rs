//! A reminder as JSON, for receivers other than chat. The `id` of a message and of an item stays the
//! same when it is sent again, so that a receiver can drop duplicates.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Action, closing, opening, sentences, title};
use crate::api::API_VERSION;
use crate::assess::reminders::{MessageItem, ReminderMessage};

/// The kind of the document.
const KIND: &str = "Reminder";

/// The whole message.
pub fn document(message: &ReminderMessage) -> Value {
    let items: Vec<ItemDocument<'_>> = message
        .items
        .iter()
        .map(|item| entry(item, message.as_of))
        .collect();
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "id": message.id,
        "asOf": message.as_of,
        "channel": &*message.owner.channel,
        "team": &*message.owner.team,
        "dryRun": message.dry_run,
        "title": title(message),
        "text": opening(message),
        "items": items,
        "more": message.more,
        "moreText": closing(message).unwrap_or_default(),
    })
}

/// One item. Fields may be added, existing ones stay.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemDocument<'a> {
    id: &'a str,
    namespace: &'a str,
    exception: &'a str,
    path: &'a str,
    team: &'a str,
    stage: &'static str,
    decision_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_expiry: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_review_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    needed: Option<bool>,
    /// Name of the roadmap item that was shipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipped_item: Option<&'a str>,
    /// The owner it is for, dry run or not.
    r#for: For<'a>,
    state: String,
    next: ReminderAction,
    otherwise: ReminderAction,
}

#[derive(Serialize)]
struct For<'a> {
    team: &'a str,
    channel: &'a str,
}

#[derive(Serialize)]
struct ReminderAction {
    text: &'static str,
    command: String,
}

fn entry(item: &MessageItem, as_of: Timestamp) -> ItemDocument<'_> {
    let sentences = sentences(item, as_of);
    ItemDocument {
        id: &item.id,
        namespace: &item.namespace,
        exception: &item.name,
        path: &item.path,
        team: &item.facts.team,
        stage: item.stage.as_str(),
        decision_at: item.decision_at,
        effective_expiry: item.facts.ends,
        next_review_at: item.facts.review,
        needed: item.facts.needed,
        shipped_item: item.shipped.as_deref(),
        r#for: For {
            team: &item.owner.team,
            channel: &item.owner.channel,
        },
        state: sentences.state,
        next: sentences.next.into(),
        otherwise: sentences.otherwise.into(),
    }
}

impl From<Action> for ReminderAction {
    fn from(step: Action) -> Self {
        Self {
            text: step.text,
            command: step.command,
        }
    }
}
