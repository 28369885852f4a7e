//! How a watch fails: the reason for metrics and logs, and the pause before the next attempt. All
//! watches share it. A failure never ends a watch and never discards what is known.

use std::time::Duration;

use jiff::Timestamp;
use kube::runtime::utils::Backoff as _;
use kube::runtime::watcher::{self, DefaultBackoff, Event};
use tracing::warn;

use crate::cluster::client::error::{reason_of, reason_of_code};
use crate::cluster::client::failure::words;
use crate::cluster::context::Context;
use crate::cluster::readiness::WatchFailure;

/// The longest pause between two attempts, so that a kind that appears is watched within a minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(40);
/// The longest message of the server that is kept, in characters.
const LONGEST_MESSAGE: usize = 300;

/// Pauses between the attempts of one watch: kube's own, up to a limit. They start anew only once the
/// server answered. `backon` retries one operation and cannot express that: kube's watcher is a stream
/// whose every attempt to list begins with `Init`, also one that fails, so the stream itself cannot
/// count failures either.
#[derive(Default)]
pub struct WatchBackoff(DefaultBackoff);

impl WatchBackoff {
    /// Waits before the next attempt.
    pub async fn wait(&mut self) {
        let pause = self.0.next().unwrap_or(LONGEST_PAUSE);
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }

    /// Starts anew where an event proves that the server answered.
    pub fn observe<K>(&mut self, event: &Event<K>) {
        match event {
            Event::Init | Event::InitApply(_) => {}
            Event::InitDone | Event::Apply(_) | Event::Delete(_) => self.0.reset(),
        }
    }
}

/// Counts a failed watch, and logs it where its reason is new.
pub fn report(failure: WatchFailure, kind: &str, context: &Context) {
    context.counters.failed(failure.reason);
    // An expired version makes a watch list again, and is not a failure.
    if failure.reason == "Expired" {
        return;
    }
    if context.gates.failed(kind, &failure, Timestamp::now()) {
        let WatchFailure { reason, message } = failure;
        // A field called `message` would stand where the event's own words do.
        warn!(kind, reason, error = %message, "watch failed; keeping last known state");
    }
}

/// Reason and message of a watcher's error.
pub fn failure_of(error: &watcher::Error) -> WatchFailure {
    let (reason, message) = match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => (reason_of(error), words(error)),
        watcher::Error::WatchError(status) => (reason_of_code(status.code), status.message.clone()),
        watcher::Error::NoResourceVersion => ("Undecodable", error.to_string()),
    };
    WatchFailure {
        reason,
        message: message.chars().take(LONGEST_MESSAGE).collect(),
    }
}
