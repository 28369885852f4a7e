//! Our program without a cluster, as a user runs it. It must not know what a test asks of it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// `goldenpath --as-of AS_OF ARGS` in a directory, with `input` on standard input.
pub fn goldenpath(as_of: &str, args: &[&str], directory: &Path, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_goldenpath"))
        .args(["--as-of", as_of])
        .args(args)
        .current_dir(directory)
        .env("NO_COLOR", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program may end without reading its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
