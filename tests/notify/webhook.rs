//! One request, one outcome.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use goldenpath::assess::reminders::{Delivery, DeliveryFailure, ReminderStage};
use goldenpath::notify::{Config, WebhookSender};
use goldenpath::proxy::Environment;

use crate::fixtures::{item, message};
use crate::receiver::{Answer, Receiver};

/// Longer than the post ever waits.
const SOON: Duration = Duration::from_secs(60);

fn post(channel: &str) -> WebhookSender {
    let text = format!("default: shop\nchannels: {{shop: {channel}}}\n");
    let config = Config::parse(&text, Path::new("/")).unwrap();
    WebhookSender::new(&config, Environment::default()).unwrap()
}

fn to(receiver: &Receiver) -> WebhookSender {
    post(&format!("{{url: '{}'}}", receiver.url("/hook/secret")))
}

fn send(post: &WebhookSender) -> Delivery {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let message = message(vec![item(ReminderStage::ReviewDue)]);
    runtime.block_on(async {
        tokio::time::timeout(SOON, post.deliver(&message))
            .await
            .unwrap()
    })
}

fn failed(delivery: Delivery) -> DeliveryFailure {
    match delivery {
        Delivery::Failed(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn refused(delivery: Delivery) -> DeliveryFailure {
    match delivery {
        Delivery::Refused(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn with(status: u16) -> Answer {
    Answer::With(status, Vec::new(), "no such thing\nhere")
}

#[test]
fn a_message_arrives_whole_and_named() {
    let receiver = Receiver::start();
    assert_eq!(send(&to(&receiver)), Delivery::Accepted);
    let [message] = receiver.received().try_into().unwrap();
    assert_eq!(message.path, "/hook/secret");
    assert_eq!(message.key(), "\"message-1\"");
    assert_eq!(
        message.headers["content-type"],
        "application/json; charset=utf-8"
    );
    assert_eq!(message.body["blocks"][0]["type"], "header");
}

#[test]
fn plain_json_agrees_with_slack() {
    let receiver = Receiver::start();
    let post = post(&format!("{{url: '{}', format: json}}", receiver.url("/")));
    assert_eq!(send(&post), Delivery::Accepted);
    let body = &receiver.received()[0].body;
    assert_eq!(body["id"], "message-1");
    assert_eq!(body["items"][0]["id"], "id-review-due");
    assert_eq!(body["items"][0]["decisionAt"], "2026-01-01T00:00:00Z");
    let state = body["items"][0]["state"].as_str().unwrap();
    assert_eq!(
        state,
        "exception approved until 30 Jun, needs a review by 1 Apr"
    );
}

#[test]
fn what_is_wrong_with_a_message_is_not_tried_again() {
    let receiver = Receiver::start();
    let post = to(&receiver);
    for (status, reason) in [
        (400, "Refused"),
        (403, "Forbidden"),
        (404, "NotFound"),
        (410, "NotFound"),
        (302, "Redirected"),
    ] {
        receiver.answer([with(status)]);
        let failure = refused(send(&post));
        assert_eq!(failure.reason, reason, "{status}");
        assert_eq!(failure.message, format!("HTTP {status} no such thing here"));
        assert!(failure.pause >= Duration::from_secs(600), "{status}");
    }
}

#[test]
fn an_answer_that_repeats_the_address_is_not_quoted() {
    let receiver = Receiver::start();
    let refusal = "Cannot POST /hook/secret";
    receiver.answer([Answer::With(404, Vec::new(), refusal)]);
    assert_eq!(refused(send(&to(&receiver))).message, "HTTP 404");
    receiver.answer([Answer::With(503, Vec::new(), refusal)]);
    assert_eq!(failed(send(&to(&receiver))).message, "HTTP 503");
}

#[test]
fn a_redirect_is_not_followed() {
    let (elsewhere, receiver) = (Receiver::start(), Receiver::start());
    let location = vec![("location", elsewhere.url("/"))];
    receiver.answer([Answer::With(307, location, "")]);
    refused(send(&to(&receiver)));
    assert_eq!(elsewhere.received().len(), 0);
}

#[test]
fn a_receiver_that_fails_is_left_alone_for_longer_each_time() {
    let receiver = Receiver::start();
    let post = to(&receiver);
    receiver.answer([with(500), with(503), with(502), with(408)]);
    let pauses: Vec<_> = (0..4)
        .map(|_| failed(send(&post)).pause.as_secs())
        .collect();
    assert_eq!(pauses, [2, 4, 8, 16]);
    assert_eq!(send(&post), Delivery::Accepted);
    receiver.answer([with(500)]);
    assert_eq!(failed(send(&post)).pause.as_secs(), 2, "it starts anew");
}

#[test]
fn a_receiver_that_throttles_sets_the_pause() {
    let receiver = Receiver::start();
    let in_ten_minutes = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(600));
    for (asked, least, most) in [
        ("30".to_owned(), 30, 30),
        (in_ten_minutes, 300, 600),
        ("999999".to_owned(), 3_600, 3_600),
        ("soon".to_owned(), 2, 2),
    ] {
        receiver.answer([Answer::With(429, vec![("retry-after", asked)], "slow down")]);
        let failure = failed(send(&to(&receiver)));
        assert_eq!(failure.reason, "TooManyRequests");
        assert!(
            (least..=most).contains(&failure.pause.as_secs()),
            "{failure:?}"
        );
    }
}

#[test]
fn a_receiver_that_takes_its_time_is_waited_for_and_a_deaf_one_is_not() {
    let receiver = Receiver::start();
    receiver.answer([Answer::After(Duration::from_secs(1)), Answer::Never]);
    assert_eq!(send(&to(&receiver)), Delivery::Accepted);
    let failure = failed(send(&to(&receiver)));
    assert_eq!(failure.reason, "TimedOut");
    receiver.release();
}

/// Accepts one connection, reads a little of it, writes `answer` and closes.
fn rude(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook/secret", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 64]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    url
}

#[test]
fn a_connection_that_breaks_off_is_tried_again_later() {
    for answer in ["", "HTTP/1.1 20", "nonsense\r\n\r\n"] {
        let failure = failed(send(&post(&format!("{{url: '{}'}}", rude(answer)))));
        assert_eq!(failure.reason, "Unreachable", "{answer}");
        assert!(!failure.message.contains("secret"), "{failure:?}");
    }
    let failure = failed(send(&post("{url: 'http://127.0.0.1:1/secret'}")));
    assert_eq!(failure.reason, "Unreachable");
    assert!(!failure.message.contains("secret"), "{failure:?}");
}

#[test]
fn what_a_receiver_took_is_taken_though_it_never_finished_its_sentence() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of";
    let url = rude(answer);
    assert_eq!(
        send(&post(&format!("{{url: '{url}'}}"))),
        Delivery::Accepted
    );
    let refusal = "HTTP/1.1 404 No\r\ncontent-length: 100\r\n\r\nhalf of";
    let url = rude(refusal);
    assert_eq!(
        refused(send(&post(&format!("{{url: '{url}'}}")))).reason,
        "NotFound"
    );
}

#[test]
fn an_address_in_a_file_is_read_for_every_message() {
    let directory = std::env::temp_dir().join(format!("goldenpath-post-{}", std::process::id()));
    // A test that was killed may have left one, and process ids come again.
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("url");
    let post = post(&format!("{{urlFile: '{}'}}", file.display()));
    assert_eq!(failed(send(&post)).reason, "NoAddress");
    let receiver = Receiver::start();
    std::fs::write(&file, format!("{}\n", receiver.url("/first"))).unwrap();
    assert_eq!(send(&post), Delivery::Accepted);
    std::fs::write(&file, receiver.url("/second")).unwrap();
    assert_eq!(send(&post), Delivery::Accepted);
    let paths: Vec<_> = receiver.received().into_iter().map(|r| r.path).collect();
    assert_eq!(paths, ["/first", "/second"]);
    std::fs::remove_dir_all(directory).unwrap();
}
