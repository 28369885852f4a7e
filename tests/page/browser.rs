//! Node, the browser and what the scripts load, found or skipped. It must not know the pages.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::ground::Ground;

/// Where Debian and others have it.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// What npm installs from.
const LOCKED: [&str; 2] = ["package.json", "package-lock.json"];

/// A browser and the modules that drive it.
pub struct Browser {
    chromium: PathBuf,
    modules: PathBuf,
}

/// What the scripts printed, and how they ended.
pub struct Run {
    pub status: ExitStatus,
    output: Vec<u8>,
}

impl Run {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}

impl Browser {
    /// None, after a line `skipped: …`, where a program or its packages cannot be had.
    pub fn or_skip() -> Option<Self> {
        let found = Self::find();
        if let Err(missing) = &found {
            // Not `eprintln!`: the test runner would swallow the line.
            let _ = writeln!(std::io::stderr(), "skipped: {missing}");
        }
        found.ok()
    }

    fn find() -> Result<Self, String> {
        let chromium = CHROMIUM.iter().find_map(|name| on_path(name));
        let chromium = chromium.ok_or("no Chromium for the tests of the page")?;
        for program in ["node", "npm"] {
            on_path(program).ok_or(format!("no {program} for the tests of the page"))?;
        }
        let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-modules");
        install(&modules)?;
        Ok(Self { chromium, modules })
    }

    /// Runs every script against the page of this cluster. Its pictures go to `GOLDENPATH_PICTURES`, below
    /// `target` by default.
    pub fn run(&self, ground: &Ground) -> Run {
        let pictures = std::env::var_os("GOLDENPATH_PICTURES").map_or_else(
            || Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-pictures"),
            PathBuf::from,
        );
        let run = Command::new("node")
            .args(["--test-reporter=spec", "tests/page/browser/main.mjs"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("CHROMIUM", &self.chromium)
            .env("MODULES", &self.modules)
            .env("PAGE", ground.url())
            .env("PICTURES", pictures)
            .env("KUBECTL", ground.kubectl())
            .env("KUBECONFIG", ground.kubeconfig())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Run {
            status: run.status,
            output: [run.stdout, run.stderr].concat(),
        }
    }
}

/// Installs the locked packages, unless the same ones are there.
fn install(modules: &Path) -> Result<(), String> {
    let locked = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/browser");
    let is_there = |name: &&str| {
        fs::read(locked.join(name)).ok() == fs::read(modules.join(name)).ok()
            && modules.join("node_modules/axe-core/axe.min.js").exists()
    };
    if LOCKED.iter().all(is_there) {
        return Ok(());
    }
    fs::create_dir_all(modules).unwrap();
    for name in LOCKED {
        fs::copy(locked.join(name), modules.join(name)).unwrap();
    }
    let npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(modules)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    if npm.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&npm.stderr);
    let line = error.lines().find(|line| !line.trim().is_empty());
    Err(format!(
        "npm cannot install the packages of the tests of the page: {}",
        line.unwrap_or_default()
    ))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}
