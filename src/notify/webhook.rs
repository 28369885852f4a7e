//! Sends one message with one request and returns one outcome. It never retries by itself, so that a
//! receiver that does not answer delays the messages of others by one request at most.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::{Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};

use super::backoff;
use super::client::{Body, HttpClient, NoAnswer, read_text};
use super::config::Config;
use super::endpoint::{Endpoint, PayloadFormat};
use super::error::Result;
use super::response::{ResponseClass, classify, retry_after};
use crate::assess::reminders::{Delivery, DeliveryFailure, ReminderMessage};
use crate::proxy::Environment;
use crate::report::document::encode;
use crate::report::reminder;
use crate::report::terminal::plain::plain;

/// How much of the body of a refusal is read, in bytes.
const READ: usize = 4_096;
/// How much of that is quoted, in characters.
const QUOTED: usize = 200;
/// A shorter part of an address cannot be a secret.
const SHORTEST_SECRET: usize = 6;

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

/// Why a message was not accepted.
enum SendError {
    /// A retry would fail too.
    Permanent {
        reason: &'static str,
        message: String,
    },
    /// A retry may succeed, after the pause the receiver asked for.
    Temporary {
        reason: &'static str,
        message: String,
        retry_after: Option<Duration>,
    },
}

impl SendError {
    const fn temporary(reason: &'static str, message: String) -> Self {
        Self::Temporary {
            reason,
            message,
            retry_after: None,
        }
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
        let channel = &message.owner.channel;
        let Some(endpoint) = self.endpoints.get(channel) else {
            return Delivery::Refused(refusal("NoChannel", "no such channel".to_owned()));
        };
        match self.try_send(endpoint, message).await {
            Ok(()) => {
                self.count(channel, |_| 0);
                Delivery::Accepted
            }
            Err(SendError::Permanent { reason, message }) => {
                Delivery::Refused(refusal(reason, message))
            }
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
        message: &ReminderMessage,
    ) -> Result<(), SendError> {
        // A Secret that does not exist yet may be created later.
        let uri = endpoint
            .address
            .resolve()
            .map_err(|why| SendError::temporary("NoAddress", why))?;
        let secrets = secrets(&uri);
        let request =
            request(uri, endpoint.format, message).map_err(|why| SendError::Permanent {
                reason: "Invalid",
                message: why,
            })?;
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(NoAnswer::Unreachable(why)) => {
                return Err(SendError::temporary("Unreachable", why));
            }
            Err(why @ NoAnswer::TimedOut) => {
                return Err(SendError::temporary("TimedOut", why.to_string()));
            }
        };
        let retry_after = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
        match classify(response.status()) {
            // The rest of the response changes nothing: the message was accepted.
            ResponseClass::Accepted => Ok(()),
            ResponseClass::Permanent(reason) => Err(SendError::Permanent {
                reason,
                message: quote(response, &secrets).await,
            }),
            ResponseClass::Temporary(reason) => Err(SendError::Temporary {
                reason,
                message: quote(response, &secrets).await,
                retry_after,
            }),
        }
    }
}

fn refusal(reason: &'static str, message: String) -> DeliveryFailure {
    DeliveryFailure {
        reason,
        message,
        pause: backoff::after_refusal(),
    }
}

fn request(
    uri: Uri,
    format: PayloadFormat,
    message: &ReminderMessage,
) -> Result<Request<Body>, String> {
    let document = match format {
        PayloadFormat::Slack => reminder::slack(message),
        PayloadFormat::Json => reminder::document(message),
    };
    let body = encode::json(&document).map_err(|error| error.to_string())?;
    let body = body.into_bytes();
    let length = body.len();
    Request::builder()
        .method(Method::POST)
        .uri(uri)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CONTENT_LENGTH, length)
        .header(
            header::USER_AGENT,
            concat!("goldenpath/", env!("CARGO_PKG_VERSION")),
        )
        // The same for every attempt, so that a receiver that supports it accepts the message once.
        .header("Idempotency-Key", format!("\"{}\"", message.id))
        .body(Full::new(Cursor::new(body)))
        .map_err(|error| error.to_string())
}

/// The secret parts of an address. Servers often repeat the requested path, and their responses are
/// quoted in logs and Events.
fn secrets(uri: &Uri) -> Vec<String> {
    let query = uri.query().unwrap_or_default().split(['&', '=']);
    uri.path()
        .split('/')
        .chain(query)
        .filter(|part| part.len() >= SHORTEST_SECRET)
        .map(str::to_owned)
        .collect()
}

/// The status and the beginning of the body on one line; the status alone where the body contains a
/// secret.
async fn quote<B>(response: Response<B>, secrets: &[String]) -> String
where
    B: BodyExt,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let status = response.status().as_u16();
    let Ok(text) = read_text(response.into_body(), READ).await else {
        return format!("HTTP {status}");
    };
    if secrets.iter().any(|secret| text.contains(secret)) {
        return format!("HTTP {status}");
    }
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(QUOTED).collect();
    format!("HTTP {status} {}", plain(&line)).trim().to_owned()
}
