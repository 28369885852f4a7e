//! When the API server was last heard from, for each kind that is followed. A quiet watch still
//! gets a bookmark a minute, which the watch itself keeps to itself: so this listens to the bytes.
//! It never looks at what they say.

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

/// When something was last heard, in milliseconds since 1970; 0 is never.
type Heard = Arc<AtomicI64>;

/// The kinds that are listened for, by the path their collections have at the server. Who follows
/// different objects of one kind goes by different names.
#[derive(Debug, Default)]
pub struct Pulse(RwLock<BTreeMap<String, (BTreeSet<String>, Heard)>>);

impl Pulse {
    /// Listens for what comes from `path` from now on, under the name of its kind.
    pub fn listen(&self, path: String, kind: &str) {
        let mut paths = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let (kinds, _) = paths.entry(path).or_default();
        kinds.insert(kind.to_owned());
    }

    /// When each kind was last heard from, in seconds since 1970. Kinds never heard from are absent.
    pub fn heard(&self) -> Vec<(String, f64)> {
        let paths = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let heard = paths.values().filter_map(|(kinds, heard)| {
            let millis = heard.load(Ordering::Relaxed);
            (millis > 0).then(|| {
                kinds
                    .iter()
                    .map(move |kind| (kind.clone(), seconds(millis)))
            })
        });
        heard.flatten().collect()
    }

    fn of(&self, path: &str) -> Option<Heard> {
        let paths = self.0.read().unwrap_or_else(PoisonError::into_inner);
        paths.get(path).map(|(_, heard)| heard.clone())
    }
}

#[allow(clippy::cast_precision_loss)] // exact for the next quarter of a million years
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

fn beat(heard: &Heard) {
    heard.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
}

/// Puts a pulse around a client.
#[derive(Clone, Debug)]
pub struct PulseLayer(pub Arc<Pulse>);

/// A client whose answers beat a pulse.
#[derive(Debug)]
pub struct WithPulse<S> {
    inner: S,
    pulse: Arc<Pulse>,
}

impl<S> Layer<S> for PulseLayer {
    type Service = WithPulse<S>;

    fn layer(&self, inner: S) -> WithPulse<S> {
        WithPulse {
            inner,
            pulse: self.0.clone(),
        }
    }
}

impl<S> Service<Request<Body>> for WithPulse<S>
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
        let heard = self.pulse.of(request.uri().path());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await?;
            Ok(match heard.filter(|_| answer.status().is_success()) {
                Some(heard) => answer.map(|body| listen(body, heard)),
                None => answer,
            })
        })
    }
}

fn listen(body: Box<DynBody>, heard: Heard) -> Box<DynBody> {
    beat(&heard);
    Box::new(body.map_frame(move |frame| {
        beat(&heard);
        frame
    }))
}
