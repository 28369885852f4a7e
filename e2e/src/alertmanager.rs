//! A real Alertmanager on loopback, next to the cluster whose Prometheus sends it alerts. Uses the
//! one installed on this machine (Debian: `prometheus-alertmanager`).

use serde_json::Value;

use crate::{
    ControlPlane, Result,
    monitoring::{self, Recipe, Server},
};

const RECIPE: Recipe = Recipe {
    program: "prometheus-alertmanager",
    binary: None,
    data_flag: "storage.path",
    // Alone: it looks for no others.
    args: &["--cluster.listen-address="],
};

/// A running Alertmanager. Dropping it kills it.
#[derive(Debug)]
pub struct Alertmanager(Server);

impl Alertmanager {
    /// Whether it is installed.
    pub fn is_installed() -> bool {
        monitoring::is_installed(RECIPE.program)
    }

    /// Starts it with this configuration (YAML) and waits until it answers.
    /// [`Error::Stopped`](crate::Error::Stopped), with the end of its log, when it ends instead.
    pub fn start(cluster: &ControlPlane, config: &str) -> Result<Self> {
        Server::start(cluster, &RECIPE, config).map(Self)
    }

    /// `127.0.0.1:PORT`, as a Prometheus started beside it wants to know.
    pub fn address(&self) -> &str {
        self.0.url.trim_start_matches("http://")
    }

    /// The alerts it knows of, as its API lists them.
    pub fn alerts(&self) -> Result<Vec<Value>> {
        let body = self
            .0
            .client
            .get(&format!("{}/api/v2/alerts", self.0.url))?;
        Ok(serde_json::from_str(&body).unwrap_or_default())
    }
}
