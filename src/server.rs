//! HTTP: metrics, health and the report. It asks a [`Source`] and knows nothing of clusters;
//! nothing can be changed through it. Liveness never depends on the cluster: a restart would not
//! make a missing definition appear.

use std::fmt::Write as _;
use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tokio::sync::watch;

const TEXT: &str = "text/plain; charset=utf-8";
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
/// How long open connections may take to end.
const GOODBYE: Duration = Duration::from_secs(2);

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

type Shared = State<Arc<dyn Source>>;

/// Metrics and health alone.
pub fn operations(source: Arc<dyn Source>) -> Router {
    Router::new()
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(source)
}

/// What people and programs read: the page and the report.
pub fn pages(source: Arc<dyn Source>) -> Router {
    pages_beside("", source)
}

/// Everything under one address.
pub fn everything(source: Arc<dyn Source>) -> Router {
    operations(source.clone()).merge(pages_beside(OPERATIONS, source))
}

/// The page lists what else is at this address.
fn pages_beside(others: &str, source: Arc<dyn Source>) -> Router {
    let page = format!("{WELCOME}{others}</ul></html>\n");
    Router::new()
        .route("/", get(async || Html(page)))
        .route("/api/v1/report", get(report))
        .with_state(source)
}

/// Binds an address; port 0 takes a free one.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves until `stop` says so, then gives open connections a moment to end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut asked = stop.clone();
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stop.wait_for(|stop| *stop).await;
    });
    let overdue = async {
        let _ = asked.wait_for(|stop| *stop).await;
        tokio::time::sleep(GOODBYE).await;
    };
    tokio::select! {
        ended = served.into_future() => ended,
        () = overdue => Ok(()),
    }
}

async fn readyz(State(source): Shared) -> Response {
    let readiness = source.readiness();
    let status = if readiness.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, [(header::CONTENT_TYPE, TEXT)], readiness.text()).into_response()
}

async fn metrics(State(source): Shared) -> Response {
    match tokio::task::spawn_blocking(move || source.metrics()).await {
        Ok(text) => ([(header::CONTENT_TYPE, EXPOSITION)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn report(State(source): Shared) -> Response {
    let asked = source.clone();
    match tokio::task::spawn_blocking(move || asked.report()).await {
        Ok(Some(json)) => ([(header::CONTENT_TYPE, JSON)], json).into_response(),
        Ok(None) => {
            let text = source.readiness().text();
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
