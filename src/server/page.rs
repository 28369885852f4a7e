//! The page for people: renders each address from the view that the JSON is written from, and adds the
//! headers. No address takes a write, and no page holds script or style of its own.

use std::io::Write as _;

use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::shared::Unavailable;
use super::{JSON, Pairs, RETRY_AFTER, Responses, bad_request, not_found};
use crate::assess::object::digest::digest;
use crate::report::document::encode;
use crate::report::document::services::{ServiceQuery, service};
use crate::report::document::view::ReportView;
use crate::report::html::{self, Notice, Page, RegisterQuery};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";
/// The longest address, in bytes.
const MAX_ADDRESS_BYTES: usize = 4096;
/// Smaller bodies are not compressed.
const MIN_COMPRESSED_BYTES: usize = 1024;
/// Hexadecimal digits of an `ETag`.
const TAG_DIGITS: usize = 16;
/// What a page may load: its own stylesheet and script, and nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
);

/// The addresses of the page.
pub(super) fn routes(responses: Responses) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/paths", get(paths))
        .route("/paths/{name}", get(path))
        .route("/services", get(services))
        .route("/services.csv", get(csv))
        .route("/services.json", get(all_as_json))
        .route("/services/{namespace}/{name}", get(one_service))
        .route("/teams", get(teams))
        .route("/teams/{name}", get(team))
        .route("/exceptions", get(exceptions))
        .route("/assets/style.css", get(style))
        .route("/assets/page.js", get(script))
        .route("/api/v1/services", get(services_as_json))
        .route("/api/v1/services/{namespace}/{name}", get(service_as_json))
        .fallback(not_found_page)
        .with_state(responses)
}

/// Refuses very long addresses, and adds the headers of every response.
pub(super) fn guarded(router: Router) -> Router {
    router.layer(middleware::from_fn(guard))
}

