//! Replaces the content of a file at once: readers see the old content or the new one. Links are
//! followed, permissions stay.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes `content` in place of what was read.
pub(super) fn replace(file: &Path, read: &[u8], content: &str) -> io::Result<()> {
    let file = fs::canonicalize(file)?;
    let metadata = fs::metadata(&file)?;
    if !metadata.is_file() {
        return Err(io::Error::other(
            "it is not a regular file; use - for standard input and output",
        ));
    }
    if metadata.len() != read.len() as u64 {
        return Err(io::Error::other("it changed while it was read"));
    }
    let mut name = OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = file.with_file_name(name);
    let write = || {
        let mut new = File::create_new(&beside)?;
        new.set_permissions(metadata.permissions())?;
        new.write_all(content.as_bytes())?;
        new.sync_all()?;
        fs::rename(&beside, &file)
    };
    write().inspect_err(|_| {
        // What was begun is of no use; the error that led here counts.
        let _ = fs::remove_file(&beside);
    })
}
