//! Reads over HTTP with blocking GETs: plain HTTP on loopback, or HTTPS that
//! trusts the authority of one throwaway cluster and no other.

use std::{sync::Arc, time::Duration};

use ureq::{
    Agent,
    tls::{Certificate, RootCerts, TlsConfig},
};

use crate::{Error, Result};

const TIMEOUT: Duration = Duration::from_secs(10);
/// For questions that are asked again and again until the answer is yes.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// Far above what the API server's own metrics take (a few MB).
const LARGEST_ANSWER: u64 = 256 << 20;

/// A client for one server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    agent: Agent,
    token: Option<String>,
}

/// Status and body of an answer, whatever the status.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Client {
    /// For a plain HTTP server on loopback.
    pub(crate) fn plain() -> Self {
        Self::new(TlsConfig::default(), None)
    }

    /// For a server whose certificate `authority` (PEM) signed.
    pub(crate) fn trusting(authority: &str, token: &str) -> Result<Self> {
        let certificate =
            Certificate::from_pem(authority.as_bytes()).map_err(|source| Error::Http {
                url: "the certificate authority".to_owned(),
                source: Box::new(source),
            })?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(vec![certificate])))
            .build();
        Ok(Self::new(tls, Some(token.to_owned())))
    }

    fn new(tls: TlsConfig, token: Option<String>) -> Self {
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            // Loopback is never behind a proxy, even where the environment names one.
            .proxy(None)
            // Servers are restarted under this client: no connection is kept.
            .max_idle_connections(0)
            .build();
        let agent = config.new_agent();
        Self { agent, token }
    }

    /// The answer, whatever its status; an error when there was none.
    pub(crate) fn ask(&self, url: &str) -> Result<Answer> {
        self.ask_within(TIMEOUT, url)
    }

    fn ask_within(&self, timeout: Duration, url: &str) -> Result<Answer> {
        let failed = |source| Error::Http {
            url: url.to_owned(),
            source: Box::new(source),
        };
        let mut request = self
            .agent
            .get(url)
            .config()
            .timeout_global(Some(timeout))
            .build();
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let mut response = request.call().map_err(failed)?;
        let body = response
            .body_mut()
            .with_config()
            .limit(LARGEST_ANSWER)
            .read_to_string()
            .map_err(failed)?;
        Ok(Answer {
            status: response.status().as_u16(),
            body,
        })
    }

    /// The body of a 200 answer; any other status is an error.
    pub(crate) fn get(&self, url: &str) -> Result<String> {
        self.get_within(TIMEOUT, url)
    }

    /// As [`Client::get`], for answers that take longer.
    pub(crate) fn get_within(&self, timeout: Duration, url: &str) -> Result<String> {
        let answer = self.ask_within(timeout, url)?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        Err(Error::Status {
            url: url.to_owned(),
            status: answer.status,
            body: answer.body,
        })
    }

    /// Whether the server answers 200, and soon.
    pub(crate) fn is_ok(&self, url: &str) -> bool {
        self.ask_within(PROBE_TIMEOUT, url)
            .is_ok_and(|answer| answer.status == 200)
    }
}
