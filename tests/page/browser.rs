//! Node, the browser and what the scripts load, found or skipped. It must not know the pages.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::ground::Ground;
use crate::npm::{install, on_path, or_skip};

/// Where Debian and others have it.
const CHROMIUM: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

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
        or_skip(Self::find())
    }

    fn find() -> Result<Self, String> {
        let chromium = CHROMIUM.iter().find_map(|name| on_path(name));
        let chromium = chromium.ok_or("no Chromium for the tests of the page")?;
        let locked = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page/browser");
        let modules = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page-modules");
        install(&locked, &modules)?;
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
            .env("GOLDENPATH", env!("CARGO_BIN_EXE_goldenpath"))
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
