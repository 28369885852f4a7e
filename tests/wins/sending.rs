//! The digest on its way to a receiver: one request, in the channel's format, under one key.

use std::path::Path;

use goldenpath::assess::goals::wins::RecordedDigest;
use goldenpath::notify::{Config, Error, send_wins};
use goldenpath::proxy::Environment;
use goldenpath::report::wins::Edition;

use crate::digest;
use crate::receiver::{Answer, Receiver};

fn send(receiver: &Receiver, format: &str, edition: Edition<'_>) -> Result<(), Error> {
    let entry = RecordedDigest::first(digest("busy"));
    send_entry(receiver, format, &entry, edition)
}

fn send_entry(
    receiver: &Receiver,
    format: &str,
    entry: &RecordedDigest,
    edition: Edition<'_>,
) -> Result<(), Error> {
    let url = receiver.url("/hook/secret-of-the-channel");
    let text = format!(
        "default: all\nchannels:\n  all: {{url: 'http://127.0.0.1:9/'}}\n  \
         hall: {{url: '{url}', format: {format}}}\nwins: {{draft: hall}}\n"
    );
    let config = Config::parse(&text, Path::new("/")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let channel = &config.wins.draft;
    runtime.block_on(send_wins(
        &config,
        channel,
        entry,
        edition,
        Environment::default(),
    ))
}

#[test]
fn each_format_arrives_whole() {
    let receiver = Receiver::start();
    for format in ["slack", "teams", "json"] {
        send(&receiver, format, Edition::Draft).unwrap();
    }
    let [slack, teams, json] = receiver.received().try_into().unwrap();
    assert_eq!(slack.body["blocks"][0]["type"], "header");
    assert_eq!(
        teams.body["attachments"][0]["content"]["type"],
        "AdaptiveCard"
    );
    assert_eq!(json.body["kind"], "PlatformWins");
    assert_eq!(json.body["digest"]["month"], "2026-10");
    for received in [&slack, &teams, &json] {
        assert_eq!(received.key(), "\"wins-2026-10-draft\"");
    }
    send(&receiver, "json", Edition::Published(None)).unwrap();
    let published = receiver.received().pop().unwrap();
    assert_eq!(published.key(), "\"wins-2026-10-published\"");
    assert_eq!(published.body["draft"], false);
}

#[test]
fn another_draft_has_a_key_of_its_own_and_the_month_is_published_under_one() {
    let receiver = Receiver::start();
    let second = RecordedDigest {
        draft: 2,
        ..RecordedDigest::first(digest("busy"))
    };
    for edition in [Edition::Draft, Edition::Published(None)] {
        send_entry(&receiver, "json", &second, edition).unwrap();
    }
    let keys: Vec<_> = receiver
        .received()
        .iter()
        .map(crate::receiver::Received::key)
        .collect();
    assert_eq!(
        keys,
        ["\"wins-2026-10-draft-2\"", "\"wins-2026-10-published\""]
    );
}

#[test]
fn a_refusal_says_why_and_not_where() {
    let receiver = Receiver::start();
    receiver.answer([Answer::With(
        404,
        Vec::new(),
        "no_service secret-of-the-channel",
    )]);
    let refused = send(&receiver, "slack", Edition::Draft)
        .unwrap_err()
        .to_string();
    assert_eq!(
        refused,
        "failed to send the digest to channel hall: HTTP 404"
    );
    receiver.answer([Answer::With(410, Vec::new(), "channel_is_archived")]);
    let refused = send(&receiver, "slack", Edition::Draft)
        .unwrap_err()
        .to_string();
    assert!(
        refused.ends_with("HTTP 410 channel_is_archived"),
        "{refused}"
    );
}
