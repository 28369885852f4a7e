//! Announces changes to open pages, as server-sent events. An event carries the version alone; the page then
//! fetches itself again. The number of streams is bounded; each sends a comment every 15 s, and ends before
//! the listener closes it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::shared::Shared;
use super::{Limits, Responses, Source};
use crate::report::document::view::ReportView;

/// Streams may hold one in this many of a listener's connections.
const CONNECTIONS_PER_STREAM: usize = 3;
/// How often the version is compared.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// Proxies close a silent stream, so a comment follows each such pause.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lasts; a browser opens the next one.
const LIFETIME: Duration = Duration::from_secs(100);

/// The version that streams share, and room for them.
#[derive(Debug)]
pub(super) struct Changes {
    latest: Mutex<Option<(Instant, Option<u64>)>>,
    open: Arc<Semaphore>,
}

impl Default for Changes {
    fn default() -> Self {
        let streams = (Limits::default().connections / CONNECTIONS_PER_STREAM).max(1);
        Self {
            latest: Mutex::default(),
            open: Arc::new(Semaphore::new(streams)),
        }
    }
}

impl Changes {
    /// The version of the source, asked for at most once in [`CHECK_EVERY`] for all streams. Pages that are
    /// fetched again because of it show the change.
    fn version(&self, source: &dyn Source, views: &Shared<ReportView>) -> Option<u64> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        match *latest {
            Some((asked, version)) if asked.elapsed() < CHECK_EVERY => version,
            Some(_) | None => {
                let version = source.version();
                if latest.is_none_or(|(_, known)| known != version) {
                    views.announce();
                }
                *latest = Some((Instant::now(), version));
                version
            }
        }
    }
}

/// One open stream.
struct Reader {
    responses: Responses,
    _room: OwnedSemaphorePermit,
    began: Instant,
    sent: Instant,
    /// The version and the minute announced last: dates change answers too.
    known: Option<(u64, i64)>,
}

impl Reader {
    /// The next event or comment; none when the stream has lasted long enough.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        while self.began.elapsed() < LIFETIME {
            let Responses { source, views, .. } = &self.responses;
            let version = self.responses.changes.version(&**source, views);
            let current = version.map(|version| (version, Timestamp::now().as_second() / 60));
            if let Some((version, minute)) = current.filter(|_| current != self.known) {
                self.known = current;
                self.sent = Instant::now();
                let id = format!("{version}-{minute}");
                let event = format!("event: version\nid: {id}\nretry: 3000\ndata: {id}\n\n");
                return Some((Ok(event.into()), self));
            }
            if self.sent.elapsed() >= HEARTBEAT {
                self.sent = Instant::now();
                return Some((Ok(Bytes::from_static(b": still here\n\n")), self));
            }
            sleep(CHECK_EVERY).await;
        }
        None
    }
}

/// Opens a stream, or answers `204`, which makes a browser stop asking.
pub(super) async fn stream(State(responses): State<Responses>) -> Response {
    let Ok(room) = responses.changes.open.clone().try_acquire_owned() else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let reader = Reader {
        responses,
        _room: room,
        began: Instant::now(),
        sent: Instant::now(),
        known: None,
    };
    let headers = [
        (header::CONTENT_TYPE.as_str(), "text/event-stream"),
        (header::CACHE_CONTROL.as_str(), "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
    ];
    let body = Body::from_stream(unfold(reader, Reader::next));
    (headers, body).into_response()
}
