//! Answers to requests with events: a refusal with a sentence, or how many events had which result.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::assess::delivery::event::{EventError, EventResult, EventSource};

/// `Retry-After` of a refusal that is temporary, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// No token, or another one.
    #[error(
        "the request needs the header 'Authorization: Bearer TOKEN' with this listener's token"
    )]
    Unauthorized,
    /// The file with the token cannot be read, or is empty.
    #[error("the file with this listener's token cannot be read")]
    NoToken,
    /// Another method.
    #[error("send events with POST")]
    Method,
    /// The body is too long.
    #[error("the body is larger than 1 MiB: send fewer events at once")]
    TooLarge,
    /// The body did not arrive in time.
    #[error("the body did not arrive within 5 s")]
    Slow,
    /// The connection broke off.
    #[error("the body broke off")]
    BrokenOff,
    /// Too many requests.
    #[error("too many requests; send this one again in 5 s")]
    RateLimited(EventSource),
    /// The events cannot be read.
    #[error(transparent)]
    Invalid(#[from] EventError),
}

impl Refusal {
    pub(super) const fn result(&self) -> EventResult {
        match self {
            Self::Unauthorized => EventResult::Unauthorized,
            Self::NoToken => EventResult::Unavailable,
            Self::TooLarge | Self::Invalid(EventError::Batch(_)) => EventResult::TooLarge,
            Self::RateLimited(_) => EventResult::RateLimited,
            Self::Method | Self::Slow | Self::BrokenOff | Self::Invalid(_) => EventResult::Invalid,
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge | Self::Invalid(EventError::Batch(_)) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::RateLimited(EventSource::CdEvents) => StatusCode::TOO_MANY_REQUESTS,
            // Alertmanager repeats a notification only after a status of 500 or more.
            Self::NoToken | Self::RateLimited(EventSource::Alertmanager) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Invalid(EventError::MediaType(_)) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BrokenOff | Self::Invalid(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer with this sentence.
    pub(super) fn response(&self, text: String) -> Response {
        let mut response = (self.status(), text + "\n").into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Method => {
                headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
            }
            Self::NoToken | Self::RateLimited(_) => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER);
            }
            Self::TooLarge | Self::Slow | Self::BrokenOff | Self::Invalid(_) => {}
        }
        response
    }
}

/// How many events of a request had which result.
pub(super) struct ResultCounts {
    counts: Vec<(EventResult, u64)>,
    truncated: u64,
}

impl ResultCounts {
    pub(super) fn new(truncated: u64) -> Self {
        Self {
            counts: EventResult::ALL.map(|result| (result, 0)).into(),
            truncated,
        }
    }

    pub(super) fn add(&mut self, result: EventResult) {
        for (known, count) in &mut self.counts {
            *count += u64::from(*known == result);
        }
    }

    /// 200, or 503 if an event could not be recorded: then the sender repeats all of them, and those
    /// that were recorded are duplicates.
    pub(super) fn response(&self) -> Response {
        let nonzero = self.counts.iter().filter(|(_, count)| *count > 0);
        let mut parts: Vec<String> = nonzero
            .map(|(result, count)| format!("{count} {}", result.as_str()))
            .collect();
        if self.truncated > 0 {
            parts.push(format!("{} left out by the sender", self.truncated));
        }
        let is_unavailable = self
            .counts
            .iter()
            .any(|(result, count)| *result == EventResult::Unavailable && *count > 0);
        if !is_unavailable {
            let text = if parts.is_empty() {
                "no events".to_owned()
            } else {
                parts.join(", ")
            };
            return (StatusCode::OK, text + "\n").into_response();
        }
        // Another replica may lead: a new connection may reach it.
        let headers = [
            (header::RETRY_AFTER, RETRY_AFTER),
            (header::CONNECTION, HeaderValue::from_static("close")),
        ];
        let text = format!(
            "this replica cannot record events now; send them again in 5 s ({})\n",
            parts.join(", ")
        );
        (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
    }
}
