//! Flags that name the Prometheus which measures key results, of `run` and `objectives`, and what they
//! wire: PromQL from the cluster room to the room that asks.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use futures::future::BoxFuture;
use http::HeaderValue;
use jiff::Timestamp;

use super::error::Result;
use crate::api::Period;
use crate::assess::goals::objective::measurement::NoData;
use crate::cluster::FigureSource;
use crate::prometheus::{Credentials, PrometheusClient, PrometheusSettings, PrometheusUrl};
use crate::proxy::Environment;

/// Flags for Prometheus.
#[derive(Args, Clone, Debug, Default)]
#[allow(clippy::struct_field_names)] // as the flags are named
#[command(next_help_heading = "Prometheus")]
pub struct PrometheusArgs {
    /// Prometheus that measures key results with PromQL, such as <http://prometheus:9090>; the address
    /// up to /api/v1
    #[arg(long, value_name = "URL", env = "GOLDENPATH_PROMETHEUS_URL")]
    pub prometheus_url: Option<PrometheusUrl>,

    /// File with a bearer token for Prometheus, read again for each query
    #[arg(
        long,
        value_name = "FILE",
        requires = "prometheus_url",
        conflicts_with = "prometheus_basic_auth_file",
        env = "GOLDENPATH_PROMETHEUS_TOKEN_FILE"
    )]
    pub prometheus_token_file: Option<PathBuf>,

    /// File with NAME:PASSWORD for Prometheus, read again for each query
    #[arg(
        long,
        value_name = "FILE",
        requires = "prometheus_url",
        env = "GOLDENPATH_PROMETHEUS_BASIC_AUTH_FILE"
    )]
    pub prometheus_basic_auth_file: Option<PathBuf>,

    /// File with the certificate authorities of Prometheus [default: those of the system]
    #[arg(
        long,
        value_name = "FILE",
        requires = "prometheus_url",
        env = "GOLDENPATH_PROMETHEUS_CA_FILE"
    )]
    pub prometheus_ca_file: Option<PathBuf>,

    /// File with the client certificate for Prometheus
    #[arg(
        long,
        value_name = "FILE",
        requires_all = ["prometheus_url", "prometheus_key_file"],
        env = "GOLDENPATH_PROMETHEUS_CERT_FILE"
    )]
    pub prometheus_cert_file: Option<PathBuf>,

    /// File with the key of the client certificate
    #[arg(
        long,
        value_name = "FILE",
        requires = "prometheus_cert_file",
        env = "GOLDENPATH_PROMETHEUS_KEY_FILE"
    )]
    pub prometheus_key_file: Option<PathBuf>,

    /// Tenant that is asked, sent as X-Scope-OrgID (Mimir, Cortex)
    #[arg(
        long,
        value_name = "NAME",
        requires = "prometheus_url",
        value_parser = tenant,
        env = "GOLDENPATH_PROMETHEUS_TENANT"
    )]
    pub prometheus_tenant: Option<HeaderValue>,

    /// How long one query may take [default: 10s]
    #[arg(
        long,
        value_name = "PERIOD",
        requires = "prometheus_url",
        env = "GOLDENPATH_PROMETHEUS_TIMEOUT"
    )]
    pub prometheus_timeout: Option<Period>,
}

fn tenant(name: &str) -> Result<HeaderValue, &'static str> {
    HeaderValue::try_from(name).map_err(|_| "it holds characters that no header may have")
}

const TIMEOUT: Period = Period::seconds(10);

impl PrometheusArgs {
    /// What evaluates PromQL, where an address is given.
    pub(super) fn source(&self) -> Result<Option<Arc<dyn FigureSource>>> {
        let Some(url) = self.prometheus_url.clone() else {
            return Ok(None);
        };
        let certificate = self.prometheus_cert_file.clone();
        let settings = PrometheusSettings {
            url,
            credentials: Credentials {
                token: self.prometheus_token_file.clone(),
                basic_auth: self.prometheus_basic_auth_file.clone(),
                authorities: self.prometheus_ca_file.clone(),
                certificate: certificate.zip(self.prometheus_key_file.clone()),
            },
            tenant: self.prometheus_tenant.clone(),
            timeout: self.prometheus_timeout.unwrap_or(TIMEOUT),
        };
        let client = PrometheusClient::with(settings, Environment::read())?;
        Ok(Some(Arc::new(client)))
    }
}

impl FigureSource for PrometheusClient {
    fn ask<'a>(&'a self, query: &'a str, at: Timestamp) -> BoxFuture<'a, Result<f64, NoData>> {
        Box::pin(self.value(query, at))
    }
}
