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
/// From this many requests under way on, a value this old is used again: what readers ask of one value is
/// worked out once for all of them.
const BUSY_FROM: usize = 3;
const REUSED_FOR: Duration = Duration::from_millis(250);
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
    /// Readers have heard of a change at this instant: older values are not used again.
    announced: parking_lot::Mutex<Option<Instant>>,
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
            announced: parking_lot::Mutex::default(),
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

    /// Notes that readers are about to hear of a change, so that what they ask for next shows it.
    pub fn announce(&self) {
        *self.announced.lock() = Some(Instant::now());
    }

    fn is_announced_since(&self, begun: Instant) -> bool {
        self.announced.lock().is_some_and(|at| begun < at)
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
            let is_busy = self.under_way() >= BUSY_FROM && !self.is_announced_since(begun);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that keeps what it gets, and its turn.
    async fn read(shared: &Shared<u8>, number: u8) -> (Arc<u8>, Turn) {
        let build = move || Some(Arc::new(number));
        shared.get(build).await.unwrap()
    }

    #[tokio::test]
    async fn many_readers_share_a_value_until_a_change_is_announced() {
        let shared = Shared::default();
        let mut readers = Vec::new();
        for number in 1..BUSY_FROM {
            readers.push(read(&shared, u8::try_from(number).unwrap()).await);
        }
        let alone: Vec<u8> = readers.iter().map(|(value, _)| **value).collect();
        assert_eq!(alone, [1, 2], "few readers each get a value of their own");
        readers.push(read(&shared, 3).await);
        assert_eq!(*readers[2].0, 2);
        shared.announce();
        readers.push(read(&shared, 4).await);
        assert_eq!(*readers[3].0, 4);
        readers.push(read(&shared, 5).await);
        assert_eq!(*readers[4].0, 4);
    }
    #[tokio::test]
    async fn readers_hold_a_few_values_at_most_whatever_is_announced() {
        let shared = Shared::default();
        let mut readers = Vec::new();
        for number in 1..=6 {
            readers.push(read(&shared, number).await);
            shared.announce();
        }
        let values: Vec<u8> = readers.iter().map(|(value, _)| **value).collect();
        assert_eq!(values, [1, 2, 3, 4, 4, 4]);
        assert_eq!(shared.alive(), HELD);
    }
}
