//! The CDEvents sink against a real receiver.

use std::fs;
use std::path::PathBuf;

use goldenpath::api::delivery_record::RolloutCause;
use goldenpath::assess::delivery::event::ServiceEvent;
use goldenpath::assess::reminders::Delivery;
use goldenpath::notify::{CdEventsSink, SinkSettings};
use goldenpath::proxy::Environment;

use crate::receiver::{Answer, Receiver};
use crate::schemas::service_event;

fn sink(receiver: &Receiver, token_file: Option<PathBuf>) -> CdEventsSink {
    let settings = SinkSettings {
        address: receiver.url("/hooks/very-secret-path").parse().unwrap(),
        token_file,
        environment: "eu-1".to_owned(),
    };
    CdEventsSink::new(settings, Environment::default()).unwrap()
}

fn deliver(sink: &CdEventsSink, event: &ServiceEvent) -> Option<Delivery> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(sink.deliver(event))
}

#[test]
fn an_event_is_sent_in_structured_mode_with_the_current_token() {
    let receiver = Receiver::start();
    let name = format!("sink-token-{}", std::process::id());
    let token = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let sink = sink(&receiver, Some(token.clone()));
    let event = service_event(RolloutCause::Release, Some("ghcr.io/shop/checkout:1.4"));
    // The Secret is not there yet.
    assert!(matches!(deliver(&sink, &event), Some(Delivery::Failed(_))));
    for text in ["first\n", "second\n"] {
        fs::write(&token, text).unwrap();
        assert_eq!(deliver(&sink, &event), Some(Delivery::Accepted));
    }
    let arrived = receiver.received();
    let tokens = arrived
        .iter()
        .map(|it| it.headers["authorization"].to_str().unwrap());
    assert_eq!(
        tokens.collect::<Vec<_>>(),
        ["Bearer first", "Bearer second"]
    );
    let content_type = arrived[0].headers["content-type"].to_str().unwrap();
    assert!(content_type.starts_with("application/cloudevents+json"));
    assert_eq!(arrived[0].path, "/hooks/very-secret-path");
    // The same event, with the same id, both times.
    assert_eq!(arrived[0].body, arrived[1].body);
    let data = &arrived[0].body["data"];
    assert_eq!(data["subject"]["content"]["environment"]["id"], "eu-1");
    let artifact = "pkg:oci/checkout?repository_url=ghcr.io/shop/checkout&tag=1.4";
    assert_eq!(data["subject"]["content"]["artifactId"], artifact);
    let restart = service_event(RolloutCause::Restart, None);
    assert_eq!(deliver(&sink, &restart), None);
    assert_eq!(receiver.received().len(), 2);
    fs::remove_file(&token).unwrap();
}

#[test]
fn only_what_a_retry_cannot_change_is_given_up() {
    let receiver = Receiver::start();
    let sink = sink(&receiver, None);
    let event = service_event(RolloutCause::Release, None);
    let mut pauses = Vec::new();
    for (status, is_given_up) in [
        (500, false),
        (503, false),
        (401, false),
        (404, false),
        (302, false),
        (429, false),
        (400, true),
        (413, true),
    ] {
        let text = "no: /hooks/very-secret-path";
        receiver.answer([Answer::With(status, Vec::new(), text)]);
        match deliver(&sink, &event) {
            Some(Delivery::Refused(failure)) => {
                assert!(is_given_up, "{status}");
                assert!(
                    !failure.message.contains("very-secret-path"),
                    "{}",
                    failure.message
                );
            }
            Some(Delivery::Failed(failure)) => {
                assert!(!is_given_up, "{status}");
                assert!(
                    !failure.message.contains("very-secret-path"),
                    "{}",
                    failure.message
                );
                pauses.push(failure.pause);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(pauses.is_sorted() && pauses[0] < pauses[3], "{pauses:?}");
    assert_eq!(deliver(&sink, &event), Some(Delivery::Accepted));
}

#[test]
fn an_address_is_checked_and_never_printed() {
    let receiver = Receiver::start();
    assert!(!format!("{:?}", sink(&receiver, None)).contains("very-secret-path"));
    for text in ["", "ftp://x/", "https://me:pw@x/", "/x"] {
        assert!(
            text.parse::<goldenpath::notify::SinkAddress>().is_err(),
            "{text}"
        );
    }
}
