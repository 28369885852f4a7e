//! Large responses, built once for all requests at the same time. Bounds how many are sent at once and
//! how many bytes they hold together; further requests are refused with `Retry-After`.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Responses sent at once.
const AT_ONCE: usize = 16;
/// Requests that may wait for their turn.
const WAITING: usize = 256;
/// How long a request waits for its turn.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// While several requests are under way, a response this old is sent again.
const REUSED_FOR: Duration = Duration::from_secs(1);
/// Bytes of all responses that are still being sent.
const HELD: usize = 64 * 1024 * 1024;
/// Bytes passed to a connection at once.
const PIECE: usize = 16 * 1024;

/// Why there is no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// Too many requests are under way.
    Busy,
    /// The report is not complete yet.
    NotReady,
    /// Building it failed.
    Failed,
}

/// One kind of response.
#[derive(Debug)]
pub struct SharedResponse {
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    cache: Mutex<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    latest: Option<(Instant, Arc<Vec<u8>>)>,
    /// Responses that may still be read.
    held: Vec<Weak<Vec<u8>>>,
}

impl Cache {
    fn alive(&mut self) -> impl Iterator<Item = Arc<Vec<u8>>> {
        self.held.retain(|bytes| bytes.strong_count() > 0);
        self.held.iter().filter_map(Weak::upgrade)
    }

    fn held(&mut self) -> usize {
        self.alive().map(|bytes| bytes.len()).sum()
    }
}

impl Default for SharedResponse {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            cache: Mutex::default(),
        }
    }
}

impl SharedResponse {
    /// Responses that are built and not dropped yet.
    pub fn alive(&self) -> usize {
        self.cache
            .try_lock()
            .map_or(0, |mut cache| cache.alive().count())
    }

    /// Responses being built or sent.
    pub fn under_way(&self) -> usize {
        AT_ONCE - self.turns.available_permits()
    }

    /// A response built after the request arrived; under load, or while readers hold many bytes of
    /// older ones, the latest.
    ///
    /// # Errors
    /// When there is none now.
    pub async fn get(
        &self,
        build: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Body, Unavailable> {
        let asked = Instant::now();
        let _place = self.places.try_acquire().map_err(|_| Unavailable::Busy)?;
        let turn = timeout(TURN_WITHIN, self.turns.clone().acquire_owned()).await;
        let turn = turn.ok().and_then(Result::ok).ok_or(Unavailable::Busy)?;
        let bytes = self.latest(asked, build).await?;
        Ok(Body::new(SharedBody {
            bytes,
            at: 0,
            _turn: turn,
        }))
    }

    async fn latest(
        &self,
        asked: Instant,
        build: impl FnOnce() -> Option<Vec<u8>> + Send + 'static,
    ) -> Result<Arc<Vec<u8>>, Unavailable> {
        let mut cache = self.cache.lock().await;
        let held = cache.held();
        if let Some((started, bytes)) = &cache.latest {
            let is_busy = self.turns.available_permits() < AT_ONCE / 2;
            let is_recent = *started >= asked || is_busy && started.elapsed() < REUSED_FOR;
            if is_recent || held + bytes.len() > HELD && held > 0 {
                return Ok(bytes.clone());
            }
        }
        cache.latest = None;
        let started = Instant::now();
        let bytes = spawn_blocking(build)
            .await
            .map_err(|_| Unavailable::Failed)?;
        let bytes = Arc::new(bytes.ok_or(Unavailable::NotReady)?);
        cache.held.push(Arc::downgrade(&bytes));
        cache.latest = Some((started, bytes.clone()));
        Ok(bytes)
    }
}

/// A shared response on its way to one reader, in pieces: the reader's turn ends with the last one.
#[derive(Debug)]
struct SharedBody {
    bytes: Arc<Vec<u8>>,
    at: usize,
    _turn: OwnedSemaphorePermit,
}

impl HttpBody for SharedBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let end = (self.at + PIECE).min(self.bytes.len());
        if self.at == end {
            return Poll::Ready(None);
        }
        let piece = Bytes::copy_from_slice(&self.bytes[self.at..end]);
        self.at = end;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.at == self.bytes.len()
    }

    fn size_hint(&self) -> SizeHint {
        let left = u64::try_from(self.bytes.len() - self.at);
        left.map_or_else(|_| SizeHint::default(), SizeHint::with_exact)
    }
}
