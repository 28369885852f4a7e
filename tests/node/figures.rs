//! Figures of a run, one per line on standard error, for the log. Tests must not depend on them:
//! the machine may be busy.

use std::fmt::Display;
use std::io::Write as _;

/// Says one figure. Not `eprintln!`: the test runner would swallow the line.
pub fn figure(what: &str, value: impl Display) {
    let _ = writeln!(std::io::stderr(), "figure   {what}: {value}");
}
