//! What is new on a path, as channels get it: text of users stays text, and within the limits of the
//! receiver.

use goldenpath::assess::reminders::{Announcement, Delivery};
use goldenpath::notify::{Config, WebhookSender};
use goldenpath::proxy::Environment;
use goldenpath::report::reminder::announcement::{document, slack};
use std::path::Path;

use crate::fixtures::{addressee, announcement};
use crate::receiver::Receiver;

const SENTENCE: &str = "What is new on the path web-service (Web service): 2026-11-20 — ";

fn section(announcement: &Announcement, index: usize) -> String {
    let body = slack(announcement);
    body["blocks"][index]["text"]["text"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn both_formats_have_path_date_and_notes() {
    let new = announcement(&["Probes are checked.", "Limits too."]);
    let text = format!("{SENTENCE}Probes are checked.; Limits too.");
    assert_eq!(document(&new)["text"], text);
    assert_eq!(document(&new)["notes"][1], "Limits too.");
    assert_eq!(document(&new)["team"], "platform");
    assert_eq!(section(&new, 0), text);
}

#[test]
fn documentation_of_the_path_has_a_section_of_its_own() {
    let url = "https://docs.example.com/web?a=1&b=2";
    let new = Announcement {
        docs_url: Some(url.to_owned()),
        ..announcement(&["Probes."])
    };
    assert_eq!(document(&new)["docsURL"], url);
    let escaped = url.replace('&', "&amp;");
    assert_eq!(section(&new, 1), format!("Documentation: {escaped}"));
    let endless = Announcement {
        docs_url: Some(format!("{url}{}", "c".repeat(500))),
        ..new
    };
    assert_eq!(slack(&endless)["blocks"][1], serde_json::Value::Null);
}

#[test]
fn a_dry_run_names_the_channel_it_will_go_to() {
    let new = Announcement {
        dry_run: true,
        to: addressee("platform", "platform"),
        ..announcement(&["Probes."])
    };
    assert_eq!(document(&new)["channel"], "platform");
    assert_eq!(document(&new)["for"]["channel"], "shop");
    assert!(section(&new, 0).contains("the channel shop gets this"));
    assert_eq!(section(&new, 1), format!("{SENTENCE}Probes."));
}

#[test]
fn a_long_note_is_cut_and_fits_into_one_section_of_slack() {
    let long = "& ".repeat(3_000);
    let new = announcement(&[&long, "never read"]);
    let text = document(&new)["text"].as_str().unwrap().to_owned();
    assert!(text.ends_with('…'));
    assert!(text.chars().count() <= SENTENCE.chars().count() + 1_000);
    assert!(section(&new, 0).chars().count() <= 3_000);
}

#[test]
fn a_note_can_neither_mention_nor_link_nor_break_a_line() {
    let new = announcement(&["<!channel> @here\n<https://example.com|free>"]);
    let text = section(&new, 0);
    for markup in ["<", ">", "@here", "\n"] {
        assert!(!text.contains(markup), "{markup}: {text}");
    }
}

#[test]
fn it_is_posted_to_its_channel_under_its_key() {
    let receiver = Receiver::start();
    let config = format!(
        "default: shop\nchannels: {{shop: {{url: '{}', format: json}}}}",
        receiver.url("/hook")
    );
    let config = Config::parse(&config, Path::new("/")).unwrap();
    let sender = WebhookSender::new(&config, Environment::default()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let delivery = runtime.block_on(sender.announce(&announcement(&["Probes."])));
    assert_eq!(delivery, Delivery::Accepted);
    let [message] = receiver.received().try_into().unwrap();
    assert_eq!(message.path, "/hook");
    assert_eq!(message.key(), "\"announcement-1\"");
    assert_eq!(message.body["kind"], "Announcement");
}
