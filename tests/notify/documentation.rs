//! The page about reminders is true: the operator reads its example, and sends its shape.

use std::path::Path;

use goldenpath::assess::reminders::ReminderStage;
use goldenpath::notify::{Config, WebhookSender};
use goldenpath::proxy::Environment;
use goldenpath::report::reminder::{announcement, document};

use crate::fixtures::{self, item, message};

const PAGE: &str = include_str!("../../docs/reminders.md");

/// The text of the first block of code that begins so.
fn block(beginning: &str) -> &str {
    let (_, rest) = PAGE.split_once(beginning).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_example_is_a_configuration() {
    let config = Config::parse(block("```yaml\n"), Path::new("/")).unwrap();
    assert_eq!(config.endpoints.len(), 3);
    WebhookSender::new(&config, Environment::default()).unwrap();
}

#[test]
fn every_field_that_is_sent_is_on_the_page() {
    let shape = block("```\n{apiVersion");
    let sent = document(&message(vec![item(ReminderStage::ReviewDue)]));
    let fields = sent.as_object().unwrap().keys();
    let of_items = sent["items"][0].as_object().unwrap().keys();
    for field in fields
        .chain(of_items)
        .filter(|field| *field != "apiVersion")
    {
        assert!(shape.contains(field), "{field}");
    }
}

#[test]
fn every_field_of_an_announcement_is_on_the_page() {
    let shape = block("```\n{kind: Announcement");
    let sent = announcement::document(&fixtures::announcement(&["Probes."]));
    for field in sent.as_object().unwrap().keys() {
        assert!(
            ["apiVersion", "kind"].contains(&&**field) || shape.contains(field),
            "{field}"
        );
    }
}

#[test]
fn every_stage_is_on_the_page() {
    for stage in ReminderStage::ALL {
        let row = format!("| `{}` |", stage.as_str());
        assert!(PAGE.contains(&row), "{row}");
    }
}
