//! Classifies a receiver's response: accepted, to retry, or refused for good. Reads `Retry-After` in
//! both of its formats, up to a limit.

use std::time::{Duration, SystemTime};

use http::StatusCode;

/// The longest pause a receiver can ask for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// What a response means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseClass {
    /// It was accepted.
    Accepted,
    /// A retry would be refused too, for this reason.
    Permanent(&'static str),
    /// A retry may be accepted.
    Temporary(&'static str),
}

/// The class of a status. Redirects are not followed: only the configuration decides where messages
/// go.
pub fn classify(status: StatusCode) -> ResponseClass {
    match status.as_u16() {
        200..=299 => ResponseClass::Accepted,
        408 => ResponseClass::Temporary("TimedOut"),
        429 => ResponseClass::Temporary("TooManyRequests"),
        500..=599 => ResponseClass::Temporary("ServerError"),
        300..=399 => ResponseClass::Permanent("Redirected"),
        401 | 403 => ResponseClass::Permanent("Forbidden"),
        404 | 410 => ResponseClass::Permanent("NotFound"),
        413 => ResponseClass::Permanent("TooLarge"),
        _ => ResponseClass::Permanent("Refused"),
    }
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedFor {
    /// The message: it would be refused again.
    Message,
    /// The address or a right: somebody may correct it.
    Configuration,
}

/// What the refusal with this status is about.
pub fn refused_for(status: StatusCode) -> RefusedFor {
    match status.as_u16() {
        300..=399 | 401 | 403 | 404 | 405 | 407 | 410 => RefusedFor::Configuration,
        _ => RefusedFor::Message,
    }
}

/// The pause a receiver asks for, in seconds or until a date; `None` where it cannot be read.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        let at = httpdate::parse_http_date(value).ok()?;
        at.duration_since(now).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn only_temporary_failures_are_retried() {
        for (code, class) in [
            (200, ResponseClass::Accepted),
            (204, ResponseClass::Accepted),
            (302, ResponseClass::Permanent("Redirected")),
            (400, ResponseClass::Permanent("Refused")),
            (403, ResponseClass::Permanent("Forbidden")),
            (404, ResponseClass::Permanent("NotFound")),
            (408, ResponseClass::Temporary("TimedOut")),
            (410, ResponseClass::Permanent("NotFound")),
            (429, ResponseClass::Temporary("TooManyRequests")),
            (500, ResponseClass::Temporary("ServerError")),
            (503, ResponseClass::Temporary("ServerError")),
        ] {
            assert_eq!(
                classify(StatusCode::from_u16(code).unwrap()),
                class,
                "{code}"
            );
        }
    }

    #[test]
    fn a_refusal_is_about_the_message_or_the_configuration() {
        for (code, about) in [
            (302, RefusedFor::Configuration),
            (401, RefusedFor::Configuration),
            (404, RefusedFor::Configuration),
            (400, RefusedFor::Message),
            (413, RefusedFor::Message),
            (422, RefusedFor::Message),
        ] {
            assert_eq!(refused_for(StatusCode::from_u16(code).unwrap()), about);
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_up_to_a_limit() {
        // 9 November 1994, 08:49:37 GMT.
        let now = UNIX_EPOCH + Duration::from_secs(784_370_977);
        for (value, seconds) in [
            ("30", Some(30)),
            (" 0 ", Some(0)),
            ("86400", Some(3_600)),
            ("99999999999999999999999999", Some(3_600)),
            ("Wed, 09 Nov 1994 08:50:37 GMT", Some(60)),
            ("Wednesday, 09-Nov-94 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Fri, 06 Nov 2099 08:49:37 GMT", Some(3_600)),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let wait = retry_after(value, now).map(|wait| wait.as_secs());
            assert_eq!(wait, seconds, "{value}");
        }
    }
}
