//! Errors of starting and using a control plane.

use std::{io, path::PathBuf, time::Duration};

/// Everything this crate can fail with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A binary is missing, and so is a Go toolchain to build it.
    #[error(
        "{missing} not found and no Go toolchain to build from: install Go {go} or newer, set \
         KUBEBUILDER_ASSETS to a directory of envtest binaries, or name a cluster with --kubeconfig"
    )]
    NoGo { missing: String, go: &'static str },
    /// `go build` failed; `log` is the end of its output.
    #[error("failed to build {tool}: {log}")]
    Build { tool: &'static str, log: String },
    /// A program was needed that was not among those asked for.
    #[error("{0} was not asked for when the binaries were located")]
    NotLocated(&'static str),
    /// Neither `GOLDENPATH_TOOLS_CACHE`, `XDG_CACHE_HOME` nor `HOME` is set.
    #[error("no cache directory: set GOLDENPATH_TOOLS_CACHE or HOME")]
    NoCacheDirectory,
    #[error("failed to {action} {path}")]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("failed to run {program}")]
    Spawn { program: String, source: io::Error },
    #[error("failed to make certificates")]
    Certificates(#[from] rcgen::Error),
    /// A program ended when it should have gone on; `log` is its end.
    #[error("{program} stopped: {log}")]
    Stopped { program: String, log: String },
    #[error("no free loopback port found")]
    NoFreePort,
    #[error("{what}: not within {} s", after.as_secs())]
    Deadline { what: String, after: Duration },
    #[error("failed to get {url}")]
    Http {
        url: String,
        source: Box<ureq::Error>,
    },
    #[error("{url} answered {status}: {body}")]
    Status {
        url: String,
        status: u16,
        body: String,
    },
    #[error("kubectl {args} failed: {stderr}")]
    Kubectl { args: String, stderr: String },
    #[error("{command} failed: {stderr}")]
    Command { command: String, stderr: String },
    /// This machine cannot run a real node; lists what is missing.
    #[error("a real node needs {0}")]
    Unfit(String),
    #[error("no user {0} in this control plane")]
    UnknownUser(String),
    #[error("this control plane keeps no audit log")]
    NoAuditLog,
    #[error("the API server serves no kind called {0}")]
    NoKind(String),
}

impl Error {
    /// A short stable word for logs.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NoGo { .. } => "NoGo",
            Self::Build { .. } => "BuildFailed",
            Self::NotLocated(_) => "NotLocated",
            Self::NoCacheDirectory => "NoCacheDirectory",
            Self::File { .. } => "FileFailed",
            Self::Spawn { .. } => "SpawnFailed",
            Self::Certificates(_) => "CertificatesFailed",
            Self::Stopped { .. } => "Stopped",
            Self::NoFreePort => "NoFreePort",
            Self::Deadline { .. } => "DeadlineExceeded",
            Self::Http { .. } => "HttpFailed",
            Self::Status { .. } => "UnexpectedStatus",
            Self::Kubectl { .. } => "KubectlFailed",
            Self::Command { .. } => "CommandFailed",
            Self::Unfit(_) => "Unfit",
            Self::UnknownUser(_) => "UnknownUser",
            Self::NoAuditLog => "NoAuditLog",
            Self::NoKind(_) => "NoKind",
        }
    }

    /// Whether a program ended because its port was taken between choosing and
    /// listening: worth another try with another port.
    pub(crate) fn is_lost_port(&self) -> bool {
        let taken = |log: &str| log.to_lowercase().contains("address already in use");
        matches!(self, Self::Stopped { log, .. } if taken(log))
            || matches!(self, Self::Spawn { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }

    /// For `map_err` on file operations: `Error::file("write", &path)`.
    pub(crate) fn file(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }
}

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
