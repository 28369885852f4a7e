//! What several requests at the same time answer from, built once for all of them. Bounds how many are
//! answered at once and how many values their readers hold; further requests are refused with
//! `Retry-After`. It knows neither the value nor the answer.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Answers sent at once.
const AT_ONCE: usize = 16;
/// Requests that may wait for their turn.
const WAITING: usize = 256;
/// How long a request waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// While several requests are under way, a value this old is used again.
const REUSED_FOR: Duration = Duration::from_secs(1);
/// Values that readers hold at once. Each may hold what has changed since it was built.
const HELD: usize = 4;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// Too many requests are under way.
    Busy,
    /// The report is not complete yet.
    NotReady,
    /// Building it failed.
    Failed,
}

/// One kind of value, and the turns of its readers.
#[derive(Debug)]
pub struct Shared<T: ?Sized> {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// Values that readers hold, the latest last, and when each was begun.
    held: Mutex<Vec<(Instant, Weak<T>)>>,
}

/// The turn of one reader: it ends when this is dropped.
#[derive(Debug)]
pub struct Turn(#[allow(dead_code)] OwnedSemaphorePermit);

impl<T: ?Sized> Default for Shared<T> {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            held: Mutex::default(),
        }
    }
}

impl<T: ?Sized + Send + Sync + 'static> Shared<T> {
    /// Values that a reader holds.
    pub fn alive(&self) -> usize {
        self.held.try_lock().map_or(0, |held| {
            held.iter()
                .filter(|(_, value)| value.strong_count() > 0)
                .count()
        })
    }

    /// Requests that are being answered.
    pub fn under_way(&self) -> usize {
        AT_ONCE - self.turns.available_permits()
    }

    /// A value built after the request arrived; under load, or while readers hold several, the latest.
    ///
    /// # Errors
    /// When there is none now.
    pub async fn get(
        &self,
        build: impl FnOnce() -> Option<Arc<T>> + Send + 'static,
    ) -> Result<(Arc<T>, Turn), Unavailable> {
        let asked = Instant::now();
        let _place = self.places.try_acquire().map_err(|_| Unavailable::Busy)?;
        let turn = timeout(TURN_WITHIN, self.turns.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or(Unavailable::Busy)?;
        Ok((self.latest(asked, build).await?, Turn(turn)))
    }

    async fn latest(
        &self,
        asked: Instant,
        build: impl FnOnce() -> Option<Arc<T>> + Send + 'static,
    ) -> Result<Arc<T>, Unavailable> {
        let mut held = self.held.lock().await;
        held.retain(|(_, value)| value.strong_count() > 0);
        let latest = held.last();
        if let Some((begun, value)) = latest.and_then(|(at, it)| Some((*at, it.upgrade()?))) {
            let is_busy = self.turns.available_permits() < AT_ONCE / 2;
            let is_recent = begun >= asked || is_busy && begun.elapsed() < REUSED_FOR;
            if is_recent || held.len() >= HELD {
                return Ok(value);
            }
        }
        let begun = Instant::now();
        let value = spawn_blocking(build)
            .await
            .map_err(|_| Unavailable::Failed)?
            .ok_or(Unavailable::NotReady)?;
        held.push((begun, Arc::downgrade(&value)));
        Ok(value)
    }
}
