//! The ends of log files, for messages about programs that stopped.

use std::{fs, path::Path};

const LINES: usize = 12;
const LONGEST_LINE: usize = 400;

/// The last lines of a log, joined by newlines; empty when there is none.
pub(crate) fn tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = text.lines().map(shortened).collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

fn shortened(line: &str) -> String {
    line.chars().take(LONGEST_LINE).collect()
}
