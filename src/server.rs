//! The read-only HTTP server: metrics, health and the report, all from a [`Source`]. It knows nothing
//! of clusters. Liveness never depends on the cluster: a restart would not install a missing
//! definition.

mod activity;
mod listener;
mod shared;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Router, routing::get};
use tokio::net::TcpListener;

pub use activity::Patience;
pub use listener::{Limits, Routes, serve};
use shared::{SharedResponse, Unavailable};

const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
/// `Retry-After` of a response that was refused for load, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

const WELCOME: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<title>goldenpath</title><h1>goldenpath</h1>\
<ul><li><a href=\"/api/v1/report\">The report, as JSON</a></li>";
/// Further links where metrics and health have the same address.
const OPERATIONS: &str = "<li><a href=\"/metrics\">Metrics</a></li>\
<li><a href=\"/readyz\">Is it ready?</a></li>";

/// Where responses come from; each is computed on request.
pub trait Source: Send + Sync + 'static {
    /// Whether the report is complete.
    fn readiness(&self) -> Readiness;
    /// Metrics in Prometheus' text format.
    fn metrics(&self) -> String;
    /// The report as JSON; none while it would be incomplete.
    fn report(&self) -> Option<Vec<u8>>;
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
    metrics: Arc<SharedResponse>,
    report: Arc<SharedResponse>,
}

impl Responses {
    fn new(source: Arc<dyn Source>) -> Self {
        Self {
            source,
            metrics: Arc::default(),
            report: Arc::default(),
        }
    }
}

/// Metrics and health alone.
pub fn operations(source: Arc<dyn Source>) -> Routes {
    let responses = Responses::new(source);
    let report = responses.report.clone();
    let all = operations_of(responses);
    Routes {
        reserve: all.clone(),
        all,
        report,
    }
}

/// The page and the report.
pub fn pages(source: Arc<dyn Source>) -> Routes {
    let responses = Responses::new(source);
    Routes {
        report: responses.report.clone(),
        all: pages_of("", responses),
        reserve: Router::new().fallback(busy),
    }
}

/// Everything under one address.
pub fn everything(source: Arc<dyn Source>) -> Routes {
    let responses = Responses::new(source);
    let operations = operations_of(responses.clone());
    Routes {
        report: responses.report.clone(),
        all: operations.clone().merge(pages_of(OPERATIONS, responses)),
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

/// The page links the other routes at this address.
fn pages_of(others: &str, responses: Responses) -> Router {
    let page = format!("{WELCOME}{others}</ul></html>\n");
    Router::new()
        .route("/", get(async || Html(page)))
        .route("/api/v1/report", get(report))
        .with_state(responses)
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
    let built = responses.metrics.get(move || Some(source.metrics().into()));
    respond(built.await, EXPOSITION, &responses)
}

async fn report(State(responses): State<Responses>) -> Response {
    let source = responses.source.clone();
    let built = responses.report.get(move || source.report());
    respond(built.await, JSON, &responses)
}

fn respond(
    built: Result<Body, Unavailable>,
    kind: &'static str,
    responses: &Responses,
) -> Response {
    match built {
        Ok(body) => ([(header::CONTENT_TYPE, kind)], body).into_response(),
        Err(Unavailable::NotReady) => {
            let text = responses.source.readiness().text();
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Err(Unavailable::Busy) => too_many(),
        Err(Unavailable::Failed) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
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
