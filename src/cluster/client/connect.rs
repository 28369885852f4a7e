//! Connects to a cluster: the usual kubeconfig rules, one TLS provider, and for the operator a client
//! that never retries by itself. Callers retry, so that a server that pushes back slows down all
//! writes and not one request at a time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube::client::{Client, ClientBuilder};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use super::bodies::BodyLayer;
use super::error::{Error, Result};
use super::heartbeat::{Heartbeat, HeartbeatLayer};

/// The longest time one call to the API server may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// How long one watch lasts: shorter than the four minutes after which load balancers drop silent
/// connections, which bounds how long a dead one goes unnoticed.
pub const WATCH_SECONDS: u32 = 180;
/// Reading from a stream times out after this silence. A watch ends at the server before.
const LONGEST_SILENCE: Duration = Duration::from_secs(210);

/// Which cluster.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// The kubeconfig file; found as kubectl does where absent.
    pub kubeconfig: Option<PathBuf>,
    /// The context; the current one where absent.
    pub context: Option<String>,
}

impl Target {
    async fn config(&self) -> Result<Config> {
        let options = KubeConfigOptions {
            context: self.context.clone(),
            ..KubeConfigOptions::default()
        };
        if let Some(file) = &self.kubeconfig {
            let kubeconfig = Kubeconfig::read_from(file).map_err(Error::Kubeconfig)?;
            let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
            return config.map_err(Error::Kubeconfig);
        }
        if self.context.is_some() {
            let config = Config::from_kubeconfig(&options).await;
            return config.map_err(Error::Kubeconfig);
        }
        let config = Config::infer().await;
        config.map_err(|source| Error::NoCluster(Box::new(source)))
    }

    /// A client for commands: it retries by itself when the server pushes back.
    pub async fn client(&self) -> Result<Client> {
        install_tls();
        let config = self.config().await?;
        let builder = ClientBuilder::try_from(config);
        let builder = builder.map_err(|source| Error::Client(Box::new(source)))?;
        Ok(builder.with_layer(&BodyLayer).build())
    }

    /// The operator's client: it never retries, and every response updates `heartbeat`.
    pub async fn operator_client(&self, heartbeat: Arc<Heartbeat>) -> Result<Client> {
        install_tls();
        let mut config = self.config().await?;
        config.default_retry = false;
        config.read_timeout = Some(LONGEST_SILENCE);
        let builder = ClientBuilder::try_from(config);
        let builder = builder.map_err(|source| Error::Client(Box::new(source)))?;
        let builder = builder.with_layer(&HeartbeatLayer(heartbeat));
        Ok(builder.with_layer(&BodyLayer).build())
    }
}

/// Two providers would be ambiguous; the first one stays.
fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
