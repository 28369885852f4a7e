//! Reads the operator's own report through the API server's proxy to its Service, for people who may
//! not list workloads. It needs the right `get` on `services/proxy` of that Service and nothing else.

use std::fmt;
use std::str::FromStr;

use http::Request;

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

/// The report as JSON.
///
/// # Errors
/// When the API server refuses, or nothing answers behind the Service.
pub async fn operator_report(target: &Target, service: &OperatorService) -> Result<String> {
    let client = target.client().await?;
    let OperatorService {
        namespace,
        name,
        port,
    } = service;
    let path = format!("/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy/api/v1/report");
    let failed = || Error::on(format!("read the report of the operator {service}"));
    let request = Request::get(path)
        .body(Vec::new())
        .map_err(|error| failed()(kube::Error::HttpError(error)))?;
    client.request_text(request).await.map_err(failed())
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
