//! When the API server last sent anything, for each followed kind. A quiet watch still receives a
//! bookmark a minute, which kube's watcher does not pass on: this layer sees the bytes arrive. It
//! never reads their content.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body_util::BodyExt;
use jiff::Timestamp;
use kube::client::{Body, DynBody};
use tower::{BoxError, Layer, Service};

/// When bytes last arrived, in milliseconds since 1970; 0 is never.
type LastByte = Arc<AtomicI64>;

/// One collection at the API server.
#[derive(Debug, Default)]
struct Collection {
    /// The names it is followed under. Two watches of one kind may follow different objects.
    kinds: BTreeSet<String>,
    last_byte: LastByte,
}

/// The followed collections, by their path at the API server.
#[derive(Debug, Default)]
pub struct Heartbeat(RwLock<BTreeMap<String, Collection>>);

impl Heartbeat {
    /// Records from now on when bytes arrive from `path`, under the name of its kind.
    pub fn follow(&self, path: String, kind: &str) {
        let mut paths = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let collection = paths.entry(path).or_default();
        collection.kinds.insert(kind.to_owned());
    }

    /// When bytes of each kind last arrived, in seconds since 1970. Kinds without any are absent.
    pub fn last_seen(&self) -> Vec<(String, f64)> {
        let paths = self.0.read().unwrap_or_else(PoisonError::into_inner);
        paths
            .values()
            .map(|collection| {
                let millis = collection.last_byte.load(Ordering::Relaxed);
                (&collection.kinds, millis)
            })
            .filter(|(_, millis)| *millis > 0)
            .flat_map(|(kinds, millis)| {
                kinds
                    .iter()
                    .map(move |kind| (kind.clone(), seconds(millis)))
            })
            .collect()
    }

    fn last_byte(&self, path: &str) -> Option<LastByte> {
        let paths = self.0.read().unwrap_or_else(PoisonError::into_inner);
        paths
            .get(path)
            .map(|collection| collection.last_byte.clone())
    }
}

#[allow(clippy::cast_precision_loss)] // exact for the next quarter of a million years
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

fn beat(last_byte: &LastByte) {
    last_byte.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
}

/// Wraps a client, so that its responses update a heartbeat.
#[derive(Clone, Debug)]
pub struct HeartbeatLayer(pub Arc<Heartbeat>);

/// A client whose responses update a heartbeat.
#[derive(Debug)]
pub struct WithHeartbeat<S> {
    inner: S,
    heartbeat: Arc<Heartbeat>,
}

impl<S> Layer<S> for HeartbeatLayer {
    type Service = WithHeartbeat<S>;

    fn layer(&self, inner: S) -> WithHeartbeat<S> {
        WithHeartbeat {
            inner,
            heartbeat: self.0.clone(),
        }
    }
}

impl<S> Service<Request<Body>> for WithHeartbeat<S>
where
    S: Service<Request<Body>, Response = Response<Box<DynBody>>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let last_byte = self.heartbeat.last_byte(request.uri().path());
        let response = self.inner.call(request);
        Box::pin(async move {
            let response = response.await?;
            Ok(match last_byte.filter(|_| response.status().is_success()) {
                Some(last_byte) => response.map(|body| observed(body, last_byte)),
                None => response,
            })
        })
    }
}

fn observed(body: Box<DynBody>, last_byte: LastByte) -> Box<DynBody> {
    beat(&last_byte);
    Box::new(body.map_frame(move |frame| {
        beat(&last_byte);
        frame
    }))
}
