//! Reads files into an inventory, without a cluster: manifests as the API server would store them,
//! built-in golden paths, and the ignores of other tools. Nothing is judged, printed or written here.

mod documents;
mod error;
pub mod examples;
pub mod files;
pub(crate) mod import;
mod load;
pub mod passed_over;
pub mod read;
pub mod repeated;
pub mod shape;
pub mod stamp;
mod starter;
pub mod survey;
mod yaml;

use std::io::{self, Read};
use std::path::PathBuf;

pub(crate) use error::Error;
pub(crate) use files::Stamp;
pub(crate) use load::load;
pub(crate) use read::stored;
pub use read::{Input, Manifest};
pub(crate) use starter::PathsFrom;

/// The objects in files and directories, and in further golden paths; `-` is `stdin`. Objects
/// without a namespace get `namespace`.
///
/// # Errors
/// When a named file or directory cannot be read.
pub(crate) fn input(
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

/// The content of files and directories; `-` is `stdin`.
///
/// # Errors
/// When a named file or directory cannot be read.
pub(crate) fn files(paths: &[PathBuf], stdin: &mut dyn Read) -> Result<files::Files, Error> {
    files::read(paths, stdin)
}

/// When the files of these places were changed last. It differs after a change.
pub(crate) fn stamps(files: &[PathBuf], paths: &[PathsFrom]) -> Vec<Stamp> {
    let named = paths.iter().filter_map(|paths| match paths {
        PathsFrom::Starter => None,
        PathsFrom::File(path) => Some(path),
    });
    let mut stamps = Vec::new();
    for path in files.iter().chain(named) {
        files::stamp(path, &mut stamps);
    }
    stamps
}

/// The named golden paths, and everything else in their files.
///
/// # Errors
/// When a named file or directory cannot be read.
pub(crate) fn paths(given: &[PathsFrom]) -> Result<Input, Error> {
    input(&[], given, "default", &mut io::empty())
}
