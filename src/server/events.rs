//! The listener for incidents: CDEvents over CloudEvents, and Alertmanager's webhook, behind a bearer
//! token. It bounds size, rate and time of requests, and answers bad ones with a sentence. It knows
//! nothing of clusters: an [`IncidentReceiver`] takes what was read, and counts.

mod admission;
mod answer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use futures::future::{BoxFuture, join_all};
use tokio::time::timeout;
use tracing::warn;

pub use admission::RequestRate;
use admission::{TokenBucket, is_authorized};
use answer::{Refusal, ResultCounts};

use super::busy;
use super::listener::Routes;
use super::prefix::BasePath;
use crate::assess::delivery::event::alertmanager::{self, AlertSettings};
use crate::assess::delivery::event::cloudevents::{is_json, media_type};
use crate::assess::delivery::event::{
    EventError, EventResult, EventSource, ReadEvent, ReportedIncident, cdevents, cloudevents,
};
use crate::report::terminal::plain::plain;

/// Bytes of a request's body.
const LARGEST: usize = 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// How long a report may take to be recorded: a record is written every 10 s at most. Together with the
/// body less than a stalled connection may last.
const RECORDED_WITHIN: Duration = Duration::from_secs(14);
/// Pause between two log lines about refused requests.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Takes incidents.
pub trait IncidentReceiver: Send + Sync + 'static {
    /// Records one report. `Accepted` or `Duplicate` only once the record has it.
    fn receive(&self, incident: ReportedIncident) -> BoxFuture<'_, EventResult>;
    /// Counts one event, or one refused request.
    fn count(&self, source: EventSource, result: EventResult);
}

/// Settings of the listener.
#[derive(Clone, Debug)]
pub struct EventSettings {
    /// The file with the bearer token. It is read for each request, so that a rotated one takes effect.
    pub token_file: PathBuf,
    /// Which alerts are incidents.
    pub alerts: AlertSettings,
    /// Requests in a period.
    pub rate: RequestRate,
}

/// The state of the routes.
struct Events {
    receiver: Arc<dyn IncidentReceiver>,
    settings: EventSettings,
    bucket: Mutex<TokenBucket>,
    logged: Mutex<Option<Instant>>,
}

/// What one request carries.
struct Read {
    events: Vec<ReadEvent>,
    /// Events that the sender left out.
    truncated: u64,
}

/// The routes for events.
pub fn events(receiver: Arc<dyn IncidentReceiver>, settings: EventSettings) -> Routes {
    let bucket = TokenBucket::new(settings.rate, Instant::now());
    let events = Arc::new(Events {
        receiver,
        settings,
        bucket: Mutex::new(bucket),
        logged: Mutex::default(),
    });
    let all = Router::new()
        .route(
            "/events",
            on(MethodFilter::POST, cdevents).fallback(cdevents_method),
        )
        .route(
            "/alertmanager",
            on(MethodFilter::POST, alerts).fallback(alerts_method),
        )
        .with_state(events);
    Routes {
        all,
        reserve: Router::new().fallback(busy),
        base: BasePath::default(),
        views: Arc::default(),
    }
}

async fn cdevents(State(events): State<Arc<Events>>, request: Request) -> Response {
    events.take(EventSource::CdEvents, request).await
}

async fn alerts(State(events): State<Arc<Events>>, request: Request) -> Response {
    events.take(EventSource::Alertmanager, request).await
}

async fn cdevents_method(State(events): State<Arc<Events>>) -> Response {
    events.refuse(EventSource::CdEvents, &Refusal::Method)
}

async fn alerts_method(State(events): State<Arc<Events>>) -> Response {
    events.refuse(EventSource::Alertmanager, &Refusal::Method)
}

impl Events {
    async fn take(&self, source: EventSource, request: Request) -> Response {
        let read = match self.read(source, request).await {
            Ok(read) => read,
            Err(refusal) => return self.refuse(source, &refusal),
        };
        let results = read.events.into_iter().map(|event| self.record(event));
        let results = join_all(results).await;
        let mut counts = ResultCounts::new(read.truncated);
        for result in results {
            self.receiver.count(source, result);
            counts.add(result);
        }
        counts.response()
    }

    async fn record(&self, event: ReadEvent) -> EventResult {
        match event {
            ReadEvent::Incident(incident) => {
                let recorded = timeout(RECORDED_WITHIN, self.receiver.receive(incident));
                recorded.await.unwrap_or(EventResult::Unavailable)
            }
            ReadEvent::Nameless => EventResult::Unmatched,
            ReadEvent::Ignored => EventResult::Ignored,
        }
    }

    async fn read(&self, source: EventSource, request: Request) -> Result<Read, Refusal> {
        let (head, body) = request.into_parts();
        if !is_authorized(&head.headers, &self.settings.token_file)? {
            return Err(Refusal::Unauthorized);
        }
        if !self.is_within_rate() {
            return Err(Refusal::RateLimited(source));
        }
        if announced(&head.headers).is_some_and(|length| length > LARGEST) {
            return Err(Refusal::TooLarge);
        }
        let body = timeout(BODY_WITHIN, to_bytes(body, LARGEST))
            .await
            .map_err(|_| Refusal::Slow)?
            .map_err(|error| unread(&error))?;
        Ok(self.parse(source, &head.headers, &body)?)
    }

    fn parse(
        &self,
        source: EventSource,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<Read, EventError> {
        match source {
            EventSource::CdEvents => {
                let header = |name: &str| headers.get(name).map(axum::http::HeaderValue::as_bytes);
                let envelopes = cloudevents::read(&header, body)?;
                Ok(Read {
                    events: envelopes
                        .iter()
                        .map(cdevents::read)
                        .collect::<Result<_, _>>()?,
                    truncated: 0,
                })
            }
            EventSource::Alertmanager => {
                let sent = headers.get(header::CONTENT_TYPE);
                let sent = sent.map(|value| String::from_utf8_lossy(value.as_bytes()));
                let sent = media_type(sent.as_deref().unwrap_or("application/json"));
                if !is_json(&sent) {
                    return Err(EventError::MediaType(sent));
                }
                let notification = alertmanager::read(body, &self.settings.alerts)?;
                Ok(Read {
                    events: notification.alerts,
                    truncated: notification.truncated,
                })
            }
        }
    }

    fn refuse(&self, source: EventSource, refusal: &Refusal) -> Response {
        self.receiver.count(source, refusal.result());
        let text = refusal.to_string();
        if self.is_log_due() {
            warn!(
                source = source.as_str(),
                result = refusal.result().as_str(),
                reason = %plain(&text),
                "refused an event"
            );
        }
        refusal.response(text)
    }

    fn is_within_rate(&self) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(Instant::now())
    }

    fn is_log_due(&self) -> bool {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = logged.is_none_or(|at| at.elapsed() >= LOG_EVERY);
        if is_due {
            *logged = Some(Instant::now());
        }
        is_due
    }
}

/// The length that the head states.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// A body that is too long, or that broke off.
fn unread(error: &axum::Error) -> Refusal {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return Refusal::TooLarge;
        }
        cause = error.source();
    }
    Refusal::BrokenOff
}
