//! The post: one message, one request, one outcome. It never tries again by itself, so that one
//! deaf receiver holds up nobody else's messages for longer than one request may take.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::{Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};

use super::answer::{Meaning, meaning, retry_after};
use super::client::{Body, HttpClient, NoAnswer, read_text};
use super::config::Config;
use super::endpoint::{Endpoint, Format};
use super::error::Result;
use super::pause;
use crate::assess::reminders::{Delivery, Message, Setback};
use crate::report::document::encode;
use crate::report::reminder;
use crate::report::terminal::plain::plain;

/// How much of what a receiver says about a refusal is read, in bytes.
const READ: usize = 4_096;
/// How much of that is passed on, in characters.
const QUOTED: usize = 200;
/// A shorter part of an address keeps no secret.
const SHORTEST_SECRET: usize = 6;

/// Hands messages over.
pub struct Post {
    endpoints: BTreeMap<Arc<str>, Endpoint>,
    client: HttpClient,
    /// Failures in a row, by channel.
    failures: Mutex<BTreeMap<Arc<str>, u32>>,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

/// Why a request came to nothing.
enum Failed {
    /// It would again.
    Never(&'static str, String),
    /// It may not again.
    Later(&'static str, String, Option<Duration>),
}

impl Post {
    /// A post that knows where these channels lead.
    ///
    /// # Errors
    /// When a channel needs certificate authorities and the system has none.
    pub fn new(config: &Config) -> Result<Self> {
        let endpoints = config.endpoints.clone();
        let needs_tls = |endpoint: &Endpoint| endpoint.address.may_need_tls();
        let client = HttpClient::new(endpoints.values().any(needs_tls))?;
        Ok(Self {
            endpoints,
            client,
            failures: Mutex::default(),
        })
    }

    /// Hands one message over, and says how that ended and how long the channel is to be left
    /// alone.
    pub async fn send(&self, message: &Message) -> Delivery {
        let channel = &message.owner.channel;
        let Some(endpoint) = self.endpoints.get(channel) else {
            return Delivery::Refused(refusal("NoChannel", "no such channel".to_owned()));
        };
        match self.try_send(endpoint, message).await {
            Ok(()) => {
                self.count(channel, |_| 0);
                Delivery::Accepted
            }
            Err(Failed::Never(reason, said)) => Delivery::Refused(refusal(reason, said)),
            Err(Failed::Later(reason, message, asked)) => Delivery::Failed(Setback {
                reason,
                message,
                pause: pause::after(self.count(channel, |before| before + 1), asked),
            }),
        }
    }

    fn count(&self, channel: &Arc<str>, change: impl Fn(u32) -> u32) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(channel.clone()).or_default();
        *count = change(*count);
        *count
    }

    async fn try_send(&self, endpoint: &Endpoint, message: &Message) -> Result<(), Failed> {
        // A Secret that is not there yet may come.
        let uri = endpoint.address.resolve();
        let uri = uri.map_err(|why| Failed::Later("NoAddress", why, None))?;
        let secrets = secrets(&uri);
        let request = request(uri, endpoint.format, message);
        let request = request.map_err(|why| Failed::Never("Invalid", why))?;
        let answer = match self.client.send(request).await {
            Ok(answer) => answer,
            Err(NoAnswer::Unreachable(why)) => return Err(Failed::Later("Unreachable", why, None)),
            Err(why @ NoAnswer::TimedOut) => {
                return Err(Failed::Later("TimedOut", why.to_string(), None));
            }
        };
        let asked = answer.headers().get(header::RETRY_AFTER);
        let asked = asked.and_then(|value| retry_after(value.to_str().ok()?, SystemTime::now()));
        match meaning(answer.status()) {
            // What follows the first line changes nothing: the message is there.
            Meaning::Taken => Ok(()),
            Meaning::Never(reason) => Err(Failed::Never(reason, said(answer, &secrets).await)),
            Meaning::Later(reason) => {
                Err(Failed::Later(reason, said(answer, &secrets).await, asked))
            }
        }
    }
}

fn refusal(reason: &'static str, message: String) -> Setback {
    Setback {
        reason,
        message,
        pause: pause::after_refusal(),
    }
}

fn request(uri: Uri, format: Format, message: &Message) -> Result<Request<Body>, String> {
    let document = match format {
        Format::Slack => reminder::slack(message),
        Format::Json => reminder::document(message),
    };
    let body = encode::json(&document).map_err(|error| error.to_string())?;
    let body = body.into_bytes();
    let length = body.len();
    Request::post(uri)
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CONTENT_LENGTH, length)
        .header(
            header::USER_AGENT,
            concat!("goldenpath/", env!("CARGO_PKG_VERSION")),
        )
        // The same for a repetition, so that a receiver which knows it takes the message once.
        .header("Idempotency-Key", format!("\"{}\"", message.id))
        .body(Full::new(Cursor::new(body)))
        .map_err(|error| error.to_string())
}

/// The parts of an address that let whoever knows them post. Many a server repeats the path it was
/// asked for, and what it says is quoted in logs and Events.
fn secrets(uri: &Uri) -> Vec<String> {
    let query = uri.query().unwrap_or_default().split(['&', '=']);
    let parts = uri.path().split('/').chain(query);
    let parts = parts.filter(|part| part.len() >= SHORTEST_SECRET);
    parts.map(str::to_owned).collect()
}

/// The status, and the beginning of what was said about it on one line; the status alone where
/// that gives an address away.
async fn said<B>(answer: Response<B>, secrets: &[String]) -> String
where
    B: BodyExt,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let status = answer.status().as_u16();
    let Ok(text) = read_text(answer.into_body(), READ).await else {
        return format!("HTTP {status}");
    };
    if secrets.iter().any(|secret| text.contains(secret)) {
        return format!("HTTP {status}");
    }
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().take(QUOTED).collect();
    format!("HTTP {status} {}", plain(&line)).trim().to_owned()
}
