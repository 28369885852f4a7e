//! What can go wrong before anything is judged.

use std::io;
use std::path::PathBuf;

use crate::cli::WorkloadName;
use crate::print;

/// Why a scan could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that was named cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The path as it was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("failed to read standard input")]
    Stdin(#[source] io::Error),
    /// The report cannot be printed.
    #[error(transparent)]
    Print(#[from] print::Error),
    /// There is no such workload among the manifests.
    #[error("no {}/{} is among the manifests", target.kind, target.name)]
    NoSuchWorkload {
        /// The workload asked for.
        target: WorkloadName,
    },
    /// There are several such workloads.
    #[error("{}/{} is in {namespaces}: say which with -n", target.kind, target.name)]
    Ambiguous {
        /// The workload asked for.
        target: WorkloadName,
        /// Where it is.
        namespaces: String,
    },
}

impl Error {
    /// A word for logs and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Stdin(_) => "Read",
            Self::Print(error) => error.reason(),
            Self::NoSuchWorkload { .. } | Self::Ambiguous { .. } => "NoSuchWorkload",
        }
    }

    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Print(error) => error.is_broken_pipe(),
            Self::Read { .. }
            | Self::Stdin(_)
            | Self::NoSuchWorkload { .. }
            | Self::Ambiguous { .. } => false,
        }
    }
}
