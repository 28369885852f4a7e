//! The HTTP server. Read-only: metrics, health, the report and its lists, all from a [`Source`]. On a
//! listener of its own: incidents, for an [`IncidentReceiver`]. It knows nothing of clusters. Liveness
//! never depends on the cluster: a restart would not install a missing definition.

mod activity;
mod api;
mod body;
mod changes;
mod events;
mod file;
mod forward;
mod listener;
mod page;
mod prefix;
mod recent;
mod shared;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::net::TcpListener;

pub use activity::Patience;
use body::Builders;
use changes::Changes;
pub use events::{EventSettings, IncidentReceiver, RequestRate, events};
pub use forward::{Upstream, forward};
pub use listener::{Limits, Routes, serve};
pub use prefix::BasePath;
use recent::RecentFiles;
use shared::{Shared, Unavailable};

use crate::api::API_VERSION;
use crate::report::document::encode;
use crate::report::document::parameters::QueryError;
use crate::report::document::view::ReportView;

const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
/// `Retry-After` of a response that was refused for load, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Where responses come from; each is computed on request.
pub trait Source: Send + Sync + 'static {
    /// Whether the report is complete.
    fn readiness(&self) -> Readiness;
    /// Metrics in Prometheus' text format.
    fn metrics(&self) -> String;
    /// A number that differs where the facts do; none while they would be incomplete.
    fn version(&self) -> Option<u64>;
    /// What the report and its lists are written from; none while they would be incomplete.
    fn view(&self) -> Option<Arc<ReportView>>;
}

/// Kinds that are still missing, and kinds the operator works without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// What is missing; ready when there is none.
    pub pending: Vec<String>,
    /// What the operator does without.
    pub notes: Vec<String>,
}

impl Readiness {
    /// Whether nothing is missing.
    pub fn is_ready(&self) -> bool {
        self.pending.is_empty()
    }

    fn text(&self) -> String {
        let mut text = String::from(if self.is_ready() {
            "ready\n"
        } else {
            "waiting for:\n"
        });
        for line in self.pending.iter().chain(&self.notes) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "- {line}");
        }
        text
    }
}

/// The state of the routes.
#[derive(Clone)]
struct Responses {
    source: Arc<dyn Source>,
    metrics: Arc<Shared<[u8]>>,
    views: Arc<Shared<ReportView>>,
    builders: Builders,
    files: Arc<RecentFiles>,
    changes: Arc<Changes>,
}

impl Responses {
    fn new(source: Arc<dyn Source>) -> Self {
        Self {
            source,
            metrics: Arc::default(),
            views: Arc::default(),
            builders: Builders::default(),
            files: Arc::default(),
            changes: Arc::default(),
        }
    }
}

/// Metrics and health alone.
pub fn operations(source: Arc<dyn Source>) -> Routes {
    let responses = Responses::new(source);
    let views = responses.views.clone();
    let all = operations_of(responses);
    Routes {
        reserve: all.clone(),
        all,
        base: BasePath::default(),
        views,
    }
}

/// The page and the report.
pub fn pages(source: Arc<dyn Source>) -> Routes {
    let responses = Responses::new(source);
    Routes {
        views: responses.views.clone(),
        all: pages_of(responses),
        base: BasePath::default(),
        reserve: Router::new().fallback(busy),
    }
}

/// Everything under one address.
pub fn everything(source: Arc<dyn Source>) -> Routes {
    let responses = Responses::new(source);
    let operations = operations_of(responses.clone());
    Routes {
        views: responses.views.clone(),
        all: operations.clone().merge(pages_of(responses)),
        base: BasePath::default(),
        reserve: operations.fallback(busy),
    }
}

fn operations_of(responses: Responses) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(responses)
}

fn pages_of(responses: Responses) -> Router {
    let api = api::router(responses.clone());
    page::guarded(api.merge(page::routes(responses)))
}

/// Binds an address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

async fn readyz(State(responses): State<Responses>) -> Response {
    let readiness = responses.source.readiness();
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(header::CONTENT_TYPE, TEXT)], readiness.text()).into_response()
}

async fn metrics(State(responses): State<Responses>) -> Response {
    let source = responses.source.clone();
    let text = move || Some(source.metrics().into_bytes().into());
    let got = responses.metrics.get(text).await;
    respond(
        got.map(|(text, turn)| body::whole(text, turn)),
        EXPOSITION,
        &responses,
    )
}

/// The parameters of an address.
type Pairs = Query<Vec<(String, String)>>;

fn respond(body: Result<Body, Unavailable>, kind: &'static str, responses: &Responses) -> Response {
    match body {
        Ok(body) => ([(header::CONTENT_TYPE, kind)], body).into_response(),
        Err(unavailable) => self::unavailable(unavailable, responses),
    }
}

fn unavailable(unavailable: Unavailable, responses: &Responses) -> Response {
    match unavailable {
        Unavailable::NotReady => {
            let text = responses.source.readiness().text();
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Unavailable::Busy => too_many(),
        Unavailable::Failed => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// A refusal, as the API server answers one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Status")]
#[serde(rename_all = "camelCase")]
struct Refusal {
    api_version: &'static str,
    kind: &'static str,
    status: &'static str,
    message: String,
    reason: &'static str,
    code: u16,
}

/// A query that is refused, answered as the API server does.
struct BadQuery(QueryError);

impl From<QueryError> for BadQuery {
    fn from(error: QueryError) -> Self {
        Self(error)
    }
}

impl IntoResponse for BadQuery {
    fn into_response(self) -> Response {
        failure(StatusCode::BAD_REQUEST, "BadRequest", self.0.to_string())
    }
}

/// The answer to a query, or its refusal.
type Answer = Result<Response, BadQuery>;

fn not_found() -> Response {
    let message = "nothing has this address now".to_owned();
    failure(StatusCode::NOT_FOUND, "NotFound", message)
}

fn failure(code: StatusCode, reason: &'static str, message: String) -> Response {
    let refusal = Refusal {
        api_version: API_VERSION,
        kind: "Status",
        status: "Failure",
        message,
        reason,
        code: code.as_u16(),
    };
    match encode::json(&refusal) {
        Ok(text) => (code, [(header::CONTENT_TYPE, JSON)], text).into_response(),
        Err(_) => code.into_response(),
    }
}

async fn busy() -> Response {
    too_many()
}

fn too_many() -> Response {
    let text = "too many requests at once; try again in 2 s\n";
    let headers = [(header::RETRY_AFTER, RETRY_AFTER)];
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}
