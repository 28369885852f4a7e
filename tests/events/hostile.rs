//! Requests of someone who wants to do harm: any bytes are answered, and nothing panics.

use goldenpath::assess::delivery::event::alertmanager::{self, AlertSettings};
use goldenpath::assess::delivery::event::{cdevents, cloudevents};
use proptest::prelude::*;

use crate::ground::{Listener, Sent, alert, authorized, incident, notification};

const TYPES: [&str; 4] = [
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/json",
    "",
];

/// Valid texts with some bytes replaced, or any bytes.
fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let valid = [
        incident("detected", "1", "2026-03-01T12:00:00Z").to_string(),
        incident("resolved", "1", "2026-03-01T12:00:00Z").to_string(),
        notification(&alert("firing")).to_string(),
        "[[[[[[[[[[[[[[[[".repeat(64),
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    let edited = (prop::sample::select(valid.to_vec()), edits).prop_map(|(text, edits)| {
        let mut bytes = text.into_bytes();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    });
    prop_oneof![4 => edited, 1 => prop::collection::vec(any::<u8>(), 0..200)]
}

fn parse(content_type: &str, header: &[u8], body: &[u8]) {
    let headers = |name: &str| match name {
        "content-type" => Some(content_type.as_bytes()),
        "ce-specversion" => Some(&b"1.0"[..]),
        _ => Some(header),
    };
    for event in cloudevents::read(&headers, body).into_iter().flatten() {
        let _ = cdevents::read(&event);
    }
    let _ = alertmanager::read(body, &AlertSettings::default());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(
        body in bodies(),
        header in prop::collection::vec(any::<u8>(), 0..40),
        kind in prop::sample::select(TYPES.to_vec()),
    ) {
        parse(kind, &header, &body);
    }
}

#[test]
fn any_request_is_answered() {
    let listener = Listener::start();
    let config = ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let requests = (
        bodies(),
        prop::sample::select(TYPES.to_vec()),
        prop::sample::select(vec!["/events", "/alertmanager"]),
    );
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let answered = runner.run(&requests, |(body, kind, path)| {
        let answer = listener.send(&Sent {
            method: "POST",
            path,
            headers: vec![authorized(), ("content-type", kind)],
            body: &body,
        });
        prop_assert!(
            [200, 400, 415].contains(&answer.status),
            "{}",
            answer.status
        );
        prop_assert!(!answer.body.trim().is_empty());
        Ok(())
    });
    answered.unwrap();
}
