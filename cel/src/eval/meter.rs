//! The step counter that bounds every evaluation, and the two ways one can end early.

use crate::error::EvalError;
use crate::limits::{MAX_ELEMENTS, MAX_TEXT_BYTES};
use crate::value::Value;

/// Why a part of an expression has no value. An `Error` may be absorbed by `&&` and `||`;
/// exhaustion never is.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Error(Box<str>),
    Exhausted { cost: u64, limit: u64 },
}

pub(crate) type Outcome<'a> = Result<Value<'a>, Fault>;

impl Fault {
    pub fn error(message: impl Into<Box<str>>) -> Self {
        Self::Error(message.into())
    }

    /// The error for values no function or operator takes.
    pub fn no_overload() -> Self {
        Self::error("no such overload")
    }
}

impl From<Fault> for EvalError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Error(message) => Self::Failed(message.into()),
            Fault::Exhausted { cost, limit } => Self::OverBudget { cost, limit },
        }
    }
}

/// Counts steps against a limit.
#[derive(Debug)]
pub(crate) struct Meter {
    steps: u64,
    limit: u64,
}

impl Meter {
    pub fn new(limit: u64) -> Self {
        Self { steps: 0, limit }
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }

    pub fn charge(&mut self, steps: u64) -> Result<(), Fault> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limit {
            return Err(Fault::Exhausted {
                cost: self.steps,
                limit: self.limit,
            });
        }
        Ok(())
    }

    /// Charges for looking at, or copying, this many bytes of text.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), Fault> {
        self.charge(bytes as u64 / 10)
    }

    /// Charges for text of this length that is about to be made.
    pub fn charge_text(&mut self, bytes: usize) -> Result<(), Fault> {
        Self::bound_text(bytes)?;
        self.charge_bytes(bytes)
    }

    /// Refuses text longer than an expression may make.
    pub fn bound_text(bytes: usize) -> Result<(), Fault> {
        bound(bytes, MAX_TEXT_BYTES)
    }

    /// Charges for a list or map of this length that is about to be made.
    pub fn charge_elements(&mut self, elements: usize) -> Result<(), Fault> {
        Self::bound_elements(elements)?;
        self.charge(elements as u64)
    }

    /// Refuses a list or map of more elements than an expression may make.
    pub fn bound_elements(elements: usize) -> Result<(), Fault> {
        bound(elements, MAX_ELEMENTS)
    }
}

fn bound(size: usize, limit: usize) -> Result<(), Fault> {
    if size <= limit {
        return Ok(());
    }
    Err(Fault::Exhausted {
        cost: size as u64,
        limit: limit as u64,
    })
}
