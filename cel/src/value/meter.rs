//! What bounds every evaluation: the steps it takes and the memory it holds. And the two ways one
//! can end early.

use super::Value;
use crate::error::EvalError;
use crate::limits::{MAX_ELEMENTS, MAX_OBJECT_BYTES, MAX_TEXT_BYTES};

/// Why a part of an expression has no value. An `Error` may be absorbed by `&&` and `||`;
/// exhaustion never is.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Error(Box<str>),
    Exhausted { cost: u64, limit: u64 },
}

pub(crate) type EvalResult<'a> = Result<Value<'a>, Fault>;

impl Fault {
    /// An error in words. Long ones are cut, because variables keep theirs.
    pub fn error(message: impl Into<Box<str>>) -> Self {
        const MOST: usize = 1024;
        let message = message.into();
        if message.len() <= MOST {
            return Self::Error(message);
        }
        let ends = message.char_indices().map(|(at, _)| at);
        let end = ends.take_while(|at| *at <= MOST).last().unwrap_or(0);
        Self::Error(message[..end].into())
    }

    /// The error for values no function or operator takes.
    pub fn no_overload() -> Self {
        Self::error("no such overload")
    }

    /// The error that an optional held in place of a value.
    pub fn unconvertible() -> Self {
        Self::error("unsupported conversion to ref.Val")
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

/// Counts steps and held bytes against their limits.
#[derive(Debug)]
pub(crate) struct Meter {
    steps: u64,
    limit: u64,
    /// Bytes of values this expression may still need.
    held: usize,
    /// Bytes that stay until the object is done: values of variables.
    retained: usize,
}

impl Meter {
    /// A meter for an expression that starts while this many bytes are in use already.
    pub fn new(limit: u64, retained: usize) -> Self {
        Self {
            steps: 0,
            limit,
            held: 0,
            retained,
        }
    }

    pub fn held(&self) -> usize {
        self.held
    }

    pub fn retained(&self) -> usize {
        self.retained
    }

    /// Takes over what a variable's evaluation, which began with `self`'s bytes in use, keeps.
    pub fn retain(&mut self, bytes: usize) {
        self.retained += bytes;
    }

    /// Charges for memory that has been, or is about to be, taken.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.room(bytes)?;
        self.held += bytes;
        Ok(())
    }

    /// Refuses to take memory beyond the limit.
    pub fn room(&self, bytes: usize) -> Result<(), Fault> {
        let used = self.held.saturating_add(self.retained);
        bound(used.saturating_add(bytes), MAX_OBJECT_BYTES)
    }

    /// Forgets what has been held since `mark`, because nothing of it is reachable any more.
    pub fn release(&mut self, mark: usize) {
        self.held = mark;
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
        self.room(bytes)?;
        self.charge_bytes(bytes)
    }

    /// Refuses text longer than an expression may make.
    pub fn bound_text(bytes: usize) -> Result<(), Fault> {
        bound(bytes, MAX_TEXT_BYTES)
    }

    /// Charges for a list or map of this length that is about to be made.
    pub fn charge_elements(&mut self, elements: usize) -> Result<(), Fault> {
        Self::bound_elements(elements)?;
        self.room(elements * size_of::<Value>())?;
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
