//! Runs `promtool`, where it is installed.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::process::Command;

/// Runs it from the repository's root and shows what it found wrong; false, after a line
/// `skipped: …`, where there is none.
pub fn promtool_or_skip<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> bool {
    let mut command = Command::new("promtool");
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR"));
    let answer = match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip("needs promtool (apt-get install prometheus)");
            return false;
        }
        answer => answer.unwrap(),
    };
    let printed = String::from_utf8_lossy(&answer.stdout);
    let complained = String::from_utf8_lossy(&answer.stderr);
    assert!(answer.status.success(), "{printed}\n{complained}");
    true
}

/// One line that CI counts. Not `eprintln!`: the test runner would swallow it.
pub fn skip(why: impl Display) {
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}
