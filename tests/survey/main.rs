//! `goldenpath survey` as people run it: exports of each tool, rows that are refused, what never leaves an
//! export, and a wave on a real API server. The fixtures hold invented people, the same in every tool.

#![allow(clippy::unwrap_used)]

mod exports;
#[cfg(feature = "demo")]
mod live;
mod private;
mod refused;
#[path = "../suite/mod.rs"]
#[cfg(feature = "demo")]
mod suite;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// An export and its mapping, by the name of both files.
const TOOLS: [&str; 7] = [
    "google",
    "microsoft-utf16",
    "microsoft-windows-1252",
    "typeform",
    "limesurvey",
    "surveymonkey",
    "qualtrics",
];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/surveys")
        .join(name)
}

/// `goldenpath survey ARGS` with `input` on standard input.
fn survey(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .arg("survey")
        .args(args)
        .env("NO_COLOR", "1")
        // No cluster, whatever the machine has.
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that fails early reads no input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Imports the bytes of an export with the mapping of a tool.
fn import(tool: &str, export: &[u8], more: &[&str]) -> Output {
    let mapping = fixture(&format!("{tool}.yaml"));
    let args = ["import", "-", "--mapping", mapping.to_str().unwrap()];
    survey(&[&args, more].concat(), export)
}

fn export(tool: &str) -> Vec<u8> {
    std::fs::read(fixture(&format!("{tool}.csv"))).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
