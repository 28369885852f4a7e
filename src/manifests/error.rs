//! What can go wrong before anything is judged.

use std::io;
use std::path::PathBuf;

/// Why manifests cannot be read.
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
}
