//! HTTP: metrics, health and the report. It asks a [`Source`] and knows nothing of clusters;
//! nothing can be changed through it. Liveness never depends on the cluster: a restart would not
//! make a missing definition appear.

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
use shared::{Refused, Shared};

const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
/// Seconds after which a request that was refused for load may come back.
const COME_BACK: HeaderValue = HeaderValue::from_static("2");

const WELCOME: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
<title>goldenpath</title><h1>goldenpath</h1>\
<ul><li><a href=\"/api/v1/report\">The report, as JSON</a></li>";
/// What is at the same address unless metrics and health are split off.
const OPERATIONS: &str = "<li><a href=\"/metrics\">Metrics</a></li>\
<li><a href=\"/readyz\">Is it ready?</a></li>";

/// Where the answers come from. Every answer is worked out when it is asked for.
pub trait Source: Send + Sync + 'static {
    /// Whether there is something to answer with.
    fn readiness(&self) -> Readiness;
    /// Metrics in Prometheus' text format.
    fn metrics(&self) -> String;
    /// The report as JSON; none while it would be incomplete.
    fn report(&self) -> Option<Vec<u8>>;
}

/// What is still waited for, and what cannot be had.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// What is waited for; ready when there is none.
    pub pending: Vec<String>,
    /// What is done without.
    pub notes: Vec<String>,
}

impl Readiness {
    /// Whether nothing is waited for.
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

/// What the routes answer from.
#[derive(Clone)]
struct Answers {
    source: Arc<dyn Source>,
    metrics: Arc<Shared>,
    report: Arc<Shared>,
}

impl Answers {
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
    let answers = Answers::new(source);
    let report = answers.report.clone();
    let all = operations_of(answers);
    Routes {
        reserve: all.clone(),
        all,
        report,
    }
}

/// What people and programs read: the page and the report.
pub fn pages(source: Arc<dyn Source>) -> Routes {
    let answers = Answers::new(source);
    Routes {
        report: answers.report.clone(),
        all: pages_of("", answers),
        reserve: Router::new().fallback(busy),
    }
}

/// Everything under one address.
pub fn everything(source: Arc<dyn Source>) -> Routes {
    let answers = Answers::new(source);
    let operations = operations_of(answers.clone());
    Routes {
        report: answers.report.clone(),
        all: operations.clone().merge(pages_of(OPERATIONS, answers)),
        reserve: operations.fallback(busy),
    }
}

fn operations_of(answers: Answers) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(answers)
}

/// The page lists what else is at this address.
fn pages_of(others: &str, answers: Answers) -> Router {
    let page = format!("{WELCOME}{others}</ul></html>\n");
    Router::new()
        .route("/", get(async || Html(page)))
        .route("/api/v1/report", get(report))
        .with_state(answers)
}

/// Binds an address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

async fn readyz(State(answers): State<Answers>) -> Response {
    let readiness = answers.source.readiness();
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(header::CONTENT_TYPE, TEXT)], readiness.text()).into_response()
}

async fn metrics(State(answers): State<Answers>) -> Response {
    let source = answers.source.clone();
    let built = answers.metrics.get(move || Some(source.metrics().into()));
    respond(built.await, EXPOSITION, &answers)
}

async fn report(State(answers): State<Answers>) -> Response {
    let source = answers.source.clone();
    let built = answers.report.get(move || source.report());
    respond(built.await, JSON, &answers)
}

fn respond(built: Result<Body, Refused>, kind: &'static str, answers: &Answers) -> Response {
    match built {
        Ok(body) => ([(header::CONTENT_TYPE, kind)], body).into_response(),
        Err(Refused::NotReady) => {
            let text = answers.source.readiness().text();
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Err(Refused::Busy) => too_many(),
        Err(Refused::Failed) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn busy() -> Response {
    too_many()
}

fn too_many() -> Response {
    let text = "too many requests at once; try again in 2 s\n";
    let headers = [(header::RETRY_AFTER, COME_BACK)];
    (StatusCode::SERVICE_UNAVAILABLE, headers, text).into_response()
}
