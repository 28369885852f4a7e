//! Reads files into an inventory, without a cluster: manifests as the API server would store them,
//! golden paths that come with the binary, and what other tools were told to ignore. Nothing is
//! judged, printed or written here.

mod documents;
mod error;
pub mod files;
pub mod import;
mod load;
pub mod read;
mod starter;
mod yaml;

use std::io::{self, Read};
use std::path::PathBuf;

pub use error::Error;
pub use load::{Loaded, load};
pub use read::{Input, Manifest, stored};
pub use starter::PathsFrom;

/// The objects in files and directories, and in more golden paths; `-` is `stdin`. Objects that name
/// no namespace are in `namespace`.
///
/// # Errors
/// When a path that was named cannot be read.
pub fn input(
    files: &[PathBuf],
    paths: &[PathsFrom],
    namespace: &str,
    stdin: &mut dyn Read,
) -> Result<Input, Error> {
    let mut files = files::read(files, stdin)?;
    for more in paths {
        files.extend(more.files(stdin)?);
    }
    Ok(read::manifests(&files, namespace))
}

/// The golden paths that are named, and whatever else is in their files.
///
/// # Errors
/// When a path that was named cannot be read.
pub fn paths(given: &[PathsFrom]) -> Result<Input, Error> {
    input(&[], given, "default", &mut io::empty())
}
