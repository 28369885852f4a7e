//! One instant query: a form that is posted, an answer of at most 1 MiB within a timeout, no redirect.

use std::fmt;
use std::io::Cursor;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Method, Request, Uri, header};
use http_body_util::Full;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::answer;
use super::credentials::{Credentials, Error, Result, TlsFiles};
use crate::api::Period;
use crate::assess::goals::objective::measurement::NoData;
use crate::outbound::{Body, HttpClient, NoAnswer, read_text};
use crate::proxy::Environment;

/// The longest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// How much longer than Prometheus itself the client waits.
const MARGIN: Duration = Duration::from_secs(2);
/// The header by which Mimir, Cortex and Loki separate tenants.
const TENANT: &str = "x-scope-orgid";
const AGENT: &str = concat!("goldenpath/", env!("CARGO_PKG_VERSION"));

/// The address of a Prometheus, up to `/api/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrometheusUrl(Uri);

impl FromStr for PrometheusUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| "this is not a URL")?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err("the URL must begin with https:// or http://");
        }
        match uri.authority() {
            Some(authority) if authority.as_str().contains('@') => {
                Err("put user name and password into a file: --prometheus-basic-auth-file")
            }
            Some(_) if uri.query().is_some() => Err("the URL must have no query"),
            Some(_) if uri.path().contains("/api/v1") => {
                Err("the URL must end before /api/v1, such as http://prometheus:9090")
            }
            Some(_) => Ok(Self(uri)),
            None => Err("the URL has no host"),
        }
    }
}

impl PrometheusUrl {
    fn query(&self) -> String {
        format!("{}/api/v1/query", self.0.to_string().trim_end_matches('/'))
    }
}

/// Which Prometheus, and how it is asked.
#[derive(Clone, Debug)]
pub struct PrometheusSettings {
    /// Its address.
    pub url: PrometheusUrl,
    /// Files with credentials.
    pub credentials: Credentials,
    /// The tenant, for servers that have several.
    pub tenant: Option<HeaderValue>,
    /// How long it may take for one query.
    pub timeout: Period,
}

/// Asks one Prometheus.
pub struct PrometheusClient {
    settings: PrometheusSettings,
    environment: Environment,
    /// The client, and the files that it was made of.
    client: Mutex<Option<(TlsFiles, HttpClient)>>,
}

impl fmt::Debug for PrometheusClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusClient")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl PrometheusClient {
    /// A client that connects through the proxies of `environment`. Files are read with each query.
    ///
    /// # Errors
    /// When the address needs certificate authorities and the system has none.
    pub fn with(settings: PrometheusSettings, environment: Environment) -> Result<Self> {
        let client = Self {
            settings,
            environment,
            client: Mutex::default(),
        };
        // A missing file may be mounted later; missing authorities never come.
        match client.connected() {
            Err(error @ Error::NoRoots(_)) => Err(error),
            Ok(_) | Err(_) => Ok(client),
        }
    }

    /// The value of an expression at an instant.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn value(&self, query: &str, at: Timestamp) -> Result<f64, NoData> {
        let unusable = |error: Error| NoData::Credentials(error.to_string());
        let client = self.connected().map_err(unusable)?;
        let authorization = self.settings.credentials.authorization();
        let (header, secret) = authorization.map_err(unusable)?.unzip();
        let request = self.request(query, at, header)?;
        let response = client.send(request).await.map_err(no_answer)?;
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.to_owned();
        let body = read_text(response.into_body(), LARGEST).await;
        let body = body.map_err(no_answer)?;
        answer::value(status, &kind, &body).map_err(|reason| {
            let text = reason.to_string();
            // Reasons are stored in a status, and servers often repeat what they refuse.
            if secret.is_some_and(|secret| text.contains(&secret)) {
                NoData::Foreign("it repeats the credentials".to_owned())
            } else {
                reason
            }
        })
    }

    fn connected(&self) -> Result<HttpClient> {
        let files = self.settings.credentials.tls_files()?;
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = client.as_ref().filter(|(of, _)| *of == files) {
            return Ok(known.clone());
        }
        let credentials = &self.settings.credentials;
        let new = credentials
            .client(&self.settings.url.0, self.environment.clone())?
            .within(self.timeout() + MARGIN);
        *client = Some((files, new.clone()));
        Ok(new)
    }

    fn timeout(&self) -> Duration {
        Duration::from_secs(self.settings.timeout.as_seconds().max(1))
    }

    fn request(
        &self,
        query: &str,
        at: Timestamp,
        authorization: Option<HeaderValue>,
    ) -> Result<Request<Body>, NoData> {
        let timeout = format!("{}s", self.timeout().as_secs());
        // Thanos and VictoriaMetrics answer with a part of the data otherwise; Prometheus ignores what it
        // does not know.
        let form = [
            ("query", query),
            ("time", &at.to_string()),
            ("timeout", &timeout),
            ("partial_response", "false"),
            ("deny_partial_response", "1"),
        ];
        let form = form.map(|(name, value)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        });
        let body = form.join("&").into_bytes();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.settings.url.query())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::CONTENT_LENGTH, body.len())
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, AGENT);
        if let Some(tenant) = &self.settings.tenant {
            request = request.header(TENANT, tenant);
        }
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        request
            .body(Full::new(Cursor::new(body)))
            .map_err(|error| NoData::Foreign(error.to_string()))
    }
}

fn no_answer(why: NoAnswer) -> NoData {
    match why {
        NoAnswer::Unreachable(why) => NoData::Unreachable(why),
        NoAnswer::TimedOut(_) => NoData::TimedOut,
        NoAnswer::TooLong(_) => NoData::TooLong,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_before_the_api_and_holds_no_password() {
        let query = |text: &str| text.parse::<PrometheusUrl>().map(|url| url.query());
        for (text, url) in [
            ("http://p:9090", "http://p:9090/api/v1/query"),
            (
                "https://m.example.com/prometheus/",
                "https://m.example.com/prometheus/api/v1/query",
            ),
        ] {
            assert_eq!(query(text).as_deref(), Ok(url));
        }
        for text in [
            "p:9090",
            "ftp://p",
            "http://me:secret@p",
            "http://p/?a=b",
            "http://p/api/v1/query",
        ] {
            let refused = query(text).unwrap_err();
            assert!(!refused.contains("secret"), "{text}");
        }
    }
}
