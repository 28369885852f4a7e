//! One attempt to send a request: accepted, refused for good, or to repeat after a pause. Responses are
//! quoted without the secret parts of the address.

use std::time::{Duration, SystemTime};

use http::{Request, Response, Uri, header};
use http_body_util::BodyExt;

use super::backoff;
use super::response::{RefusedFor, ResponseClass, classify, refused_for, retry_after};
use crate::assess::reminders::DeliveryFailure;
use crate::outbound::{Body, HttpClient, NoAnswer, read_text};
use crate::report::terminal::plain::plain;

/// How much of the body of a refusal is read, in bytes.
const READ: usize = 4_096;
/// How much of that is quoted, in characters.
const QUOTED: usize = 200;
/// A shorter part of an address cannot be a secret.
const SHORTEST_SECRET: usize = 6;
/// The `User-Agent` of every request.
pub const AGENT: &str = concat!("goldenpath/", env!("CARGO_PKG_VERSION"));

/// Why a message was not accepted.
pub enum SendError {
    /// A retry would fail too.
    Permanent {
        reason: &'static str,
        message: String,
        about: RefusedFor,
    },
    /// A retry may succeed, after the pause the receiver asked for.
    Temporary {
        reason: &'static str,
        message: String,
        retry_after: Option<Duration>,
    },
}

impl SendError {
    /// A message that cannot be made into a request.
    pub const fn invalid(message: String) -> Self {
        Self::Permanent {
            reason: "Invalid",
            message,
            about: RefusedFor::Message,
        }
    }

    pub const fn temporary(reason: &'static str, message: String) -> Self {
        Self::Temporary {
            reason,
            message,
            retry_after: None,
        }
    }
}

/// Sends one request and classifies the response.
pub async fn attempt(
    client: &HttpClient,
    request: Request<Body>,
    secrets: &[String],
) -> Result<(), SendError> {
    let response = match client.send(request).await {
        Ok(response) => response,
        Err(NoAnswer::Unreachable(why)) => {
            return Err(SendError::temporary("Unreachable", why));
        }
        Err(why @ (NoAnswer::TimedOut(_) | NoAnswer::TooLong(_))) => {
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
            about: refused_for(response.status()),
            message: quote(response, secrets).await,
        }),
        ResponseClass::Temporary(reason) => Err(SendError::Temporary {
            reason,
            message: quote(response, secrets).await,
            retry_after,
        }),
    }
}

/// A failure that lasts until the configuration is corrected.
pub fn refusal(reason: &'static str, message: String) -> DeliveryFailure {
    DeliveryFailure {
        reason,
        message,
        pause: backoff::after_refusal(),
    }
}

/// The secret parts of an address. Servers often repeat the requested path, and their responses are
/// quoted in logs and Events.
pub fn secrets(uri: &Uri) -> Vec<String> {
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
