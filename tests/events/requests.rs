//! What each request is answered, and what is counted.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use goldenpath::assess::delivery::event::{EventResult, EventSource};
use goldenpath::server::RequestRate;
use serde_json::json;

use crate::ground::{
    Listener, Sent, TOKEN, alert, answer, authorized, incident, lock, notification, wait_for,
};

const START: &str = "2026-03-01T12:00:00Z";

#[test]
fn an_incident_is_handed_over_and_counted() {
    let listener = Listener::start();
    let answer = listener.event(&incident("detected", "4711", START));
    assert_eq!((answer.status, answer.body.as_str()), (200, "1 accepted\n"));
    let answer = listener.alerts(&notification(&alert("resolved")));
    assert_eq!((answer.status, answer.body.as_str()), (200, "1 accepted\n"));
    let incidents = listener.incidents();
    let names: Vec<_> = incidents
        .iter()
        .map(|incident| incident.workload.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(names, ["shop/deployment/checkout"; 2]);
    assert_eq!(incidents[0].report.id, "/pager 4711");
    assert_eq!(incidents[1].report.started_at, START.parse().ok());
    for source in EventSource::ALL {
        assert_eq!(listener.counted(source, EventResult::Accepted), 1);
    }
    listener.stop();
}

#[test]
fn binary_mode_and_batches_are_taken() {
    let listener = Listener::start();
    let event = incident("detected", "1", START);
    let body = event["data"].to_string();
    let kind = event["type"].as_str().unwrap();
    let answer = listener.send(&Sent {
        headers: vec![
            authorized(),
            ("content-type", "application/json"),
            ("ce-specversion", "1.0"),
            ("ce-id", "1%2Ddetected"),
            ("ce-source", "/pager"),
            ("ce-type", kind),
        ],
        ..Sent::structured(body.as_bytes())
    });
    assert_eq!((answer.status, answer.body.as_str()), (200, "1 accepted\n"));
    let mut other = event.clone();
    other["type"] = json!("dev.cdevents.service.deployed.0.3.0");
    let mut nameless = event.clone();
    nameless["data"]["subject"]["content"]["service"] = json!(null);
    let batch = json!([event, other, nameless, incident("resolved", "1", START)]).to_string();
    let answer = listener.send(&Sent {
        headers: vec![
            authorized(),
            ("content-type", "application/cloudevents-batch+json"),
        ],
        ..Sent::structured(batch.as_bytes())
    });
    let body = "2 accepted, 1 unmatched, 1 ignored\n";
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
    assert_eq!(listener.incidents().len(), 3);
}

/// One sentence, counted as `result`.
#[track_caller]
fn is_refused(listener: &Listener, request: &Sent<'_>, status: u16, result: EventResult) {
    let answer = listener.send(request);
    assert_eq!(answer.status, status, "{}", answer.body);
    let sentence = answer.body.trim_end();
    assert!(
        !sentence.is_empty() && !sentence.contains(['\n']),
        "{sentence}"
    );
    assert!(!answer.body.contains(TOKEN));
    let source = EventSource::CdEvents;
    assert_eq!(listener.last_counted(), Some((source, result)));
    assert_eq!(listener.incidents(), []);
}

#[test]
fn bad_requests_are_refused_with_a_sentence_and_counted() {
    let listener = Listener::start();
    let good = incident("detected", "1", START).to_string();
    let sent = Sent::structured(good.as_bytes());
    for value in ["Bearer wrong", "Bearer", "Basic s3cret-token", ""] {
        let headers = vec![("authorization", value)];
        let request = Sent {
            headers,
            ..sent.clone()
        };
        is_refused(&listener, &request, 401, EventResult::Unauthorized);
    }
    for (content_type, status) in [
        ("application/json", 400),
        ("text/plain", 415),
        ("application/cloudevents+avro", 415),
    ] {
        let headers = vec![authorized(), ("content-type", content_type)];
        let request = Sent {
            headers,
            ..sent.clone()
        };
        is_refused(&listener, &request, status, EventResult::Invalid);
    }
    let put = Sent {
        method: "PUT",
        ..sent.clone()
    };
    is_refused(&listener, &put, 405, EventResult::Invalid);
    let broken = Sent::structured(b"{");
    is_refused(&listener, &broken, 400, EventResult::Invalid);
    let large = vec![b' '; 1024 * 1024 + 1];
    let large = Sent::structured(&large);
    is_refused(&listener, &large, 413, EventResult::TooLarge);
}

#[test]
fn bad_notifications_are_refused() {
    let listener = Listener::start();
    for (path, body, status) in [
        ("/alertmanager", "{}", 400),
        ("/alertmanager", "{\"version\":\"3\",\"alerts\":[]}", 400),
        ("/nowhere", "{}", 404),
    ] {
        let answer = listener.send(&Sent {
            path,
            headers: vec![authorized(), ("content-type", "application/json")],
            ..Sent::structured(body.as_bytes())
        });
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    let invalid = listener.counted(EventSource::Alertmanager, EventResult::Invalid);
    assert_eq!(invalid, 2);
}

#[test]
fn a_body_without_a_length_is_bounded_too() {
    let listener = Listener::start();
    let mut stream = TcpStream::connect(listener.address).unwrap();
    let head = format!(
        "POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = [b"10000\r\n".to_vec(), vec![b' '; 0x10000], b"\r\n".to_vec()].concat();
    for _ in 0..17 {
        // It is refused before the end.
        let _ = stream.write_all(&chunk);
    }
    assert_eq!(answer(stream).status, 413);
    assert_eq!(
        listener.counted(EventSource::CdEvents, EventResult::TooLarge),
        1
    );
}

#[test]
fn a_slow_body_is_given_up() {
    let listener = Listener::start();
    let mut stream = TcpStream::connect(listener.address).unwrap();
    let head = format!(
        "POST /events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 10\r\nconnection: close\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(answer(stream).status, 408);
}

#[test]
fn a_token_is_read_again_after_it_changed() {
    let listener = Listener::start();
    let event = incident("detected", "1", START);
    assert_eq!(listener.event(&event).status, 200);
    fs::write(&listener.token_file, "rotated").unwrap();
    assert_eq!(listener.event(&event).status, 401);
    let body = event.to_string();
    let rotated = Sent {
        headers: vec![
            ("Authorization", "bearer rotated"),
            ("content-type", "application/cloudevents+json"),
        ],
        ..Sent::structured(body.as_bytes())
    };
    assert_eq!(listener.send(&rotated).status, 200);
    for unusable in ["", "\n"] {
        fs::write(&listener.token_file, unusable).unwrap();
        let answer = listener.send(&Sent {
            headers: vec![("authorization", "Bearer "), rotated.headers[1]],
            ..rotated.clone()
        });
        assert_eq!(answer.status, 503);
    }
    fs::remove_file(&listener.token_file).unwrap();
    assert_eq!(listener.send(&rotated).status, 503);
    let unavailable = listener.counted(EventSource::CdEvents, EventResult::Unavailable);
    assert_eq!(unavailable, 3);
}

#[test]
fn what_cannot_be_recorded_comes_again() {
    let listener = Listener::start();
    *lock(&listener.taken.outcome) = EventResult::Unavailable;
    let answer = listener.event(&incident("detected", "1", START));
    assert_eq!(answer.status, 503);
    assert!(
        answer.head.contains("\r\nretry-after: 5"),
        "{}",
        answer.head
    );
    assert!(
        answer.head.contains("\r\nconnection: close"),
        "{}",
        answer.head
    );
    for (outcome, body) in [
        (EventResult::Duplicate, "1 duplicate\n"),
        (EventResult::Unmatched, "1 unmatched\n"),
    ] {
        *lock(&listener.taken.outcome) = outcome;
        let answer = listener.event(&incident("detected", "1", START));
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
}

#[test]
fn too_many_requests_are_refused() {
    let listener = Listener::with(RequestRate {
        burst: 3,
        every: Duration::from_secs(3_600),
    });
    let event = incident("detected", "1", START);
    let statuses: Vec<_> = (0..5).map(|_| listener.event(&event).status).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    assert!(listener.event(&event).head.contains("\r\nretry-after: 5"));
    // Alertmanager repeats a notification after a 5xx only.
    let answer = listener.alerts(&notification(&alert("firing")));
    assert_eq!(answer.status, 503);
    let limited = listener.counted(EventSource::Alertmanager, EventResult::RateLimited);
    assert_eq!(limited, 1);
    // Without the token, the rate is not used up.
    assert_eq!(
        listener.counted(EventSource::CdEvents, EventResult::RateLimited),
        3
    );
}

#[test]
fn a_request_under_way_ends_before_the_listener_does() {
    let listener = Listener::start();
    let event = incident("detected", "1", START);
    assert_eq!(listener.event(&event).status, 200);
    let taken = listener.taken.clone();
    listener.stop();
    wait_for("the report was handed over", || {
        lock(&taken.incidents).len() == 1
    });
}
