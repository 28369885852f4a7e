//! The shell of `goldenpath scan`: files in, a report out, no cluster. It reads and prints;
//! judging is the business of [`crate::assess`].

mod documents;
mod error;
pub mod files;
pub mod read;
mod yaml;

pub use error::Error;
pub use read::{Input, Manifest};
