//! Reads the operator's own report and page through the API server's proxy to its Service, for people who
//! may not list workloads. It needs the right `get` on `services/proxy` of that Service and nothing else.

use std::fmt;
use std::str::FromStr;

use http::{HeaderMap, Request, Response};
use kube::Client;
use kube::client::Body;

use super::connect::Target;
use super::error::{Error, Result};

/// The port of the operator's Service that serves the report.
const PORT: &str = "http";

/// The operator's Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorService {
    namespace: String,
    name: String,
    port: String,
}

impl FromStr for OperatorService {
    type Err = ();

    /// `NAMESPACE/NAME` or `NAMESPACE/NAME:PORT`.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (namespace, service) = text.split_once('/').ok_or(())?;
        let (name, port) = service.split_once(':').unwrap_or((service, PORT));
        let is_name = |part: &str| {
            let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !part.is_empty() && part.chars().all(is_part)
        };
        if ![namespace, name, port].into_iter().all(is_name) {
            return Err(());
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            port: port.to_owned(),
        })
    }
}

impl fmt::Display for OperatorService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl OperatorService {
    /// An address of the operator behind the API server's proxy.
    fn behind_proxy(&self, address: &str) -> String {
        let Self {
            namespace,
            name,
            port,
        } = self;
        format!("/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy{address}")
    }
}

/// The report as JSON.
///
/// # Errors
/// When the API server refuses, or nothing answers behind the Service.
pub async fn operator_report(target: &Target, service: &OperatorService) -> Result<String> {
    let proxy = OperatorProxy {
        client: target.client().await?,
        service: service.clone(),
    };
    proxy.text("/api/v1/report").await
}

/// The connection to an operator's Service.
#[derive(Clone)]
pub struct OperatorProxy {
    client: Client,
    service: OperatorService,
}

impl OperatorProxy {
    /// Connects, and asks once whether the operator answers.
    ///
    /// # Errors
    /// When the API server refuses, or nothing answers behind the Service.
    pub async fn connect(target: &Target, service: &OperatorService) -> Result<Self> {
        let proxy = Self {
            client: target.client().await?,
            service: service.clone(),
        };
        proxy.text("/livez").await?;
        Ok(proxy)
    }

    async fn text(&self, address: &str) -> Result<String> {
        let request = Request::get(self.service.behind_proxy(address))
            .body(Vec::new())
            .map_err(|error| self.failed()(kube::Error::HttpError(error)))?;
        let text = self.client.request_text(request).await;
        text.map_err(self.failed())
    }

    /// The answer of an address, whatever its status.
    ///
    /// # Errors
    /// When there is none.
    pub async fn get(&self, address: &str, headers: HeaderMap) -> Result<Response<Body>> {
        let mut request = Request::get(self.service.behind_proxy(address))
            .body(Body::empty())
            .map_err(|error| self.failed()(kube::Error::HttpError(error)))?;
        request.headers_mut().extend(headers);
        self.client.send(request).await.map_err(self.failed())
    }

    fn failed(&self) -> impl FnOnce(kube::Error) -> Error + use<> {
        Error::on(format!("reach the operator {}", self.service))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_with_its_namespace() {
        let named: OperatorService = "goldenpath-system/goldenpath".parse().unwrap();
        assert_eq!(named.port, "http");
        let named: OperatorService = "a/b:8080".parse().unwrap();
        assert_eq!(named.port, "8080");
        for text in [
            "",
            "goldenpath",
            "/x",
            "a/",
            "a/b/c",
            "a/../b",
            "A/b",
            "a/b?x",
        ] {
            assert!(text.parse::<OperatorService>().is_err(), "{text}");
        }
    }
}
