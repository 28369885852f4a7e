//! Credentials for Prometheus, from files: a bearer token or a name and password, a certificate of ours,
//! and the authorities to trust. Files are read again for every request, so that a rotated Secret is
//! used at once. An error names the file and never what it holds.

use std::fmt::Display;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use hyper_rustls::ConfigBuilderExt as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::outbound::{HttpClient, NoRoots};
use crate::proxy::Environment;

/// Why Prometheus cannot be asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be used.
    #[error("{}: {problem}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system has no certificate authorities.
    #[error(transparent)]
    NoRoots(#[from] NoRoots),
}

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Files with credentials.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// A bearer token.
    pub token: Option<PathBuf>,
    /// `NAME:PASSWORD` for basic authentication.
    pub basic_auth: Option<PathBuf>,
    /// The authorities that sign the server's certificate; those of the system where absent.
    pub authorities: Option<PathBuf>,
    /// Our certificate, and the key of it.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// The content of the files that a connection depends on.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct TlsFiles(Vec<Vec<u8>>);

impl Credentials {
    /// The value of the header `Authorization`, and the secret in it.
    pub(super) fn authorization(&self) -> Result<Option<(HeaderValue, String)>> {
        let (file, secret, value) = if let Some(file) = &self.token {
            let token = secret(file)?;
            (file, token.clone(), format!("Bearer {token}"))
        } else if let Some(file) = &self.basic_auth {
            let pair = secret(file)?;
            let password = match pair.split_once(':') {
                Some((_, password)) => password.to_owned(),
                None => return Err(unusable(file, "it must hold NAME:PASSWORD")),
            };
            let encoded = BASE64_STANDARD.encode(&pair);
            (file, password, format!("Basic {encoded}"))
        } else {
            return Ok(None);
        };
        let mut header = HeaderValue::try_from(value)
            .map_err(|_| unusable(file, "it holds characters that no header may have"))?;
        header.set_sensitive(true);
        Ok(Some((header, secret)))
    }

    pub(super) fn tls_files(&self) -> Result<TlsFiles> {
        let pair = self.certificate.as_ref();
        let files = self
            .authorities
            .iter()
            .chain(pair.map(|pair| &pair.0))
            .chain(pair.map(|pair| &pair.1));
        let read = |file: &PathBuf| fs::read(file).map_err(|error| unusable(file, error));
        Ok(TlsFiles(files.map(read).collect::<Result<_>>()?))
    }

    /// A client that uses these files as they are now.
    pub(super) fn client(&self, url: &Uri, environment: Environment) -> Result<HttpClient> {
        if self.authorities.is_none() && self.certificate.is_none() {
            let needs_tls = url.scheme_str() == Some("https");
            return Ok(HttpClient::build(needs_tls, environment)?);
        }
        Ok(HttpClient::with_tls(self.tls()?, environment))
    }

    fn tls(&self) -> Result<ClientConfig> {
        let tls = match &self.authorities {
            Some(file) => HttpClient::tls().with_root_certificates(roots(file)?),
            None => HttpClient::tls()
                .with_native_roots()
                .map_err(NoRoots::from)?,
        };
        let Some((certificate, key)) = &self.certificate else {
            return Ok(tls.with_no_client_auth());
        };
        let chain = certificates(certificate)?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, error))?;
        tls.with_client_auth_cert(chain, private)
            .map_err(|error| unusable(certificate, error))
    }
}

fn roots(file: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(file, error))?;
    }
    Ok(roots)
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file).map_err(|error| unusable(file, error))?;
    let found: std::result::Result<Vec<_>, _> = found.collect();
    let found = found.map_err(|error| unusable(file, error))?;
    if found.is_empty() {
        return Err(unusable(file, "it holds no certificate"));
    }
    Ok(found)
}

/// The first line of a file.
fn secret(file: &Path) -> Result<String> {
    let text = fs::read_to_string(file).map_err(|error| unusable(file, error))?;
    match text.trim() {
        "" => Err(unusable(file, "it is empty")),
        text => Ok(text.to_owned()),
    }
}

fn unusable(file: &Path, problem: impl Display) -> Error {
    Error::File {
        file: file.to_owned(),
        problem: problem.to_string(),
    }
}
