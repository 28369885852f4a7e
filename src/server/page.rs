//! The page for people: renders each address from the view that the JSON is written from, and adds the
//! headers. No address takes a write, and no page holds script or style of its own.

use axum::Router;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use super::file::{Asked, File};
use super::recent::{file, written};
use super::shared::Unavailable;
use super::{Answer, JSON, Pairs, RETRY_AFTER, Responses, not_found};
use crate::report::document::parameters::QueryError;
use crate::report::document::services::ServiceQuery;
use crate::report::document::view::ReportView;
use crate::report::html::{self, Notice, Page, RegisterQuery};

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8";
/// The longest address, in bytes.
const MAX_ADDRESS_BYTES: usize = 4096;
/// What a page may load: its own stylesheet and script, and nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
);

/// The addresses of the page.
pub(super) fn routes(responses: Responses) -> Router {
    Router::new()
        .route("/", always(Page::Overview))
        .route("/paths", always(Page::Paths))
        .route("/paths/{name}", get(path))
        .route("/services", get(services))
        .route("/services.csv", get(csv))
        .route("/services.json", get(all_as_json))
        .route("/services/{namespace}/{name}", get(one_service))
        .route("/teams", always(Page::Teams))
        .route("/teams/{name}", get(team))
        .route("/exceptions", get(exceptions))
        .route("/objectives", always(Page::Objectives))
        .route("/contrast", always(Page::Contrast))
        .route("/demand", always(Page::Demand))
        .route("/satisfaction", always(Page::Satisfaction))
        .route("/roadmap", always(Page::Roadmap))
        .route("/assets/style.css", get(style))
        .route("/assets/page.js", get(script))
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

/// An address that always shows the same page.
fn always(page: Page) -> MethodRouter<Responses> {
    get(
        |State(responses): State<Responses>, asked: Asked| async move {
            show(page, &responses, asked).await
        },
    )
}

/// A query that is refused, answered by a page.
struct BadQueryPage(QueryError);

impl From<QueryError> for BadQueryPage {
    fn from(error: QueryError) -> Self {
        Self(error)
    }
}

impl IntoResponse for BadQueryPage {
    fn into_response(self) -> Response {
        refused(&Notice::Refused(&self.0), StatusCode::BAD_REQUEST, 0)
    }
}

async fn path(
    State(responses): State<Responses>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    show(Page::Path(name), &responses, asked).await
}

async fn services(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Result<Response, BadQueryPage> {
    let page = Page::Services(ServiceQuery::read(pairs)?);
    Ok(show(page, &responses, asked).await)
}

async fn one_service(
    State(responses): State<Responses>,
    Path((namespace, name)): Path<(String, String)>,
    asked: Asked,
) -> Response {
    show(Page::Service { namespace, name }, &responses, asked).await
}

async fn team(
    State(responses): State<Responses>,
    Path(name): Path<String>,
    asked: Asked,
) -> Response {
    show(Page::Team(name), &responses, asked).await
}

async fn exceptions(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Result<Response, BadQueryPage> {
    let page = Page::Exceptions(RegisterQuery::read(pairs)?);
    Ok(show(page, &responses, asked).await)
}

async fn style(asked: Asked) -> Response {
    asset(html::STYLE, CSS, &asked)
}

async fn script(asked: Asked) -> Response {
    asset(html::SCRIPT, SCRIPT, &asked)
}

/// The page links it with the version of its content, so that browsers may cache it for long.
fn asset(content: &'static str, kind: &'static str, asked: &Asked) -> Response {
    let mut response = File::of(content.into(), kind, asked.is_packed).respond(asked);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}

/// A query for the filtered services on all pages.
fn unpaged(pairs: Vec<(String, String)>) -> Result<ServiceQuery, QueryError> {
    Ok(ServiceQuery {
        page: 1,
        limit: usize::MAX,
        ..ServiceQuery::read(pairs)?
    })
}

async fn csv(State(responses): State<Responses>, Query(pairs): Pairs, asked: Asked) -> Answer {
    let query = unpaged(pairs)?;
    let write = move |view: &ReportView| Some(query.page(view).csv());
    Ok(file(write, CSV, &responses, asked).await)
}

async fn all_as_json(
    State(responses): State<Responses>,
    Query(pairs): Pairs,
    asked: Asked,
) -> Answer {
    let query = unpaged(pairs)?;
    let write = move |view: &ReportView| query.page(view).json().ok();
    Ok(file(write, JSON, &responses, asked).await)
}

async fn not_found_page(uri: Uri) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") {
        return not_found();
    }
    let depth = path.matches('/').count().saturating_sub(1);
    refused(&Notice::NotFound, StatusCode::NOT_FOUND, depth)
}

async fn show(page: Page, responses: &Responses, asked: Asked) -> Response {
    let depth = page.depth();
    let write = move |view: &ReportView| html::render(&page, view);
    match written(write, HTML, responses, &asked).await {
        Ok(Some(file)) => file.respond(&asked),
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

fn refused(notice: &Notice<'_>, status: StatusCode, depth: usize) -> Response {
    let text = html::notice(notice, depth);
    (status, [(header::CONTENT_TYPE, HTML)], text).into_response()
}
