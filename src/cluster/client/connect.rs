//! Connects to a cluster as kubectl does: its kubeconfig rules, its proxies, one TLS provider. The
//! operator's client never retries by itself. Callers retry, so that a server that pushes back slows
//! down all writes and not one request at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, Uri, header};
use http_body_util::BodyExt as _;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::rt::TokioExecutor;
use kube::client::retry::RetryPolicy;
use kube::client::{Body, Client, ClientBuilder, ConfigExt as _, DynBody};
use kube::config::Config;
use tower::retry::RetryLayer;
use tower::util::BoxService;
use tower::{BoxError, ServiceBuilder, ServiceExt as _};

use super::bodies::BodyLayer;
use super::credentials::{self, CredentialError, Credentials, PluginCredentials};
use super::error::{Error, Result};
use super::failure::{Failure, Unreachable};
use super::heartbeat::{Heartbeat, HeartbeatLayer};
use super::kubeconfig::{self, ClusterConfig};
use crate::proxy::{Connector, Environment, Proxy, Route};

/// The longest time one call to the API server may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one watch lasts: shorter than the four minutes after which load balancers drop silent
/// connections, which bounds how long a dead one goes unnoticed.
pub const WATCH_SECONDS: u32 = 180;
/// Reading from a stream times out after this silence. A watch ends at the server before.
const LONGEST_SILENCE: Duration = Duration::from_secs(210);

/// How often a command asks again when the server pushes back, and the pauses between: some 6 s in all.
const RETRIES: u32 = 6;
const RETRY_PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(3));

/// Which cluster.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The kubeconfig file; found as kubectl does where absent.
    pub kubeconfig: Option<PathBuf>,
    /// The context; the current one where absent.
    pub context: Option<String>,
    /// The answer of a credential plugin, for all clients.
    pub plugins: PluginCredentials,
}

impl Target {
    /// A client for commands: it retries by itself when the server pushes back.
    pub async fn client(&self) -> Result<Client> {
        let cluster = self.config().await?;
        let builder = self.builder(cluster).await?;
        Ok(builder.with_layer(&BodyLayer).build())
    }

    /// The operator's client: it never retries, and every response updates `heartbeat`.
    pub async fn operator_client(&self, heartbeat: Arc<Heartbeat>) -> Result<Client> {
        let mut cluster = self.config().await?;
        cluster.config.default_retry = false;
        cluster.config.read_timeout = Some(LONGEST_SILENCE);
        let builder = self.builder(cluster).await?;
        let builder = builder.with_layer(&HeartbeatLayer(heartbeat));
        Ok(builder.with_layer(&BodyLayer).build())
    }

    async fn config(&self) -> Result<ClusterConfig> {
        let (file, context) = (self.kubeconfig.as_deref(), self.context.as_deref());
        Ok(kubeconfig::read(file, context).await?)
    }

    async fn builder(&self, cluster: ClusterConfig) -> Result<ClientBuilder<ClusterService>> {
        install_tls();
        let mut config = cluster.config;
        let proxy = proxy(cluster.proxy_url.as_deref(), &config.cluster_url)?;
        let credentials = credentials::take(&mut config.auth_info, &self.plugins).await?;
        let namespace = config.default_namespace.clone();
        let service = service(config, Route::Fixed(proxy), credentials)?;
        Ok(ClientBuilder::new(service, namespace))
    }
}

/// `proxy-url` wins over the environment, also for loopback addresses, as with kubectl.
fn proxy(of_kubeconfig: Option<&str>, server: &Uri) -> Result<Option<Proxy>> {
    Ok(match of_kubeconfig {
        Some(url) => Some(Proxy::of_kubeconfig(url)?),
        None => Environment::read().proxy_for(server)?,
    })
}

type ClusterService = BoxService<Request<Body>, Response<Box<DynBody>>, BoxError>;

/// kube's layers, as its own builder stacks them, on our connector and our credentials.
fn service(mut config: Config, route: Route, credentials: Credentials) -> Result<ClusterService> {
    let failed = |error| Error::Client(Failure::from(error));
    let mut tls = config.rustls_client_config().map_err(failed)?;
    if let Some(certificate) = credentials.certificate {
        tls.client_auth_cert_resolver = certificate;
    }
    if let Some(value) = route.authorization_for(&config.cluster_url) {
        config.headers.push((header::PROXY_AUTHORIZATION, value));
    }
    let mut https = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http();
    if let Some(name) = config.tls_server_name.clone() {
        let name = name.try_into().map_err(|_| CredentialError::Malformed {
            what: "tls-server-name",
            problem: "it is neither a host name nor an address".to_owned(),
        })?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    let connector = Connector::new(route, Arc::new(tls));
    let mut connector = TimeoutConnector::new(https.enable_http1().wrap_connector(connector));
    connector.set_connect_timeout(config.connect_timeout);
    connector.set_read_timeout(config.read_timeout);
    connector.set_write_timeout(config.write_timeout);
    connector.set_reset_reader_on_write(config.reset_reader_on_write);
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .build::<_, Body>(connector);
    let server = config.cluster_url.to_string();
    // kube's own policy goes on for hours where a server answers 503 each time.
    let (shortest, longest) = RETRY_PAUSES;
    let retries = RetryPolicy::new(shortest, longest, RETRIES, true).ok();
    let retries = retries.filter(|_| config.default_retry);
    let retries = retries.map(RetryLayer::new);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(retries)
        .option_layer(config.auth_layer().map_err(failed)?)
        .option_layer(credentials.token)
        .layer(config.extra_headers_layer().map_err(failed)?)
        .map_err(
            move |source: hyper_util::client::legacy::Error| -> BoxError {
                let server = server.trim_end_matches('/').to_owned();
                let source = Box::new(source);
                Unreachable { server, source }.into()
            },
        )
        .service(client);
    Ok(service
        .map_response(|response| {
            response.map(|body| Box::new(body.map_err(BoxError::from)) as Box<DynBody>)
        })
        .boxed())
}

/// Two providers would be ambiguous; the first one stays.
fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
