//! The HTTP client: one request, one answer, within a deadline. It follows no redirect and never
//! retries; that is up to the caller.

use std::error::Error as _;
use std::io::{self, Cursor};
use std::sync::Arc;
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::proxy::{Connector, Environment, Route};
use crate::report::terminal::plain::plain;

/// The longest one request may take, from the connection to the answer's first line, where the caller
/// sets nothing else; reading the body may take as long again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request's body.
pub type Body = Full<Cursor<Vec<u8>>>;

/// No certificate authorities were found, and an address needs them.
#[derive(Debug, thiserror::Error)]
#[error("failed to find certificate authorities, which an https address needs")]
pub struct NoRoots(#[from] io::Error);

/// Why there is no answer.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NoAnswer {
    /// The connection failed or broke off. The text never holds more of the address than its host.
    #[error("{0}")]
    Unreachable(String),
    /// The deadline passed.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The body is longer than this number of bytes.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
}

/// A client for HTTP and HTTPS.
#[derive(Clone)]
pub struct HttpClient {
    client: Client<ProxiedConnector, Body>,
    route: Route,
    patience: Duration,
}

impl HttpClient {
    /// A client that connects through the proxies of `environment`; without certificate authorities, it
    /// serves plain HTTP alone.
    ///
    /// # Errors
    /// When `needs_tls` is set and the system has no certificate authorities.
    pub fn build(needs_tls: bool, environment: Environment) -> Result<Self, NoRoots> {
        let tls = match Self::tls().with_native_roots() {
            Ok(tls) => tls.with_no_client_auth(),
            Err(source) if needs_tls => return Err(NoRoots(source)),
            // For plain HTTP alone.
            Err(_) => Self::tls()
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth(),
        };
        Ok(Self::with_tls(tls, environment))
    }

    /// The beginning of a configuration for [`Self::with_tls`].
    ///
    /// # Panics
    /// Never: ring knows the default versions.
    pub fn tls() -> ConfigBuilder<ClientConfig, WantsVerifier> {
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions")
    }

    /// A client with authorities and a certificate of its own.
    pub fn with_tls(tls: ClientConfig, environment: Environment) -> Self {
        let route = Route::Environment(Arc::new(environment));
        // A pooled connection may have been closed by the other side in the days between.
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(connector(tls, &route));
        Self {
            client,
            route,
            patience: PATIENCE,
        }
    }

    /// The same client with another deadline.
    #[must_use]
    pub const fn within(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends one request and returns the answer's head; its body is still to be read.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn send(&self, mut request: Request<Body>) -> Result<Response<Incoming>, NoAnswer> {
        if let Some(value) = self.route.authorization_for(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, value);
        }
        match tokio::time::timeout(self.patience, self.client.request(request)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(NoAnswer::Unreachable(chain(&error))),
            Err(_) => Err(NoAnswer::TimedOut(self.patience)),
        }
    }
}

/// Reads a body of at most `limit` bytes as text.
///
/// # Errors
/// When the body breaks off, is longer, or takes too long.
pub async fn read_text<B>(body: B, limit: usize) -> Result<String, NoAnswer>
where
    B: BodyExt,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(NoAnswer::TooLong(limit)),
        Ok(Err(error)) => Err(NoAnswer::Unreachable(
            plain(&error.to_string()).into_owned(),
        )),
        Err(_) => Err(NoAnswer::TimedOut(PATIENCE)),
    }
}

type ProxiedConnector = HttpsConnector<Connector>;

fn connector(tls: ClientConfig, route: &Route) -> ProxiedConnector {
    let connector = Connector::new(route.clone(), Arc::new(tls.clone()));
    HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}

/// The error and its causes on one line. None of them holds more of the address than its host.
fn chain(error: &hyper_util::client::legacy::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    plain(&text).into_owned()
}
