//! What a receiver's answer means: taken, not now, or never. `Retry-After` is read both ways it can
//! be written, and believed within bounds.

use std::time::{Duration, SystemTime};

use http::StatusCode;

/// The longest a receiver can ask to be left alone.
pub const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The message was taken.
    Taken,
    /// The message would never be taken as it is.
    Never(&'static str),
    /// Later, perhaps.
    Later(&'static str),
}

/// What a status means. A redirect is not followed: only the configuration says where messages go.
pub fn meaning(status: StatusCode) -> Meaning {
    match status.as_u16() {
        200..=299 => Meaning::Taken,
        408 => Meaning::Later("TimedOut"),
        429 => Meaning::Later("TooManyRequests"),
        500..=599 => Meaning::Later("ServerError"),
        300..=399 => Meaning::Never("Redirected"),
        401 | 403 => Meaning::Never("Forbidden"),
        404 | 410 => Meaning::Never("NotFound"),
        413 => Meaning::Never("TooLarge"),
        _ => Meaning::Never("Refused"),
    }
}

/// How long a receiver asks to be left alone: seconds, or a date. None where it does not say, or
/// nothing that can be read.
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
    fn only_what_may_change_is_tried_again() {
        for (code, meant) in [
            (200, Meaning::Taken),
            (204, Meaning::Taken),
            (302, Meaning::Never("Redirected")),
            (400, Meaning::Never("Refused")),
            (403, Meaning::Never("Forbidden")),
            (404, Meaning::Never("NotFound")),
            (408, Meaning::Later("TimedOut")),
            (410, Meaning::Never("NotFound")),
            (429, Meaning::Later("TooManyRequests")),
            (500, Meaning::Later("ServerError")),
            (503, Meaning::Later("ServerError")),
        ] {
            assert_eq!(
                meaning(StatusCode::from_u16(code).unwrap()),
                meant,
                "{code}"
            );
        }
    }

    #[test]
    fn a_wait_is_seconds_or_a_date_and_has_an_end() {
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
