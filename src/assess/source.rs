//! File positions of objects from manifests, and problems with input. Plain data: files are read in
//! [`crate::manifests`].

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Position of an object in a file.
#[derive(
    Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
)]
pub struct Source {
    /// The file as the user named it; `-` is standard input.
    pub file: String,
    /// First line of the object, counted from 1; 0 for objects without a file.
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

/// A problem that a report shows: unusable input, a declared path that does not exist, a check that
/// does not compile.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// `file:line`, or an object such as `goldenpath/web-service`.
    pub source: String,
    /// One sentence.
    pub message: String,
    /// Whether it concerns a single workload, whose line then shows it too.
    #[serde(skip)]
    pub scope: ProblemScope,
}

/// The subject of a problem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemScope {
    /// The input, a path, an exception, a kind.
    #[default]
    Report,
    /// One workload.
    Workload,
}

impl Problem {
    /// A problem of the input, a path, an exception or a kind.
    pub fn new(source: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            source: source.to_string(),
            message: message.into(),
            scope: ProblemScope::Report,
        }
    }

    /// A problem of one workload, whose line shows it too.
    pub(crate) fn of_workload(source: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            scope: ProblemScope::Workload,
            ..Self::new(source, message)
        }
    }
}
