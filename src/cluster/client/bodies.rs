//! Escapes request bodies, so that no request of the operator or of a command carries a character
//! that the API server's decoder refuses. Every client of ours has this layer.

use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use http::Request;
use kube::client::Body;
use tower::{BoxError, Layer, Service};

use crate::report::document::encode;

/// Escapes the bodies of all requests.
#[derive(Clone, Copy, Debug)]
pub struct BodyLayer;

/// A client whose request bodies are escaped.
#[derive(Debug)]
pub struct EscapesBodies<S>(S);

impl<S> Layer<S> for BodyLayer {
    type Service = EscapesBodies<S>;

    fn layer(&self, inner: S) -> EscapesBodies<S> {
        EscapesBodies(inner)
    }
}

impl<S> Service<Request<Body>> for EscapesBodies<S>
where
    S: Service<Request<Body>, Error = BoxError>,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (head, body) = request.into_parts();
        // Every body is whole from the start: nothing is streamed to the server.
        let Some(Ok(bytes)) = body.collect_bytes().now_or_never() else {
            return Box::pin(ready(Err("the body of a request is not whole".into())));
        };
        let escaped = encode::body(&bytes);
        let body = escaped.map_or_else(|| Body::from(bytes), Body::from);
        Box::pin(self.0.call(Request::from_parts(head, body)))
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use kube::api::{Api, Patch, PatchParams, PostParams};
    use kube::client::Client;
    use serde_json::{Value, json};
    use tokio::sync::mpsc;

    use super::*;
    use crate::api::GoldenPath;

    /// A client that records its requests and answers with nothing.
    fn client() -> (Client, mpsc::UnboundedReceiver<Vec<u8>>) {
        let (sent, received) = mpsc::unbounded_channel();
        let service = tower::service_fn(move |request: Request<Body>| {
            let sent = sent.clone();
            async move {
                let bytes = request.into_body().collect_bytes().await?;
                sent.send(bytes.to_vec()).unwrap();
                Ok::<_, BoxError>(Response::new(Body::empty()))
            }
        });
        (Client::new(BodyLayer.layer(service), "default"), received)
    }

    #[tokio::test]
    async fn every_verb_sends_escaped_bodies() {
        let (client, mut received) = client();
        let api: Api<GoldenPath> = Api::all(client);
        let odd = "\u{7f}\u{9b}\u{2028}\u{feff}\u{ffff}🚀";
        let value = json!({"title": odd});
        let params = PatchParams::apply("test").force();
        let _ = api.patch("a", &params, &Patch::Apply(&value)).await;
        let _ = api
            .patch_status("a", &PatchParams::default(), &Patch::Merge(&value))
            .await;
        let spec = json!({"owner": {"team": "a"}, "checks": [], "title": odd});
        let path = GoldenPath::new("a", serde_json::from_value(spec).unwrap());
        let _ = api.create(&PostParams::default(), &path).await;
        let _ = api.replace("a", &PostParams::default(), &path).await;
        for _ in 0..4 {
            let bytes = received.recv().await.unwrap();
            let text = std::str::from_utf8(&bytes).unwrap();
            let written = r"\u007f\u009b\u2028\ufeff\uffff🚀";
            assert!(text.contains(written), "{text}");
            let read: Value = serde_json::from_slice(&bytes).unwrap();
            let title = read.pointer("/spec/title").or(read.pointer("/title"));
            assert_eq!(title, Some(&Value::from(odd)));
        }
    }
}
