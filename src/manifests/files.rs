//! Reads the files of a list of paths: named files, everything below directories that looks like a
//! manifest, and `-` for standard input.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::Error;
use crate::assess::source::{Problem, Source};

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

/// Files, and what could not be read among them.
#[derive(Default)]
pub struct Files {
    pub files: Vec<File>,
    /// One for each file or directory below a named one that cannot be read.
    pub problems: Vec<Problem>,
}

impl From<Vec<File>> for Files {
    fn from(files: Vec<File>) -> Self {
        Self {
            files,
            problems: Vec::new(),
        }
    }
}

impl Files {
    /// Adds other files.
    pub(super) fn extend(&mut self, others: Self) {
        self.files.extend(others.files);
        self.problems.extend(others.problems);
    }

    fn below(&mut self, directory: &Path) -> io::Result<()> {
        let mut entries =
            fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            if let Err(error) = self.take(&entry, &path) {
                let file = path.display().to_string();
                let message = format!("cannot be read: {error}");
                self.problems
                    .push(Problem::new(Source { file, line: 0 }, message));
            }
        }
        Ok(())
    }

    fn take(&mut self, entry: &fs::DirEntry, path: &Path) -> io::Result<()> {
        if entry.file_type()?.is_dir() {
            return if is_hidden(entry) {
                Ok(())
            } else {
                self.below(path)
            };
        }
        if !looks_like_manifest(path) {
            return Ok(());
        }
        match fs::metadata(path) {
            Ok(target) if target.is_file() => self.files.push(read_file(path, false)?),
            // Links to directories are skipped: they may form a cycle.
            Ok(_) => {}
            // Editors lock a file with a hidden link to nowhere.
            Err(_) if is_hidden(entry) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Reads every file of `paths`, each directory in order of names.
///
/// # Errors
/// When a named path cannot be read. What is below it and cannot be read becomes a problem.
pub(super) fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Result<Files, Error> {
    let mut files = Files::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut content = Vec::new();
            let read = stdin.take(LARGEST).read_to_end(&mut content);
            read.map_err(Error::Stdin)?;
            files.files.push(File {
                name: "-".to_owned(),
                content,
                is_named: true,
            });
        } else if path.is_dir() {
            files.below(path).map_err(|source| failed(path, source))?;
        } else {
            let file = read_file(path, true).map_err(|source| failed(path, source))?;
            files.files.push(file);
        }
    }
    Ok(files)
}

/// The last change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    path: PathBuf,
    modified: Option<SystemTime>,
    size: u64,
}

/// Adds the stamp of a file, or of each manifest below a directory. What cannot be read has none.
pub(super) fn stamp(path: &Path, stamps: &mut Vec<Stamp>) {
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    if !metadata.is_dir() {
        stamps.push(Stamp {
            path: path.to_owned(),
            modified: metadata.modified().ok(),
            size: metadata.len(),
        });
        return;
    }
    let Ok(entries) = fs::read_dir(path) else {
        return;
    };
    let mut entries: Vec<_> = entries.filter_map(io::Result::ok).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        // As they are read: links to directories are skipped.
        let is_directory = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_directory && !is_hidden(&entry)
            || !is_directory && looks_like_manifest(&path) && path.is_file()
        {
            stamp(&path, stamps);
        }
    }
}

fn read_file(path: &Path, is_named: bool) -> io::Result<File> {
    let open = fs::File::open(path)?;
    let mut content = Vec::new();
    open.take(LARGEST).read_to_end(&mut content)?;
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
