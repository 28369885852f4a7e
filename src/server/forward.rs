//! Passes requests on to the page of an operator elsewhere, for a browser on this machine. Read-only, and
//! for this machine's own names alone: a page of another origin cannot use the rights behind it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use futures::future::BoxFuture;
use percent_encoding::percent_decode_str;

use super::listener::Routes;
use super::prefix::BasePath;
use super::{RETRY_AFTER, busy};

/// Headers of a request that are passed on.
const ASKED: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::IF_NONE_MATCH,
    HeaderName::from_static("last-event-id"),
    header::USER_AGENT,
];
/// Headers of an answer that are passed on.
const ANSWERED: [HeaderName; 12] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_SECURITY_POLICY,
    header::CACHE_CONTROL,
    header::ETAG,
    header::VARY,
    header::LOCATION,
    header::RETRY_AFTER,
    header::REFERRER_POLICY,
    header::X_CONTENT_TYPE_OPTIONS,
    HeaderName::from_static("x-accel-buffering"),
    header::ALLOW,
];

/// The operator that requests are passed on to.
pub trait Upstream: Send + Sync + 'static {
    /// Asks for an address. An error is a sentence for the reader.
    fn get(
        &self,
        address: String,
        headers: HeaderMap,
    ) -> BoxFuture<'_, Result<Response<Body>, String>>;
}

/// Every address of the operator.
pub fn forward(upstream: Arc<dyn Upstream>) -> Routes {
    Routes {
        all: Router::new().fallback(pass_on).with_state(upstream),
        reserve: Router::new().fallback(busy),
        base: BasePath::default(),
        views: Arc::default(),
    }
}

async fn pass_on(
    State(upstream): State<Arc<dyn Upstream>>,
    request: Request<Body>,
) -> Response<Body> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !is_for_loopback(request.headers()) {
        return (StatusCode::FORBIDDEN, "open it as http://127.0.0.1\n").into_response();
    }
    let Some(address) = request.uri().path_and_query() else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if leaves_root(address.path()) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let asked = only(&ASKED, request.headers());
    match upstream.get(address.to_string(), asked).await {
        Ok(answer) => {
            let (parts, body) = answer.into_parts();
            let mut response = Response::new(body);
            *response.status_mut() = parts.status;
            *response.headers_mut() = only(&ANSWERED, &parts.headers);
            response
        }
        Err(message) => {
            let headers = [(header::RETRY_AFTER, RETRY_AFTER)];
            (StatusCode::BAD_GATEWAY, headers, message + "\n").into_response()
        }
    }
}

fn only(names: &[HeaderName], headers: &HeaderMap) -> HeaderMap {
    let found = names.iter().filter_map(|name| {
        let value = headers.get(name)?;
        Some((name.clone(), value.clone()))
    });
    found.collect()
}

/// Whether the browser means this machine: a name that leads here from elsewhere is another origin.
fn is_for_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host.host()))
}

/// Whether a part of the path leads up, out of the operator's own addresses.
fn leaves_root(path: &str) -> bool {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    let mut parts = decoded.split(['/', '\\']);
    parts.any(|part| part == ".." || part == ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_answered_and_only_below_the_root() {
        for (host, is_own) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("[::1]:80", true),
            ("[::1]", true),
            ("evil.example.com:8080", false),
            ("127.0.0.1.evil.example.com", false),
            ("", false),
        ] {
            let headers = [(header::HOST, host.parse().unwrap())];
            let headers: HeaderMap = headers.into_iter().collect();
            assert_eq!(is_for_loopback(&headers), is_own, "{host}");
        }
        for (path, leaves) in [
            ("/", false),
            ("/services/shop/web..x", false),
            ("/../secrets", true),
            ("/a/%2e%2e/b", true),
            ("/a/%2E./b", true),
            ("/a/..%5cb", true),
            ("/.", true),
        ] {
            assert_eq!(leaves_root(path), leaves, "{path}");
        }
    }
}
