//! Why a request failed, in words for people: no status in Rust's notation, no cause twice. What to do
//! about it is the caller's.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use rustls::CertificateError;

use super::credentials::CredentialError;
use crate::proxy::{ProxyError, ProxyFailure};

/// A failed request.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub struct Failure {
    /// What kind of failure it is.
    pub cause: Cause,
    /// The short reason for metrics and logs.
    pub reason: &'static str,
    words: String,
}

/// The kinds of failure that have a next step of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The API server answered with an error.
    Answer(StatusCode),
    /// The API server does not serve this kind.
    NotServed,
    /// The answer cannot be read.
    Undecodable,
    /// There are no credentials.
    Credentials,
    /// The API server's port is closed.
    Closed,
    /// The host has no address.
    NoSuchHost,
    /// Nothing answered in time.
    TimedOut,
    /// The certificate is not signed by the authority of the kubeconfig.
    UnknownAuthority,
    /// The certificate is expired, or for another host.
    Certificate,
    /// The proxy failed.
    Proxy,
    /// Anything else.
    Other,
}

/// The API server cannot be reached.
#[derive(Debug, thiserror::Error)]
#[error("failed to reach {server}")]
pub struct Unreachable {
    /// Its address.
    pub server: String,
    /// Why.
    pub source: Box<dyn StdError + Send + Sync>,
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        let reason = reason_of(&error);
        let (cause, words) = explain(&error);
        Self {
            cause,
            reason,
            words,
        }
    }
}

/// An error of kube's in words for people.
pub fn words(error: &kube::Error) -> String {
    explain(error).1
}

fn explain(error: &kube::Error) -> (Cause, String) {
    match error {
        kube::Error::Api(status) => {
            let code = StatusCode::from_u16(status.code);
            let code = code.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let names_an_object = status
                .details
                .as_ref()
                .is_some_and(|it| !it.name.is_empty());
            if code == StatusCode::NOT_FOUND && !names_an_object {
                return (
                    Cause::NotServed,
                    "the cluster does not serve this kind".to_owned(),
                );
            }
            let words = match code {
                StatusCode::UNAUTHORIZED => {
                    "the API server does not accept your credentials (401 Unauthorized)".to_owned()
                }
                code if status.message.is_empty() => format!("the API server answered {code}"),
                _ => status.message.clone(),
            };
            (Cause::Answer(code), words)
        }
        kube::Error::SerdeError(error) => {
            let words = format!("the API server's answer cannot be read: {error}");
            (Cause::Undecodable, words)
        }
        kube::Error::FromUtf8(_) => {
            let words = "the API server's answer is not UTF-8".to_owned();
            (Cause::Undecodable, words)
        }
        kube::Error::Service(error) => explain_connection(&**error),
        // kube's own errors may grow.
        other => {
            // Its first words are kube's own, such as "HyperError".
            let inner = other.source();
            explain_connection(inner.unwrap_or(other))
        }
    }
}

/// The causes of an error, itself first. What an `io::Error` wraps is one of them.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut found = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        found.push(error);
        let wrapped = error.downcast_ref::<io::Error>();
        let wrapped = wrapped.and_then(|error| error.get_ref());
        next = match wrapped {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    found
}

/// The API server is named, then the proxy, then the cause: what lies between is the libraries'.
fn explain_connection(error: &(dyn StdError + 'static)) -> (Cause, String) {
    let causes = causes(error);
    let cause = cause_of(&causes);
    let find = |is_it: &dyn Fn(&(dyn StdError + 'static)) -> bool| {
        causes
            .iter()
            .find(|it| is_it(**it))
            .map(ToString::to_string)
    };
    let last = causes.last().map(ToString::to_string).unwrap_or_default();
    let why = match cause {
        Cause::Closed => "connection refused".to_owned(),
        Cause::UnknownAuthority => {
            "its certificate is signed by an authority that the kubeconfig does not name".to_owned()
        }
        Cause::NoSuchHost => find(&|it| {
            matches!(
                it.downcast_ref::<ProxyFailure>(),
                Some(ProxyFailure::NoSuchHost { .. })
            )
        })
        .unwrap_or(last),
        Cause::Credentials => return (cause, chain(error)),
        Cause::Answer(_)
        | Cause::NotServed
        | Cause::Undecodable
        | Cause::TimedOut
        | Cause::Certificate
        | Cause::Proxy
        | Cause::Other => last,
    };
    let server = find(&|it| it.is::<Unreachable>());
    let proxy = find(&|it| {
        matches!(
            it.downcast_ref::<ProxyFailure>(),
            Some(ProxyFailure::Through { .. })
        )
    });
    let parts = [server, proxy, Some(why)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (cause, parts.join(": "))
}

fn cause_of(causes: &[&(dyn StdError + 'static)]) -> Cause {
    let mut cause = Cause::Other;
    for error in causes {
        if error.is::<CredentialError>() {
            return Cause::Credentials;
        }
        if error.is::<ProxyError>() {
            return Cause::Proxy;
        }
        match error.downcast_ref::<ProxyFailure>() {
            Some(ProxyFailure::Through { .. }) => return Cause::Proxy,
            Some(ProxyFailure::NoSuchHost { .. }) => return Cause::NoSuchHost,
            None => {}
        }
        if let Some(rustls::Error::InvalidCertificate(invalid)) = error.downcast_ref() {
            return match invalid {
                CertificateError::UnknownIssuer => Cause::UnknownAuthority,
                _ => Cause::Certificate,
            };
        }
        match error.downcast_ref::<io::Error>().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => cause = Cause::Closed,
            Some(io::ErrorKind::TimedOut) => cause = Cause::TimedOut,
            Some(_) | None => {}
        }
    }
    cause
}

/// An error and its causes on one line. Many errors of libraries repeat their cause: it is left out.
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// Why a request failed, as one of a dozen reasons.
pub fn reason_of(error: &kube::Error) -> &'static str {
    match error {
        kube::Error::Api(status) => reason_of_code(status.code),
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => "Undecodable",
        kube::Error::Auth(_) => "Unauthorized",
        // kube's own errors may grow: all others mean that the server could not be reached.
        _ => "Unreachable",
    }
}

/// The reason for an HTTP status of the API server.
pub const fn reason_of_code(code: u16) -> &'static str {
    match code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        409 => "Conflict",
        410 => "Expired",
        422 => "Invalid",
        429 => "TooManyRequests",
        503 => "Unavailable",
        504 => "TimedOut",
        500..=599 => "ServerError",
        _ => "Refused",
    }
}
