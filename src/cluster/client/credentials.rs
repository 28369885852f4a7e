//! The credentials of a kubeconfig: tokens, token files, client certificates, and those of a credential
//! plugin, which runs once a command and is asked again only when its answer expires or is refused.

use std::fmt;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::config::{AuthInfo, ExecAuthCluster, ExecConfig, ExecInteractiveMode};
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tower::{BoxError, Layer, Service};

use crate::report::document::encode;

/// How long the content of a token file is used; client-go reads it as often.
const REREAD_AFTER: Duration = Duration::from_secs(60);
/// A plugin is asked again this long before its answer expires.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// Why there are no credentials. The text never holds one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A file cannot be read.
    #[error("failed to read the {what} {}", file.display())]
    Unreadable {
        /// What it holds.
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A part of the kubeconfig is not what it should be.
    #[error("the {what} of the kubeconfig is not valid: {problem}")]
    Malformed {
        /// The part.
        what: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The executable of the plugin does not exist.
    #[error("the credential plugin '{command}' is not installed")]
    NoPlugin {
        /// Its command.
        command: String,
        /// How to install it, in the words of the kubeconfig.
        install_hint: Option<String>,
    },
    /// The plugin cannot be started.
    #[error("failed to run the credential plugin '{command}'")]
    NotStarted {
        /// Its command.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// The plugin failed; it wrote why to standard error.
    #[error("the credential plugin '{command}' failed: {status}")]
    Failed {
        /// Its command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// The plugin wants to ask questions, and there is no terminal.
    #[error("the credential plugin '{command}' needs a terminal, and standard input is not one")]
    NoTerminal {
        /// Its command.
        command: String,
    },
    /// The answer of the plugin holds no credentials.
    #[error("the answer of the credential plugin '{command}' is not valid: {problem}")]
    Answer {
        /// Its command.
        command: String,
        /// What is wrong with it.
        problem: String,
    },
}

type Result<T, E = CredentialError> = std::result::Result<T, E>;

/// The answer of a credential plugin, shared by all clients of a process.
#[derive(Clone, Default)]
pub struct PluginCredentials(Arc<Mutex<Option<PluginAnswer>>>);

#[derive(Clone)]
struct PluginAnswer {
    token: Option<String>,
    certificate: Option<String>,
    key: Option<String>,
    expires: Option<Timestamp>,
}

impl fmt::Debug for PluginCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PluginCredentials")
    }
}

impl PluginCredentials {
    async fn get(&self, plugin: &ExecConfig) -> Result<PluginAnswer> {
        let mut answer = self.0.lock().await;
        let is_valid = |it: &&PluginAnswer| {
            it.expires
                .is_none_or(|expires| expires > Timestamp::now() + MARGIN)
        };
        if let Some(answer) = answer.as_ref().filter(is_valid) {
            return Ok(answer.clone());
        }
        let asked = plugin.clone();
        // It may open a browser and wait for the user.
        let fresh = tokio::task::spawn_blocking(move || ask(&asked))
            .await
            .map_err(|error| CredentialError::NotStarted {
                command: plugin.command.clone().unwrap_or_default(),
                source: io::Error::other(error),
            })??;
        Ok(answer.insert(fresh).clone())
    }

    /// The API server refused the answer: the next request asks again.
    async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecInfo<'a> {
    api_version: &'a str,
    kind: &'static str,
    spec: ExecSpec<'a>,
}

#[derive(Serialize)]
struct ExecSpec<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<&'a ExecAuthCluster>,
    interactive: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecAnswer {
    api_version: Option<String>,
    status: Option<ExecStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecStatus {
    expiration_timestamp: Option<Timestamp>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs a plugin as client-go does.
fn ask(plugin: &ExecConfig) -> Result<PluginAnswer> {
    let Some(command) = plugin.command.clone().filter(|it| !it.is_empty()) else {
        return Err(CredentialError::Malformed {
            what: "exec plugin",
            problem: "command is missing".to_owned(),
        });
    };
    let is_terminal = io::stdin().is_terminal();
    let interactive = match plugin.interactive_mode {
        Some(ExecInteractiveMode::Never) => false,
        Some(ExecInteractiveMode::IfAvailable) | None => is_terminal,
        Some(ExecInteractiveMode::Always) if !is_terminal => {
            return Err(CredentialError::NoTerminal { command });
        }
        Some(ExecInteractiveMode::Always) => true,
    };
    let answer = |problem: String| CredentialError::Answer {
        command: command.clone(),
        problem,
    };
    let info = ExecInfo {
        api_version: plugin.api_version.as_deref().unwrap_or_default(),
        kind: "ExecCredential",
        spec: ExecSpec {
            cluster: plugin.cluster.as_ref(),
            interactive,
        },
    };
    let info = encode::json(&info).map_err(|error| answer(error.to_string()))?;
    let variables = plugin.env.iter().flatten();
    let variables = variables.filter_map(|it| Some((it.get("name")?, it.get("value")?)));
    let stdin = if interactive {
        Stdio::inherit()
    } else {
        Stdio::null()
    };
    let output = Command::new(&command)
        .args(plugin.args.iter().flatten())
        .envs(variables)
        .env("KUBERNETES_EXEC_INFO", info)
        .stdin(stdin)
        .stderr(Stdio::inherit())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            let install_hint = plugin.install_hint.clone();
            return Err(CredentialError::NoPlugin {
                command,
                install_hint: install_hint.filter(|hint| !hint.trim().is_empty()),
            });
        }
        Err(source) => return Err(CredentialError::NotStarted { command, source }),
    };
    if !output.status.success() {
        let status = output.status;
        return Err(CredentialError::Failed { command, status });
    }
    read_answer(&output.stdout, plugin.api_version.as_deref()).map_err(answer)
}

fn read_answer(bytes: &[u8], version: Option<&str>) -> Result<PluginAnswer, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    // The parser's own message may quote a token.
    let read: ExecAnswer = serde_saphyr::from_str(text)
        .map_err(|_| "it is not an ExecCredential in JSON or YAML".to_owned())?;
    if let (Some(wanted), Some(got)) = (version, &read.api_version)
        && wanted != got
    {
        return Err(format!("it has apiVersion {got} instead of {wanted}"));
    }
    let status = read.status.ok_or("it has no status")?;
    let pair = (&status.client_certificate_data, &status.client_key_data);
    match (pair, &status.token) {
        ((Some(_), None) | (None, Some(_)), _) => {
            Err("it has a client certificate without its key, or a key alone".to_owned())
        }
        ((None, None), None) => Err("it has neither a token nor a client certificate".to_owned()),
        ((Some(_), Some(_)) | (None, None), _) => Ok(PluginAnswer {
            token: status.token,
            certificate: status.client_certificate_data,
            key: status.client_key_data,
            expires: status.expiration_timestamp,
        }),
    }
}

