//! Errors of reading manifests.

use std::io;
use std::path::PathBuf;

/// Why manifests cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A named file or directory cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The path as given.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard input cannot be read.
    #[error("failed to read standard input")]
    Stdin(#[source] io::Error),
    /// The export of a survey, or its mapping, cannot be used.
    #[error(transparent)]
    Survey(#[from] super::survey::SurveyError),
}
