//! Errors of compilation and evaluation.
//!
//! Messages follow the API server's, so that people recognize them. A `reason` is stable; conditions
//! and metrics use it.

use thiserror::Error;

/// Why an expression does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not valid in a `ValidatingAdmissionPolicy`.
    DoesNotCompile,
    /// Has another type than its use requires.
    WrongType,
    /// Longer than [`crate::limits::MAX_SOURCE_BYTES`].
    TooLong,
    /// Exceeds a bound on nesting or on the number of parts.
    TooNested,
}

impl Refusal {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoesNotCompile => "DoesNotCompile",
            Self::WrongType => "WrongType",
            Self::TooLong => "TooLong",
            Self::TooNested => "TooNested",
        }
    }
}

/// A compile error and its position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}:{column}: {message}")]
pub struct CompileError {
    /// The API server's message, where it has one.
    pub message: String,
    /// Line in the source, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    refusal: Refusal,
}

impl CompileError {
    pub(crate) fn new(source: &str, problem: Problem) -> Self {
        let before = &source.as_bytes()[..problem.offset.min(source.len())];
        let before = String::from_utf8_lossy(before);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            message: problem.message,
            line: count(before.matches('\n').count() + 1),
            column: count(before[line_start..].chars().count() + 1),
            refusal: problem.refusal,
        }
    }

    /// For conditions, metrics and logs.
    pub fn reason(&self) -> &'static str {
        self.refusal.as_str()
    }
}

/// A compile error at a byte offset, as parser and checker return it.
#[derive(Debug)]
pub(crate) struct Problem {
    pub offset: usize,
    pub message: String,
    pub refusal: Refusal,
}

impl Problem {
    pub fn at(offset: u32, message: impl Into<String>) -> Self {
        Self {
            offset: offset as usize,
            message: message.into(),
            refusal: Refusal::DoesNotCompile,
        }
    }

    pub fn too_nested(offset: u32, message: impl Into<String>) -> Self {
        Self {
            refusal: Refusal::TooNested,
            ..Self::at(offset, message)
        }
    }
}

/// Why an evaluation failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// The expression fails on this object, as on the API server.
    #[error("{0}")]
    Failed(String),
    /// The evaluation exceeds a bound on steps or memory.
    #[error("cost limit exceeded: {cost} of at most {limit}")]
    OverBudget {
        /// The steps, bytes or elements needed so far.
        cost: u64,
        /// The exceeded bound.
        limit: u64,
    },
}

impl EvalError {
    /// For conditions, metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Failed(_) => "EvaluationFailed",
            Self::OverBudget { .. } => "OverBudget",
        }
    }
}
