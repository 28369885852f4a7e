//! Where an object came from when it was read from a file, and what is said about input that
//! cannot be judged as it stands. Plain data: reading files is the business of the shells.

use std::fmt;

use serde::Serialize;

/// A place in a file.
#[derive(Serialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The file as the user named it; `-` is standard input.
    pub file: String,
    /// The line the object begins on, counted from 1; 0 where it was read from no file.
    pub line: usize,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

/// Something the reader of a report should know: input that could not be used, a path that was
/// declared and does not exist, a check that does not compile.
#[derive(Serialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What it is about: `file:line`, or an object such as `goldenpath/web-service`.
    pub source: String,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Whether a single workload has the problem; then the workload's line shows it as well.
    #[serde(skip)]
    pub scope: ProblemScope,
}

/// What has a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemScope {
    /// The input, a path, an exception, a kind.
    Report,
    /// One workload.
    Workload,
}

impl Problem {
    /// A problem with `source`.
    pub fn new(source: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            source: source.to_string(),
            message: message.into(),
            scope: ProblemScope::Report,
        }
    }

    /// A problem of one workload, which its own line shows as well.
    pub fn of_workload(source: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            scope: ProblemScope::Workload,
            ..Self::new(source, message)
        }
    }
}
