//! The report of a running operator, for `report --operator`: through the API server's proxy, or from
//! an address such as that of `kubectl port-forward`. It judges nothing.

use std::str::FromStr;

use http::{Request, Uri};
use http_body_util::Full;

use super::error::{CommandError, ErrorKind, Result};
use super::{Invocation, runtime};
use crate::cluster::{self, OperatorService};
use crate::outbound::{Body, HttpClient, read_text};
use crate::proxy::Environment;
use crate::report::document::{KIND, Report};

/// The largest report that is read, in bytes: some 100,000 workloads.
const LARGEST: usize = 512 << 20;

/// Where an operator is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorPlace {
    /// Its Service, behind the API server.
    Service(OperatorService),
    /// Its address.
    Address(Uri),
}

impl FromStr for OperatorPlace {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WANTED: &str = "write NAMESPACE/SERVICE, or an address such as http://127.0.0.1:8080";
        if text.contains("://") {
            let address: Uri = text.parse().map_err(|_| WANTED)?;
            let is_http = matches!(address.scheme_str(), Some("http" | "https"));
            return match address.host() {
                Some(_) if is_http => Ok(Self::Address(address)),
                Some(_) | None => Err(WANTED),
            };
        }
        text.parse().map(Self::Service).map_err(|()| WANTED)
    }
}

/// Reads the report of the operator at `place`.
pub(super) fn read(place: &OperatorPlace, invocation: &Invocation<'_>) -> Result<Report> {
    let global = invocation.global;
    if global.namespace.is_some() || global.as_of.is_some() {
        return Err(ErrorKind::WholeReport.into());
    }
    let runtime = runtime::start()?;
    let text = match place {
        OperatorPlace::Service(service) => {
            let target = global.target();
            let read = cluster::operator_report(&target, service);
            runtime
                .block_on(read)
                .map_err(|error| refused(error, service, " and --operator http://127.0.0.1:PORT"))?
        }
        OperatorPlace::Address(address) => runtime.block_on(fetch(address))?,
    };
    parse(&text).map_err(|problem| ErrorKind::NotAReport { problem }.into())
}

/// The right that is missing by name, as it is not one that people have by default.
/// `next` is what follows a port-forward.
pub(super) fn refused(
    error: cluster::Error,
    service: &OperatorService,
    next: &str,
) -> CommandError {
    let is_forbidden = error.reason() == "Forbidden";
    let error = CommandError::from(error);
    if !is_forbidden {
        return error;
    }
    error.with_hint(format!(
        "ask for the right get on services/proxy of {service}, or use kubectl port-forward{next}"
    ))
}

async fn fetch(address: &Uri) -> Result<String, ErrorKind> {
    let url = format!(
        "{}/api/v1/report",
        address.to_string().trim_end_matches('/')
    );
    let unreachable = |source| ErrorKind::Unreachable {
        url: url.clone(),
        source,
    };
    let uri: Uri = url.parse().map_err(|source| ErrorKind::Address {
        url: url.clone(),
        source: Some(source),
    })?;
    let request = Request::get(uri)
        .body(Body::from(Full::default()))
        .map_err(|error| ErrorKind::NotAReport {
            problem: error.to_string(),
        })?;
    let client = HttpClient::build(address.scheme_str() == Some("https"), Environment::read())?;
    let answer = client.send(request).await.map_err(unreachable)?;
    let status = answer.status();
    let text = read_text(answer.into_body(), LARGEST).await;
    let text = text.map_err(|source| ErrorKind::BrokenAnswer {
        url: url.clone(),
        source,
    })?;
    if status.is_success() {
        Ok(text)
    } else {
        let problem = text.lines().next().unwrap_or_default();
        Err(ErrorKind::NotAReport {
            problem: format!("{url} answers {status}: {problem}"),
        })
    }
}

fn parse(text: &str) -> Result<Report, String> {
    #[derive(serde::Deserialize)]
    struct Head {
        kind: Option<String>,
    }
    let head: Head = serde_json::from_str(text).map_err(|_| "it is not JSON".to_owned())?;
    if head.kind.as_deref() != Some(KIND) {
        return Err(format!("its kind is not {KIND}"));
    }
    serde_json::from_str(text)
        .map_err(|error| format!("it is of another version of goldenpath: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_service_or_an_address() {
        for text in [
            "goldenpath-system/goldenpath",
            "http://127.0.0.1:8080",
            "https://gp.example.com/x",
        ] {
            assert!(text.parse::<OperatorPlace>().is_ok(), "{text}");
        }
        for text in ["", "goldenpath", "ftp://a", "http://", "a/b/c"] {
            assert!(text.parse::<OperatorPlace>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_report_is_refused() {
        assert!(parse("<html>").unwrap_err().contains("not JSON"));
        assert!(parse("{}").unwrap_err().contains("kind"));
        assert!(
            parse(r#"{"kind":"Report"}"#)
                .unwrap_err()
                .contains("another version")
        );
    }
}
