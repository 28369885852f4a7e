//! Files of published Go modules, such as CRDs of other projects: fetched into Go's module cache
//! once, never stored in this repository.

use std::{
    env, fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{Error, Result};

/// A file of one version of a Go module, as text; None, after a line `skipped: …`
/// on standard error, without Go or when the download fails.
///
/// `module` is such as `github.com/openreports/reports-api@v0.2.1`.
pub fn published_or_skip(module: &str, file: &str) -> Option<String> {
    let read = published_directory(module).and_then(|directory| {
        let path = directory.join(file);
        fs::read_to_string(&path).map_err(Error::file("read", path))
    });
    match read {
        Ok(text) => Some(text),
        Err(error) => {
            // Not `eprintln!`: the test runner would swallow the line.
            let _ = writeln!(std::io::stderr(), "skipped: {module}: {error}");
            None
        }
    }
}

/// The files of one version of a Go module, in Go's module cache.
pub fn published_directory(module: &str) -> Result<PathBuf> {
    let mut go = Command::new("go");
    go.args(["mod", "download", "-json", module])
        // Outside any module: `go` reads and changes no go.mod.
        .current_dir(env::temp_dir())
        .env("GOWORK", "off")
        .stdin(Stdio::null());
    let output = go.output().map_err(|source| Error::Spawn {
        program: "go".to_owned(),
        source,
    })?;
    let answer = serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap_or_default();
    match answer["Dir"].as_str() {
        Some(directory) => Ok(directory.into()),
        None => Err(Error::Command {
            command: format!("go mod download {module}"),
            stderr: answer["Error"].as_str().map_or_else(
                || String::from_utf8_lossy(&output.stderr).trim().to_owned(),
                str::to_owned,
            ),
        }),
    }
}
