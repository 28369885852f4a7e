//! What a connection does and since when, so that the listener can close idle and stalled ones.
//! Requests and responses report here; nothing is closed here.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// How long a connection may be idle or stalled.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Without a request, or with one whose head is not complete.
    pub idle: Duration,
    /// Within a response, while the peer reads no byte of it.
    pub stalled: Duration,
    /// For a whole response.
    pub answer: Duration,
}

#[derive(Clone, Copy, Debug)]
enum ConnectionPhase {
    /// Waiting for the head of a request.
    Idle { since: Instant },
    /// Answering a request.
    Answering { since: Instant, moved: Instant },
}

/// The activity of one connection.
#[derive(Debug)]
pub struct Activity(Mutex<ConnectionPhase>);

impl Activity {
    /// A connection that has just been accepted.
    pub fn new(now: Instant) -> Self {
        Self(Mutex::new(ConnectionPhase::Idle { since: now }))
    }

    /// Since when the connection waits for a request; `None` while it answers one.
    pub fn idle_since(&self) -> Option<Instant> {
        match self.get() {
            ConnectionPhase::Idle { since } => Some(since),
            ConnectionPhase::Answering { .. } => None,
        }
    }

    /// Whether the connection was idle or stalled for too long.
    pub fn is_overdue(&self, now: Instant, patience: &Patience) -> bool {
        match self.get() {
            ConnectionPhase::Idle { since } => now.duration_since(since) >= patience.idle,
            ConnectionPhase::Answering { since, moved } => {
                now.duration_since(moved) >= patience.stalled
                    || now.duration_since(since) >= patience.answer
            }
        }
    }

    fn get(&self) -> ConnectionPhase {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: ConnectionPhase) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    fn moved(&self, now: Instant) {
        let since = match self.get() {
            ConnectionPhase::Idle { since } | ConnectionPhase::Answering { since, .. } => since,
        };
        self.set(ConnectionPhase::Answering { since, moved: now });
    }
}

/// One request under way: the connection counts as answering until this is dropped.
#[derive(Debug)]
pub struct Answering(Arc<Activity>);

impl Answering {
    /// The head of a request is complete.
    pub fn begin(activity: Arc<Activity>) -> Self {
        let now = Instant::now();
        activity.set(ConnectionPhase::Answering {
            since: now,
            moved: now,
        });
        Self(activity)
    }

    /// The body of the response, which reports each piece that the peer reads.
    pub fn track(self, body: Body) -> Tracked {
        Tracked { body, under: self }
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.set(ConnectionPhase::Idle {
            since: Instant::now(),
        });
    }
}

/// A body that reports its progress. hyper asks for the next piece only when it has room for it, so
/// a peer that stops reading stops the progress.
#[derive(Debug)]
pub struct Tracked {
    body: Body,
    under: Answering,
}

impl HttpBody for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.under.0.moved(Instant::now());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        idle: Duration::from_secs(30),
        stalled: Duration::from_secs(20),
        answer: Duration::from_secs(120),
    };

    #[test]
    fn a_connection_is_overdue_once_it_has_done_nothing_for_too_long() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let activity = Activity::new(start);
        assert!(!activity.is_overdue(after(29), &PATIENCE));
        assert!(activity.is_overdue(after(30), &PATIENCE));
        activity.set(ConnectionPhase::Answering {
            since: start,
            moved: after(100),
        });
        assert!(activity.idle_since().is_none());
        assert!(!activity.is_overdue(after(119), &PATIENCE));
        assert!(activity.is_overdue(after(120), &PATIENCE));
        activity.moved(start);
        assert!(activity.is_overdue(after(20), &PATIENCE));
    }
}
