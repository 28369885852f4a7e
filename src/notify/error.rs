//! Errors in the configuration of reminders. The outcome of a delivery is data, not an error.

use std::io;
use std::path::PathBuf;

/// Why reminders cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("failed to read {}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not a valid configuration.
    #[error("{}: {message}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// Line and cause.
        message: String,
    },
    /// No certificate authorities were found, and a channel uses HTTPS.
    #[error("failed to find certificate authorities, which an https channel needs")]
    NoRoots(#[source] io::Error),
}

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