/// What a kubeconfig's user signs in with.
pub struct Credentials {
    /// The certificate to show in TLS.
    pub certificate: Option<Arc<dyn ResolvesClientCert>>,
    /// The token to send.
    pub token: Option<TokenLayer>,
}

/// Takes the credentials out of `auth`, and runs the plugin where one is needed. What stays, such as a
/// password, is left to kube.
pub async fn take(auth: &mut AuthInfo, plugins: &PluginCredentials) -> Result<Credentials> {
    let certificate = bytes(
        auth.client_certificate_data.take(),
        auth.client_certificate.take(),
        "client certificate",
    )?;
    let key = bytes(
        auth.client_key_data
            .take()
            .map(|data| data.expose_secret().to_owned()),
        auth.client_key.take(),
        "client key",
    )?;
    let mut certificate = identity(certificate, key)?;
    let token = auth.token.take();
    let token = token.map(|token| token.expose_secret().trim().to_owned());
    let token = token.filter(|token| !token.is_empty());
    let has_password = auth.username.is_some() && auth.password.is_some();
    let source = match (auth.token_file.take(), token, auth.exec.take()) {
        (Some(file), token, _) => Some(TokenSource::file(file.into(), token)?),
        (None, Some(token), _) => Some(TokenSource::Fixed(token)),
        (None, None, Some(plugin)) if !has_password && auth.auth_provider.is_none() => {
            let answer = plugins.get(&plugin).await?;
            if let (Some(pem), Some(key)) = (answer.certificate, answer.key) {
                certificate = identity(Some(pem.into_bytes()), Some(key.into_bytes()))?;
            }
            let credentials = plugins.clone();
            answer.token.map(|_| TokenSource::Plugin {
                plugin: Box::new(plugin),
                credentials,
            })
        }
        (None, None, Some(_) | None) => None,
    };
    Ok(Credentials {
        certificate,
        token: source.map(|source| TokenLayer(Arc::new(source))),
    })
}

/// The data in the kubeconfig, else the content of a file.
fn bytes(
    data: Option<String>,
    file: Option<String>,
    what: &'static str,
) -> Result<Option<Vec<u8>>> {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        let decoded = BASE64_STANDARD.decode(data.trim());
        return decoded.map(Some).map_err(|_| CredentialError::Malformed {
            what,
            problem: "it is not base64".to_owned(),
        });
    }
    file.filter(|file| !file.is_empty())
        .map(|file| read(what, Path::new(&file)))
        .transpose()
}

fn read(what: &'static str, file: &Path) -> Result<Vec<u8>> {
    fs::read(file).map_err(|source| CredentialError::Unreadable {
        what,
        file: file.to_owned(),
        source,
    })
}

