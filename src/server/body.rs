//! Bodies of answers on their way to one reader, in pieces. The next piece is made when the reader has
//! room for it, off the threads that serve, so that a slow reader holds one piece and no thread. What
//! the pieces say is not known here.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::shared::Turn;
use crate::report::document::stream::Stream;

/// Bytes passed to a connection at once.
const FRAME: usize = 16 * 1024;
/// Pieces made at once, for all readers.
const BUILDERS: usize = 2;

/// The rest of an answer could not be made; its connection is closed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("failed to write the rest of an answer")]
pub struct Interrupted;

/// A piece, and the stream behind it.
type Built = Result<(Bytes, Stream), Interrupted>;

/// Makes pieces, a few at once.
#[derive(Clone, Debug)]
pub struct Builders(Arc<Semaphore>);

impl Default for Builders {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BUILDERS)))
    }
}

impl Builders {
    /// Begins a document: makes it and its first piece.
    pub async fn begin(
        self,
        document: impl FnOnce() -> serde_json::Result<Stream> + Send + 'static,
        turn: Turn,
    ) -> Result<Body, Interrupted> {
        let (bytes, stream) = self.build(document).await?;
        Ok(Body::new(PacedBody {
            bytes,
            rest: Rest::of(stream, self),
            _turn: turn,
        }))
    }

    /// Makes a whole document.
    pub async fn run<T: Send + 'static>(
        &self,
        document: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Interrupted> {
        let permit = self.0.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Interrupted)?;
        let built = spawn_blocking(move || {
            let built = document();
            drop(permit);
            built
        });
        built.await.map_err(|_| Interrupted)
    }

    async fn build(
        &self,
        document: impl FnOnce() -> serde_json::Result<Stream> + Send + 'static,
    ) -> Built {
        let permit = self.0.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Interrupted)?;
        let built = spawn_blocking(move || {
            let mut stream = document()?;
            let piece = stream.next_piece()?;
            drop(permit);
            serde_json::Result::Ok((Bytes::from(piece.unwrap_or_default()), stream))
        });
        built.await.ok().and_then(Result::ok).ok_or(Interrupted)
    }
}

/// Bytes that are there already, in frames.
pub fn whole(bytes: Arc<[u8]>, turn: Turn) -> Body {
    Body::new(PacedBody {
        bytes: Bytes::from_owner(bytes),
        rest: Rest::Nothing,
        _turn: turn,
    })
}

/// One answer: the reader's turn ends with its last frame.
struct PacedBody {
    /// What is left of the current piece.
    bytes: Bytes,
    rest: Rest,
    _turn: Turn,
}

/// What follows the current piece.
enum Rest {
    Nothing,
    Waiting(Box<(Stream, Builders)>),
    Building(Pin<Box<dyn Future<Output = (Built, Builders)> + Send>>),
}

impl Rest {
    fn of(stream: Stream, builders: Builders) -> Self {
        if stream.is_done() {
            Self::Nothing
        } else {
            Self::Waiting(Box::new((stream, builders)))
        }
    }
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = Interrupted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        while self.bytes.is_empty() {
            match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::Nothing => return Poll::Ready(None),
                Rest::Waiting(waiting) => {
                    let (stream, builders) = *waiting;
                    self.rest = Rest::Building(Box::pin(async move {
                        (builders.build(move || Ok(stream)).await, builders)
                    }));
                }
                Rest::Building(mut building) => {
                    let Poll::Ready((built, builders)) = building.as_mut().poll(context) else {
                        self.rest = Rest::Building(building);
                        return Poll::Pending;
                    };
                    match built {
                        Ok((bytes, stream)) => {
                            self.bytes = bytes;
                            self.rest = Rest::of(stream, builders);
                        }
                        Err(interrupted) => return Poll::Ready(Some(Err(interrupted))),
                    }
                }
            }
        }
        let end = FRAME.min(self.bytes.len());
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(end)))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && matches!(self.rest, Rest::Nothing)
    }

    fn size_hint(&self) -> SizeHint {
        let left = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        if matches!(self.rest, Rest::Nothing) {
            return SizeHint::with_exact(left);
        }
        let mut hint = SizeHint::new();
        hint.set_lower(left);
        hint
    }
}
