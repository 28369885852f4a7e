//! Figures of a run, one a line on standard error, for whoever reads its log. Nothing is judged by
//! them: the machine may be busy.

use std::fmt::Display;
use std::io::Write as _;

/// Says one figure. Not `eprintln!`: the test runner would swallow the line.
pub fn figure(what: &str, value: impl Display) {
    let _ = writeln!(std::io::stderr(), "figure   {what}: {value}");
}
