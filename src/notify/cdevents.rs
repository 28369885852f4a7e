//! Sends CDEvents about rollouts to one receiver, one attempt at a time, in structured mode. The token is
//! read again for every event. A receiver that knows the id of an event may drop it.

use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::PoisonError;

use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;

use super::attempt::{AGENT, SendError, attempt, refusal, secrets};
use super::backoff;
use super::endpoint::{Address, url};
use super::error::Result;
use super::response::RefusedFor;
use crate::assess::delivery::event::ServiceEvent;
use crate::assess::reminders::{Delivery, DeliveryFailure};
use crate::outbound::{Body, HttpClient};
use crate::proxy::Environment;
use crate::report::cdevents::{CloudEvent, cloud_event};
use crate::report::document::encode;

/// The address of a sink. It is never printed: it may contain a secret.
#[derive(Clone, Debug)]
pub struct SinkAddress(Address);

impl FromStr for SinkAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        url(text).map(|uri| Self(Address::Url(uri)))
    }
}

/// Settings of the sink.
#[derive(Clone, Debug)]
pub struct SinkSettings {
    /// Where events go.
    pub address: SinkAddress,
    /// The file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// The environment in events, usually the cluster's name.
    pub environment: String,
}

/// Sends events to the sink.
pub struct CdEventsSink {
    settings: SinkSettings,
    client: HttpClient,
    /// Failures in a row.
    failures: Mutex<usize>,
}

impl fmt::Debug for CdEventsSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CdEventsSink")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl CdEventsSink {
    /// A sender to this sink, through the proxies of `environment`.
    ///
    /// # Errors
    /// When the sink needs certificate authorities and the system has none.
    pub fn new(settings: SinkSettings, environment: Environment) -> Result<Self> {
        let needs_tls = settings.address.0.may_need_tls();
        Ok(Self {
            settings,
            client: HttpClient::build(needs_tls, environment)?,
            failures: Mutex::default(),
        })
    }

    /// Sends the event about one rollout; `None` where there is no event for it. Only an event that the
    /// sink will never take is refused: a missing right, or a wrong address, may be corrected.
    pub async fn deliver(&self, event: &ServiceEvent) -> Option<Delivery> {
        let event = cloud_event(event, &self.settings.environment)?;
        Some(match self.try_send(&event).await {
            Ok(()) => {
                self.count(|_| 0);
                Delivery::Accepted
            }
            Err(SendError::Permanent {
                reason,
                message,
                about,
            }) => match about {
                RefusedFor::Message => Delivery::Refused(refusal(reason, message)),
                RefusedFor::Configuration => self.failed(reason, message, None),
            },
            Err(SendError::Temporary {
                reason,
                message,
                retry_after,
            }) => self.failed(reason, message, retry_after),
        })
    }

    fn failed(
        &self,
        reason: &'static str,
        message: String,
        asked: Option<std::time::Duration>,
    ) -> Delivery {
        let failures = self.count(|before| before.saturating_add(1));
        Delivery::Failed(DeliveryFailure {
            reason,
            message,
            pause: backoff::after(failures, asked),
        })
    }

    fn count(&self, change: impl Fn(usize) -> usize) -> usize {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures = change(*failures);
        *failures
    }

    async fn try_send(&self, event: &CloudEvent) -> Result<(), SendError> {
        let missing = |why| SendError::temporary("NoAddress", why);
        let uri = self.settings.address.0.resolve().map_err(missing)?;
        let mut secrets = secrets(&uri);
        let token_file = self.settings.token_file.as_deref();
        let token = token_file.map(token).transpose();
        let token = token.map_err(|why| SendError::temporary("NoToken", why))?;
        secrets.extend(token.clone());
        let request = request(uri, event, token.as_deref()).map_err(SendError::invalid)?;
        attempt(&self.client, request, &secrets).await
    }
}

fn token(file: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(file);
    let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
    match text.trim() {
        "" => Err(format!("{}: the file is empty", file.display())),
        token => Ok(token.to_owned()),
    }
}

fn request(uri: Uri, event: &CloudEvent, token: Option<&str>) -> Result<Request<Body>, String> {
    let body = encode::json(event).map_err(|error| error.to_string())?;
    let body = body.into_bytes();
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(
            header::CONTENT_TYPE,
            "application/cloudevents+json; charset=utf-8",
        )
        .header(header::CONTENT_LENGTH, body.len())
        .header(header::USER_AGENT, AGENT);
    if let Some(token) = token {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value.map_err(|_| "the token is not a header value".to_owned())?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    request
        .body(Full::new(Cursor::new(body)))
        .map_err(|error| error.to_string())
}
