//! The listener on loopback with a receiver that stores what it gets, and a plain HTTP client.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use goldenpath::assess::delivery::event::alertmanager::AlertSettings;
use goldenpath::assess::delivery::event::{EventResult, EventSource, ReportedIncident};
use goldenpath::server::{self, EventSettings, IncidentReceiver, Limits, Patience, RequestRate};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::serving::serve;

/// Longer than anything here takes, also beside a build.
pub const SOON: Duration = Duration::from_secs(60);
pub const TOKEN: &str = "s3cret-token";

/// What the listener handed over and counted.
pub struct Taken {
    pub incidents: Mutex<Vec<ReportedIncident>>,
    counts: Mutex<Vec<(EventSource, EventResult)>>,
    /// How each report is answered.
    pub outcome: Mutex<EventResult>,
}

impl IncidentReceiver for Taken {
    fn receive(&self, incident: ReportedIncident) -> BoxFuture<'_, EventResult> {
        lock(&self.incidents).push(incident);
        let outcome = *lock(&self.outcome);
        Box::pin(async move { outcome })
    }

    fn count(&self, source: EventSource, result: EventResult) {
        lock(&self.counts).push((source, result));
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}

/// A running listener, on a thread of its own.
pub struct Listener {
    pub address: SocketAddr,
    pub taken: Arc<Taken>,
    pub token_file: PathBuf,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub fn start() -> Self {
        let unbounded = RequestRate {
            burst: 100_000,
            every: Duration::from_millis(1),
        };
        Self::with(unbounded)
    }

    pub fn with(rate: RequestRate) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("events-token-{}-{number}", std::process::id());
        let token_file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&token_file, format!("{TOKEN}\n")).unwrap();
        let taken = Arc::new(Taken {
            incidents: Mutex::default(),
            counts: Mutex::default(),
            outcome: Mutex::new(EventResult::Accepted),
        });
        let settings = EventSettings {
            token_file: token_file.clone(),
            alerts: AlertSettings::default(),
            rate,
        };
        let routes = server::events(taken.clone(), settings);
        let limits = Limits {
            patience: Patience {
                idle: Duration::from_secs(5),
                ..Limits::default().patience
            },
            ..Limits::default()
        };
        let serving = serve(routes, limits);
        Self {
            address: serving.address,
            taken,
            token_file,
            stop: serving.stop,
            thread: Some(serving.thread),
        }
    }

    pub fn incidents(&self) -> Vec<ReportedIncident> {
        lock(&self.taken.incidents).clone()
    }

    pub fn counted(&self, source: EventSource, result: EventResult) -> usize {
        let counts = lock(&self.taken.counts);
        counts.iter().filter(|it| **it == (source, result)).count()
    }

    /// Everything that was counted, in order.
    pub fn last_counted(&self) -> Option<(EventSource, EventResult)> {
        lock(&self.taken.counts).last().copied()
    }

    pub fn send(&self, request: &Sent<'_>) -> Answer {
        send(self.address, request)
    }

    /// Sends an event in structured mode, with the token.
    pub fn event(&self, event: &Value) -> Answer {
        let body = event.to_string();
        self.send(&Sent::structured(body.as_bytes()))
    }

    /// Sends a notification of Alertmanager, with the token.
    pub fn alerts(&self, notification: &Value) -> Answer {
        let body = notification.to_string();
        self.send(&Sent {
            path: "/alertmanager",
            headers: vec![authorized(), ("content-type", "application/json")],
            ..Sent::structured(body.as_bytes())
        })
    }

    pub fn stop(mut self) {
        self.stop.send_replace(true);
        let thread = self.thread.take().unwrap();
        wait_for("the listener ends", || thread.is_finished());
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        let _ = fs::remove_file(&self.token_file);
    }
}

#[track_caller]
pub fn wait_for(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < SOON, "{what}");
        std::thread::yield_now();
    }
}

pub type Header<'a> = (&'a str, &'a str);

pub fn authorized() -> Header<'static> {
    ("authorization", concat!("Bearer ", "s3cret-token"))
}

/// One request.
#[derive(Clone)]
pub struct Sent<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub headers: Vec<Header<'a>>,
    pub body: &'a [u8],
}

impl<'a> Sent<'a> {
    pub fn structured(body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            path: "/events",
            headers: vec![
                authorized(),
                ("content-type", "application/cloudevents+json"),
            ],
            body,
        }
    }
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

pub fn send(address: SocketAddr, request: &Sent<'_>) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut head = format!(
        "{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n",
        request.method,
        request.path,
        request.body.len()
    )
    .into_bytes();
    for (name, value) in &request.headers {
        head.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    head.extend(b"\r\n");
    // A request that is refused early is answered before its end.
    let _ = stream.write_all(&head);
    let _ = stream.write_all(request.body);
    answer(stream)
}

pub fn answer(mut stream: TcpStream) -> Answer {
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => bytes.extend(&buffer[..read]),
            // The rest of a refused body is thrown away with the connection.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer has a head");
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    }
}

/// An incident event of CDEvents in a CloudEvents envelope.
pub fn incident(predicate: &str, id: &str, at: &str) -> Value {
    let kind = format!("dev.cdevents.incident.{predicate}.0.3.0");
    let event_id = format!("{id}-{predicate}");
    json!({
        "specversion": "1.0", "id": event_id, "source": "/pager", "type": kind,
        "datacontenttype": "application/json",
        "data": {
            "context": {"specversion": "0.5.1", "id": event_id, "source": "/pager", "type": kind, "timestamp": at},
            "subject": {"id": id, "content": {
                "environment": {"id": "production"}, "service": {"id": "shop/deployment/checkout"}}},
        },
    })
}

/// A notification with one alert.
pub fn notification(alert: &Value) -> Value {
    json!({"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing",
        "receiver": "goldenpath", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://x", "alerts": [alert]})
}

pub fn alert(status: &str) -> Value {
    json!({"status": status, "labels": {"namespace": "shop", "deployment": "checkout"},
        "annotations": {}, "generatorURL": "", "fingerprint": "b6ac39b2c40e2b07",
        "startsAt": "2026-03-01T12:00:00Z", "endsAt": "2026-03-01T12:30:00Z"})
}
