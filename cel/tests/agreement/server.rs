//! Requests to the API server over HTTPS, with the warnings of the responses.

use std::cell::Cell;
use std::sync::Arc;

use serde_json::Value;
use ureq::Agent;
use ureq::http::HeaderMap;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub struct Server {
    agent: Agent,
    url: String,
    token: String,
    requests: Cell<u32>,
}

/// Status, warnings and body of a response.
pub struct Answer {
    pub status: u16,
    pub warnings: Vec<String>,
    pub body: Value,
}

impl Server {
    pub fn new(url: &str, authority: &str, token: &str) -> Self {
        let authority = Certificate::from_pem(authority.as_bytes()).expect("a certificate");
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(vec![authority])))
            .build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .http_status_as_error(false)
            .proxy(None);
        Self {
            agent: config.build().new_agent(),
            url: url.to_owned(),
            token: format!("Bearer {token}"),
            requests: Cell::new(0),
        }
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u32 {
        self.requests.get()
    }

    pub fn get(&self, path: &str) -> Value {
        self.requests.set(self.requests.get() + 1);
        let request = self.agent.get(format!("{}{path}", self.url));
        let request = request.header("Authorization", &self.token);
        let mut response = request.call().expect("the server answers");
        response.body_mut().read_json().expect("the answer is JSON")
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.requests.set(self.requests.get() + 1);
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("Authorization", &self.token);
        let mut response = request.send_json(body).expect("the server answers");
        Answer {
            status: response.status().as_u16(),
            warnings: warnings(response.headers()),
            body: response.body_mut().read_json().expect("the answer is JSON"),
        }
    }

    /// Creates an object. Panics if the server refuses it.
    pub fn create(&self, path: &str, body: &Value) {
        let answer = self.post(path, body);
        assert_eq!(answer.status, 201, "{path}: {}", answer.body["message"]);
    }
}

/// The texts of `Warning: 299 - "text"` headers.
fn warnings(headers: &HeaderMap) -> Vec<String> {
    let texts = headers.get_all("warning").iter().filter_map(|header| {
        let header = std::str::from_utf8(header.as_bytes()).ok()?;
        let quoted = header.strip_prefix("299 - \"")?.strip_suffix('"')?;
        Some(unescape(quoted))
    });
    texts.collect()
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}