/// A certificate with its key. rustls would parse the certificate and refuse X.509 version 1, which
/// `MicroK8s` hands out; only the API server has to be able to read it.
fn identity(
    certificate: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
) -> Result<Option<Arc<dyn ResolvesClientCert>>> {
    let malformed = |what, problem: &str| CredentialError::Malformed {
        what,
        problem: problem.to_owned(),
    };
    let (certificate, key) = match (certificate, key) {
        (Some(certificate), Some(key)) => (certificate, key),
        (None, None) => return Ok(None),
        (Some(_), None) => {
            return Err(malformed(
                "client certificate",
                "it comes without a client key",
            ));
        }
        (None, Some(_)) => {
            return Err(malformed(
                "client key",
                "it comes without a client certificate",
            ));
        }
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<_, _>>()
        .map_err(|_| malformed("client certificate", "it is not PEM"))?;
    if chain.is_empty() {
        return Err(malformed("client certificate", "it is not PEM"));
    }
    let key = PrivateKeyDer::from_pem_slice(&key)
        .map_err(|_| malformed("client key", "it is not a private key in PEM"))?;
    let key = any_supported_type(&key)
        .map_err(|_| malformed("client key", "it is not an RSA, ECDSA or Ed25519 key"))?;
    let certified = CertifiedKey::new(chain, key);
    let mismatch = rustls::InconsistentKeys::KeyMismatch;
    if certified.keys_match() == Err(rustls::Error::InconsistentKeys(mismatch)) {
        return Err(malformed(
            "client key",
            "it does not belong to the client certificate",
        ));
    }
    Ok(Some(Arc::new(SingleCertAndKey::from(certified))))
}

/// Where the token of a request comes from.
enum TokenSource {
    Fixed(String),
    File {
        file: PathBuf,
        read: Mutex<(String, Instant)>,
    },
    Plugin {
        plugin: Box<ExecConfig>,
        credentials: PluginCredentials,
    },
}

impl TokenSource {
    /// As client-go: a file that cannot be read at first leaves the token beside it.
    fn file(file: PathBuf, beside: Option<String>) -> Result<Self> {
        let token = match (token_in(&file), beside) {
            (Ok(token), _) | (Err(_), Some(token)) => token,
            (Err(error), None) => return Err(error),
        };
        let read = Mutex::new((token, Instant::now()));
        Ok(Self::File { file, read })
    }

    async fn token(&self) -> Result<String> {
        match self {
            Self::Fixed(token) => Ok(token.clone()),
            Self::File { file, read } => {
                let mut read = read.lock().await;
                if read.1.elapsed() > REREAD_AFTER {
                    // A file that was removed leaves the last token in use.
                    let token = token_in(file).unwrap_or_else(|_| read.0.clone());
                    *read = (token, Instant::now());
                }
                Ok(read.0.clone())
            }
            Self::Plugin {
                plugin,
                credentials,
            } => Ok(credentials.get(plugin).await?.token.unwrap_or_default()),
        }
    }

    async fn refused(&self) {
        match self {
            Self::Fixed(_) | Self::File { .. } => {}
            Self::Plugin { credentials, .. } => credentials.forget().await,
        }
    }
}

/// The token in a file, which may end with a line feed.
fn token_in(file: &Path) -> Result<String> {
    let text = String::from_utf8_lossy(&read("token file", file)?).into_owned();
    match text.trim() {
        "" => Err(CredentialError::Malformed {
            what: "token file",
            problem: format!("{} is empty", file.display()),
        }),
        token => Ok(token.to_owned()),
    }
}

/// Sends a token with every request.
#[derive(Clone)]
pub struct TokenLayer(Arc<TokenSource>);

/// A client that sends a token with every request.
#[derive(Clone)]
pub struct WithToken<S> {
    inner: S,
    source: Arc<TokenSource>,
}

impl<S> Layer<S> for TokenLayer {
    type Service = WithToken<S>;

    fn layer(&self, inner: S) -> WithToken<S> {
        let source = self.0.clone();
        WithToken { inner, source }
    }
}

impl<S, B, R> Service<Request<B>> for WithToken<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send + 'static,
    R: Send,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let source = self.source.clone();
        // The copy that `poll_ready` was called on is the one that is ready.
        let next = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let token = source.token().await?;
            let header = HeaderValue::try_from(format!("Bearer {token}"));
            let mut header = header.map_err(|_| CredentialError::Malformed {
                what: "token",
                problem: "it holds characters that a header cannot".to_owned(),
            })?;
            header.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, header);
            let response = ready.call(request).await.map_err(Into::into)?;
            if response.status() == StatusCode::UNAUTHORIZED {
                source.refused().await;
            }
            Ok(response)
        })
    }
}
