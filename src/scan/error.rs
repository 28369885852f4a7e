//! What can go wrong before anything is judged.

use std::io;
use std::path::PathBuf;

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
    /// The report cannot be written.
    #[error("failed to write the report")]
    Write(#[source] io::Error),
    /// The report cannot be put into the format asked for.
    #[error("failed to write the report as {format}")]
    Render {
        /// The format asked for.
        format: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// A word for logs and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Read { .. } | Self::Stdin(_) => "Read",
            Self::Write(_) => "Write",
            Self::Render { .. } => "Render",
        }
    }

    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Write(source) => source.kind() == io::ErrorKind::BrokenPipe,
            Self::Read { .. } | Self::Stdin(_) | Self::Render { .. } => false,
        }
    }
}
