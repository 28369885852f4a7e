//! Who may send events, and how many: the bearer token, compared in constant time, and a token bucket.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::answer::Refusal;

/// Whether the request has the token in `file`. An empty file has none.
pub(super) fn is_authorized(headers: &HeaderMap, file: &Path) -> Result<bool, Refusal> {
    let expected = std::fs::read_to_string(file).map_err(|_| Refusal::NoToken)?;
    let expected = expected.trim();
    if expected.is_empty() {
        return Err(Refusal::NoToken);
    }
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| bearer(value.as_bytes()));
    // Digests have one length, so that the time says nothing of the token's either.
    let is_equal = |given: &[u8]| {
        let digest = |text: &[u8]| Sha256::digest(text);
        bool::from(
            digest(given)
                .as_slice()
                .ct_eq(digest(expected.as_bytes()).as_slice()),
        )
    };
    Ok(given.is_some_and(is_equal))
}

/// The token in a header such as `Bearer abc`.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("bearer ".len())?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

/// How many requests are taken: a number at once, and then one per interval.
#[derive(Clone, Copy, Debug)]
pub struct RequestRate {
    /// Requests at once.
    pub burst: u32,
    /// Time in which one more is allowed.
    pub every: Duration,
}

impl Default for RequestRate {
    fn default() -> Self {
        Self {
            burst: 100,
            every: Duration::from_millis(50),
        }
    }
}

/// A token bucket.
#[derive(Debug)]
pub(super) struct TokenBucket {
    rate: RequestRate,
    tokens: u32,
    /// When the last token was added.
    filled: Instant,
}

impl TokenBucket {
    pub(super) fn new(rate: RequestRate, now: Instant) -> Self {
        Self {
            rate,
            tokens: rate.burst,
            filled: now,
        }
    }

    /// Takes a token; false where there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let every = self.rate.every.max(Duration::from_nanos(1));
        let passed = now.saturating_duration_since(self.filled);
        let due = u32::try_from(passed.as_nanos() / every.as_nanos()).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(due).min(self.rate.burst);
        self.filled = match every.checked_mul(due) {
            // What is left of an interval counts for the next token.
            Some(used) if self.tokens < self.rate.burst => self.filled + used,
            Some(_) | None => now,
        };
        let is_allowed = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        is_allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_takes_a_burst_and_then_the_rate() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let rate = RequestRate {
            burst: 3,
            every: Duration::from_millis(100),
        };
        let mut bucket = TokenBucket::new(rate, start);
        let taken = [
            0, 0, 0, 0, 50, 99, 100, 150, 199, 200, 1_000, 1_000, 1_000, 1_000,
        ];
        let taken = taken.map(|millis| u8::from(bucket.take(at(millis))));
        assert_eq!(taken, [1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn only_a_bearer_token_is_one() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer  abc "), Some(&b"abc"[..]));
        for other in [
            &b"Basic abc"[..],
            b"Bearer",
            b"",
            b"abc",
            "Bearé abc".as_bytes(),
        ] {
            assert_eq!(bearer(other), None);
        }
    }
}
