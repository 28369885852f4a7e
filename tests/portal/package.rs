//! One npm package of `backstage/`, copied beside the build so that the sources stay clean. It must not know
//! what the package does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::npm::install;

/// The oldest release of Node that has what the packages use.
const OLDEST_NODE: u32 = 20;
/// What is made and not written.
const MADE: [&str; 2] = ["node_modules", "dist"];

/// A package with everything it needs installed.
pub struct Package {
    directory: PathBuf,
}

impl Package {
    /// The package of this name.
    ///
    /// # Errors
    /// In words, where a program or a package cannot be had.
    pub fn ready(name: &str) -> Result<Self, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("backstage")
            .join(name);
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("portal")
            .join(name);
        install(&source, &directory)?;
        let node = Command::new("node").arg("--version").output();
        let version = node.map_err(|error| format!("node does not run: {error}"))?;
        let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
        let major = version.trim_start_matches('v').split('.').next();
        if major.and_then(|major| major.parse().ok()) < Some(OLDEST_NODE) {
            return Err(format!(
                "node {version} is older than {OLDEST_NODE}, which the packages of the portal need"
            ));
        }
        copy(&source, &directory);
        Ok(Self { directory })
    }

    /// Runs a script of the package with these variables. What it leaves in its temporary directory is
    /// removed: the transforms that jest keeps there take hundreds of MiB.
    pub fn run(&self, script: &str, variables: &[(&str, &str)]) {
        let temporary = self.directory.with_extension("tmp");
        fs::create_dir_all(&temporary).unwrap();
        let run = Command::new("npm")
            .args(["run", "--silent", script])
            .envs(variables.iter().copied())
            .env("TMPDIR", &temporary)
            .env("CI", "true")
            .env("NO_COLOR", "1")
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        fs::remove_dir_all(&temporary).unwrap();
        let text = [run.stdout, run.stderr].concat();
        assert!(
            run.status.success(),
            "npm run {script} in {}: {}",
            self.directory.display(),
            String::from_utf8_lossy(&text)
        );
    }
}

/// Copies the files of a package over those of an earlier run. A directory is replaced as a whole.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        if MADE.iter().any(|made| name == *made) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            let _ = fs::remove_dir_all(&target);
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