async fn guard(request: Request, next: Next) -> Response {
    let mut response = if request.uri().to_string().len() > MAX_ADDRESS_BYTES {
        (StatusCode::URI_TOO_LONG, "the address is too long\n").into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-cache"));
    response
}

async fn overview(State(responses): State<Responses>, headers: HeaderMap) -> Response {
    show(Page::Overview, &responses, &headers).await
}

async fn paths(State(responses): State<Responses>, headers: HeaderMap) -> Response {
    show(Page::Paths, &responses, &headers).await
}

async fn path(
    State(responses): State<Responses>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    show(Page::Path(name), &responses, &headers).await
}

async fn services(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    match ServiceQuery::read(pairs) {
        Ok(query) => show(Page::Services(query), &responses, &headers).await,
        Err(error) => refused(&Notice::Refused(&error), StatusCode::BAD_REQUEST, 0),
    }
}

async fn one_service(
    State(responses): State<Responses>,
    Path((namespace, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    show(Page::Service { namespace, name }, &responses, &headers).await
}

async fn teams(State(responses): State<Responses>, headers: HeaderMap) -> Response {
    show(Page::Teams, &responses, &headers).await
}

async fn team(
    State(responses): State<Responses>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    show(Page::Team(name), &responses, &headers).await
}

async fn exceptions(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    match RegisterQuery::read(pairs) {
        Ok(query) => show(Page::Exceptions(query), &responses, &headers).await,
        Err(error) => refused(&Notice::Refused(&error), StatusCode::BAD_REQUEST, 0),
    }
}

async fn style(headers: HeaderMap) -> Response {
    asset(html::STYLE, CSS, &headers)
}

async fn script(headers: HeaderMap) -> Response {
    asset(html::SCRIPT, SCRIPT, &headers)
}

/// The page links it with the version of its content, so that browsers may cache it for long.
fn asset(content: &'static str, kind: &'static str, headers: &HeaderMap) -> Response {
    let mut response = File::of(content.into(), kind, headers).respond(headers);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}

/// A query for the filtered services on all pages.
fn unpaged(pairs: Vec<(String, String)>) -> Result<ServiceQuery, Box<Response>> {
    let query = ServiceQuery::read(pairs).map_err(|error| Box::new(bad_request(&error)))?;
    Ok(ServiceQuery {
        page: 1,
        limit: usize::MAX,
        ..query
    })
}

async fn csv(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    match unpaged(pairs) {
        Ok(query) => {
            let written = move |view: &ReportView| Some(query.page(view).csv());
            file(written, CSV, &responses, &headers).await
        }
        Err(response) => *response,
    }
}

async fn all_as_json(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    match unpaged(pairs) {
        Ok(query) => {
            let written = move |view: &ReportView| query.page(view).json().ok();
            file(written, JSON, &responses, &headers).await
        }
        Err(response) => *response,
    }
}

async fn services_as_json(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    headers: HeaderMap,
) -> Response {
    match ServiceQuery::read(pairs) {
        Ok(query) => {
            let written = move |view: &ReportView| query.page(view).json().ok();
            file(written, JSON, &responses, &headers).await
        }
        Err(error) => bad_request(&error),
    }
}

async fn service_as_json(
    State(responses): State<Responses>,
    Path((namespace, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let written = move |view: &ReportView| {
        let found = service(view, &namespace, &name)?;
        encode::json(&found).ok()
    };
    file(written, JSON, &responses, &headers).await
}

async fn not_found_page(uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") {
        return not_found();
    }
    let depth = path.matches('/').count().saturating_sub(1);
    refused(&Notice::NotFound, StatusCode::NOT_FOUND, depth)
}

async fn show(page: Page, responses: &Responses, headers: &HeaderMap) -> Response {
    let depth = page.depth();
    let written = move |view: &ReportView| html::render(&page, view);
    match built(written, HTML, responses, headers).await {
        Ok(Some(file)) => file.respond(headers),
        Ok(None) => refused(&Notice::NotFound, StatusCode::NOT_FOUND, depth),
        Err(Unavailable::NotReady) => {
            let pending = responses.source.readiness().pending;
            let notice = Notice::Waiting(&pending);
            refused(&notice, StatusCode::SERVICE_UNAVAILABLE, depth)
        }
        Err(Unavailable::Busy) => {
            let mut response = refused(&Notice::Busy, StatusCode::SERVICE_UNAVAILABLE, depth);
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
            response
        }
        Err(Unavailable::Failed) => {
            refused(&Notice::Failed, StatusCode::INTERNAL_SERVER_ERROR, depth)
        }
    }
}

/// Answers with a file: JSON or CSV.
async fn file(
    written: impl FnOnce(&ReportView) -> Option<String> + Send + 'static,
    kind: &'static str,
    responses: &Responses,
    headers: &HeaderMap,
) -> Response {
    match built(written, kind, responses, headers).await {
        Ok(Some(file)) => file.respond(headers),
        Ok(None) => not_found(),
        Err(unavailable) => super::unavailable(unavailable, responses),
    }
}

/// Writes a document from the shared view, on a thread of its own.
async fn built(
    written: impl FnOnce(&ReportView) -> Option<String> + Send + 'static,
    kind: &'static str,
    responses: &Responses,
    headers: &HeaderMap,
) -> Result<Option<File>, Unavailable> {
    let source = responses.source.clone();
    let (view, turn) = responses.views.get(move || source.view()).await?;
    let headers = headers.clone();
    let write = move || {
        let file = written(&view).map(|text| File::of(text.into(), kind, &headers));
        drop((view, turn));
        file
    };
    let built = responses.builders.run(write).await;
    built.map_err(|_| Unavailable::Failed)
}

fn refused(notice: &Notice<'_>, status: StatusCode, depth: usize) -> Response {
    let text = html::notice(notice, depth);
    (status, [(header::CONTENT_TYPE, HTML)], text).into_response()
}

/// A body with the name of its content.
struct File {
    body: Bytes,
    kind: &'static str,
    tag: String,
    is_compressed: bool,
}

impl File {
    /// Names the content, and compresses it where the reader accepts that.
    fn of(body: Bytes, kind: &'static str, headers: &HeaderMap) -> Self {
        // Weak: the same for each encoding.
        let tag = format!("W/\"{}\"", digest(&body, TAG_DIGITS));
        let is_large = body.len() >= MIN_COMPRESSED_BYTES;
        let compressed = (is_large && accepts_gzip(headers))
            .then(|| compressed(&body))
            .flatten();
        Self {
            is_compressed: compressed.is_some(),
            body: compressed.unwrap_or(body),
            kind,
            tag,
        }
    }

    fn respond(self, headers: &HeaderMap) -> Response {
        let known = headers.get(header::IF_NONE_MATCH);
        let known = known
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let is_known = known.split(',').any(|tag| tag.trim() == self.tag);
        let common = [
            (header::ETAG, self.tag),
            (header::VARY, "accept-encoding".to_owned()),
        ];
        if is_known {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind)];
        let mut response = (common, kind, self.body).into_response();
        if self.is_compressed {
            let gzip = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, gzip);
        }
        response
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|weight| {
                weight.starts_with("q=0")
                    && !weight.contains(['1', '2', '3', '4', '5', '6', '7', '8', '9'])
            })
    })
}

fn compressed(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
