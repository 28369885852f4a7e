//! What can go wrong: an expression that is refused, and an evaluation that fails.
//!
//! Messages follow the API server's, so that people recognise them; the `reason` is the stable
//! word for conditions and metrics.

use thiserror::Error;

/// Why an expression is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Not valid CEL, or not the dialect of a `ValidatingAdmissionPolicy`.
    DoesNotCompile,
    /// Compiles, but to another type than the place takes.
    WrongType,
    /// Longer than [`crate::limits::MAX_SOURCE_BYTES`].
    TooLong,
    /// Nested deeper, or made of more parts, than the bounds allow.
    TooNested,
}

impl Refusal {
    /// The stable word for conditions, metrics and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoesNotCompile => "DoesNotCompile",
            Self::WrongType => "WrongType",
            Self::TooLong => "TooLong",
            Self::TooNested => "TooNested",
        }
    }
}

/// An expression that cannot be used, and where it goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{line}:{column}: {message}")]
pub struct CompileError {
    /// What is wrong, in the API server's words where it has some.
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

    /// The stable word for conditions, metrics and logs.
    pub fn reason(&self) -> &'static str {
        self.refusal.as_str()
    }
}

/// A refusal with its place as a byte offset: what parser and checker hand on.
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

/// Why an evaluation has no value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EvalError {
    /// The expression errs on this object, as it would on the API server.
    #[error("{0}")]
    Failed(String),
    /// The expression would take, or has taken, more steps than an evaluation may.
    #[error("cost limit exceeded: {cost} of at most {limit}")]
    OverBudget {
        /// Steps counted or estimated.
        cost: u64,
        /// The bound that was passed.
        limit: u64,
    },
}

impl EvalError {
    /// The stable word for conditions, metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Failed(_) => "EvaluationFailed",
            Self::OverBudget { .. } => "OverBudget",
        }
    }
}
