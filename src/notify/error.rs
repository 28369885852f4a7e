//! Errors in the configuration of reminders, and a digest that its receiver did not take. The outcome of
//! a reminder is data, not an error.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::outbound::NoRoots;

/// Why reminders cannot be set up, or a digest was not sent.
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
    #[error(transparent)]
    NoRoots(#[from] NoRoots),
    /// A receiver did not take the digest of wins.
    #[error("failed to send the digest to channel {channel}: {message}")]
    NotSent {
        /// Name of the channel.
        channel: Arc<str>,
        /// What went wrong, without the address.
        message: String,
    },
}

/// The result of nearly everything here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
