//! Sends one message with one request and returns one outcome. It never retries by itself, so that a
//! receiver that does not answer delays the messages of others by one request at most.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, Request, Uri, header};
use http_body_util::Full;
use serde_json::Value;

use super::attempt::{AGENT, SendError, attempt, refusal, secrets};
use super::backoff;
use super::config::Config;
use super::endpoint::{Endpoint, PayloadFormat};
use super::error::Result;
use crate::assess::reminders::{Announcement, Delivery, DeliveryFailure, ReminderMessage};
use crate::outbound::{Body, HttpClient};
use crate::proxy::Environment;
use crate::report::document::encode;
use crate::report::reminder::{self, announcement};

/// Sends messages to the configured channels.
pub struct WebhookSender {
    endpoints: BTreeMap<Arc<str>, Endpoint>,
    client: HttpClient,
    /// Failures in a row, by channel.
    failures: Mutex<BTreeMap<Arc<str>, usize>>,
}

impl fmt::Debug for WebhookSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSender")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl WebhookSender {
    /// A sender to these channels, through the proxies of `environment`.
    ///
    /// # Errors
    /// When a channel needs certificate authorities and the system has none.
    pub fn new(config: &Config, environment: Environment) -> Result<Self> {
        let endpoints = config.endpoints.clone();
        let needs_tls = |endpoint: &Endpoint| endpoint.address.may_need_tls();
        let client = HttpClient::build(endpoints.values().any(needs_tls), environment)?;
        Ok(Self {
            endpoints,
            client,
            failures: Mutex::default(),
        })
    }

    /// Sends one message. A failure comes with the pause before the next message to its channel.
    pub async fn deliver(&self, message: &ReminderMessage) -> Delivery {
        let document = |format| match format {
            PayloadFormat::Slack => reminder::slack(message),
            // The configuration routes no reminder to Teams.
            PayloadFormat::Json | PayloadFormat::Teams => reminder::document(message),
        };
        self.send(&message.owner.channel, &message.id, document)
            .await
    }

    /// Sends what is new on a path, as [`Self::deliver`] does.
    pub async fn announce(&self, new: &Announcement) -> Delivery {
        let document = |format| match format {
            PayloadFormat::Slack => announcement::slack(new),
            // The configuration routes no announcement to Teams.
            PayloadFormat::Json | PayloadFormat::Teams => announcement::document(new),
        };
        self.send(&new.to.channel, &new.id, document).await
    }

    async fn send(
        &self,
        channel: &Arc<str>,
        id: &str,
        document: impl Fn(PayloadFormat) -> Value,
    ) -> Delivery {
        let Some(endpoint) = self.endpoints.get(channel) else {
            return Delivery::Refused(refusal("NoChannel", "no such channel".to_owned()));
        };
        match self.try_send(endpoint, id, document).await {
            Ok(()) => {
                self.count(channel, |_| 0);
                Delivery::Accepted
            }
            Err(SendError::Permanent {
                reason,
                message,
                about: _,
            }) => Delivery::Refused(refusal(reason, message)),
            Err(SendError::Temporary {
                reason,
                message,
                retry_after,
            }) => {
                let failures = self.count(channel, |before| before.saturating_add(1));
                Delivery::Failed(DeliveryFailure {
                    reason,
                    message,
                    pause: backoff::after(failures, retry_after),
                })
            }
        }
    }

    fn count(&self, channel: &Arc<str>, change: impl Fn(usize) -> usize) -> usize {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(channel.clone()).or_default();
        *count = change(*count);
        *count
    }

    async fn try_send(
        &self,
        endpoint: &Endpoint,
        id: &str,
        document: impl Fn(PayloadFormat) -> Value,
    ) -> Result<(), SendError> {
        // A Secret that does not exist yet may be created later.
        let uri = endpoint
            .address
            .resolve()
            .map_err(|why| SendError::temporary("NoAddress", why))?;
        let document = document(endpoint.format);
        let secrets = secrets(&uri);
        let request = request(uri, &document, id).map_err(SendError::invalid)?;
        attempt(&self.client, request, &secrets).await
    }
}

/// A request that carries a document. `id` is the same for every attempt, so that a receiver that
/// supports it accepts the message once.
pub(super) fn request(uri: Uri, document: &Value, id: &str) -> Result<Request<Body>, String> {
    let body = encode::json(document).map_err(|error| error.to_string())?;
    let body = body.into_bytes();
    let length = body.len();
    Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CONTENT_LENGTH, length)
        .header(header::USER_AGENT, AGENT)
        .header("Idempotency-Key", format!("\"{id}\""))
        .body(Full::new(Cursor::new(body)))
        .map_err(|error| error.to_string())
}
