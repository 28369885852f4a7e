//! Node and npm, found or not, and the locked packages that tests install with them. It must not know what
//! the packages are for.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What npm installs from; `.npmrc` may be absent.
const LOCKED: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// npm writes it when an installation is complete.
const COMPLETE: &str = "node_modules/.package-lock.json";

/// The first file of this name on `PATH`.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// Installs the packages that are locked in `source`, unless the same ones are there.
///
/// # Errors
/// In words, where node, npm or a package cannot be had.
pub fn install(source: &Path, directory: &Path) -> Result<(), String> {
    for program in ["node", "npm"] {
        on_path(program).ok_or(format!("no {program} to install packages with"))?;
    }
    let is_there =
        |name: &&str| fs::read(source.join(name)).ok() == fs::read(directory.join(name)).ok();
    if LOCKED.iter().all(is_there) && directory.join(COMPLETE).exists() {
        return Ok(());
    }
    fs::create_dir_all(directory).unwrap();
    for name in LOCKED.iter().filter(|name| source.join(name).exists()) {
        fs::copy(source.join(name), directory.join(name)).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if npm.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&npm.stderr);
    let line = error.lines().find(|line| line.contains("npm error"));
    Err(format!(
        "npm cannot install packages: {}",
        line.unwrap_or_default()
    ))
}

/// The value, or none after a line `skipped: …`.
pub fn or_skip<T>(found: Result<T, String>) -> Option<T> {
    if let Err(missing) = &found {
        // Not `eprintln!`: the test runner would swallow the line.
        let _ = writeln!(std::io::stderr(), "skipped: {missing}");
    }
    found.ok()
}
