//! A message to send.

use goldenpath::assess::register::Usage;
use goldenpath::assess::reminders::{
    Announcement, ItemFacts, MessageItem, Recipient, ReminderMessage, ReminderStage,
};
use jiff::Timestamp;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn addressee(channel: &str, team: &str) -> Recipient {
    Recipient {
        channel: channel.into(),
        team: team.into(),
    }
}

pub fn item(stage: ReminderStage) -> MessageItem {
    MessageItem {
        id: format!("id-{}", stage.as_str()),
        namespace: "shop".into(),
        name: "api-replicas".into(),
        uid: Some("uid".into()),
        generation: Some(1),
        path: "web-service".to_owned(),
        stage,
        decision_at: at("2026-01-01T00:00:00Z"),
        shipped: (stage == ReminderStage::ItemShipped).then(|| "managed-postgres".into()),
        owner: addressee("shop", "shop"),
        intent: None,
        facts: ItemFacts {
            team: "shop".to_owned(),
            ends: Some(at("2026-06-30T00:00:00Z")),
            review: Some(at("2026-04-01T00:00:00Z")),
            renewal_asked: None,
            asked_by: Some("sam".to_owned()),
            words: "One replica holds the licence.".to_owned(),
            needed: Some(true),
            usage: Usage::InUse,
            shipped: Some("Managed PostgreSQL".to_owned()),
        },
    }
}

pub fn message(items: Vec<MessageItem>) -> ReminderMessage {
    ReminderMessage {
        id: "message-1".to_owned(),
        owner: addressee("shop", "shop"),
        dry_run: false,
        items,
        more: 0,
        as_of: at("2026-03-20T09:00:00Z"),
        left_out: None,
    }
}

pub fn announcement(notes: &[&str]) -> Announcement {
    Announcement {
        id: "announcement-1".to_owned(),
        path: "web-service".into(),
        uid: Some("uid".into()),
        title: Some("Web service".to_owned()),
        docs_url: None,
        owner: addressee("shop", "platform"),
        to: addressee("shop", "platform"),
        at: at("2026-11-20T00:00:00Z"),
        notes: notes.iter().map(|note| (*note).to_owned()).collect(),
        dry_run: false,
        as_of: at("2026-11-20T09:00:00Z"),
    }
}
