//! Reads the files of a list of paths: named files, everything below directories that looks like a
//! manifest, and `-` for standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Error;

/// Limit of a file's size, in bytes; manifests are far smaller.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The content of a file.
pub struct File {
    /// As the user named it, or below a directory the user named; `-` is standard input.
    pub name: String,
    pub content: Vec<u8>,
    /// Whether the user named it, rather than a directory it is in.
    pub is_named: bool,
}

/// Reads every file of `paths`, each directory in order of names.
///
/// # Errors
/// When a named path, or a file below it, cannot be read.
pub(super) fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut content = Vec::new();
            let read = stdin.take(LARGEST).read_to_end(&mut content);
            read.map_err(Error::Stdin)?;
            files.push(File {
                name: "-".to_owned(),
                content,
                is_named: true,
            });
        } else if path.is_dir() {
            read_directory(path, &mut files)?;
        } else {
            files.push(read_file(path, true)?);
        }
    }
    Ok(files)
}

fn read_directory(directory: &Path, files: &mut Vec<File>) -> Result<(), Error> {
    let mut entries = fs::read_dir(directory)
        .and_then(Iterator::collect::<io::Result<Vec<_>>>)
        .map_err(|source| failed(directory, source))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|source| failed(&path, source))?;
        // Links to directories are skipped: they may form a cycle.
        if kind.is_dir() && !is_hidden(&entry) {
            read_directory(&path, files)?;
        } else if !kind.is_dir() && looks_like_manifest(&path) && path.is_file() {
            files.push(read_file(&path, false)?);
        }
    }
    Ok(())
}

fn read_file(path: &Path, is_named: bool) -> Result<File, Error> {
    let open = fs::File::open(path).map_err(|source| failed(path, source))?;
    let mut content = Vec::new();
    open.take(LARGEST)
        .read_to_end(&mut content)
        .map_err(|source| failed(path, source))?;
    Ok(File {
        name: path.display().to_string(),
        content,
        is_named,
    })
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Read {
        path: path.to_owned(),
        source,
    }
}

fn is_hidden(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

fn looks_like_manifest(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| ["yaml", "yml", "json"].iter().any(|e| extension == *e))
}
