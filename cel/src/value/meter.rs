//! Counts the steps and the memory of an evaluation against their limits, and defines the errors that
//! end one.

use super::Value;
use crate::error::EvalError;
use crate::limits::{MAX_ELEMENTS, MAX_OBJECT_BYTES, MAX_TEXT_BYTES};

/// Why the evaluation of a part failed. `&&` and `||` may absorb an `Error`, never exhaustion.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Error(Box<str>),
    Exhausted { cost: u64, limit: u64 },
}

pub(crate) type EvalResult<'a> = Result<Value<'a>, Fault>;

impl Fault {
    /// Cuts long messages, because variables hold theirs.
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

    pub fn no_overload() -> Self {
        Self::error("no such overload")
    }

    /// The error in place of a value that the server cannot convert back.
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
    /// Bytes of values that this expression may still use.
    held: usize,
    /// Bytes in use until the evaluation of the object ends: variables and caches.
    retained: usize,
}

impl Meter {
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

    /// Adds bytes that a variable or a cache retains.
    pub fn retain(&mut self, bytes: usize) {
        self.retained += bytes;
    }

    /// Charges for memory.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Fault> {
        self.room(bytes)?;
        self.held += bytes;
        Ok(())
    }

    /// Fails if so many more bytes exceed the limit.
    pub fn room(&self, bytes: usize) -> Result<(), Fault> {
        let used = self.held.saturating_add(self.retained);
        bound(used.saturating_add(bytes), MAX_OBJECT_BYTES)
    }

    /// Releases memory held since `mark`, which is unreachable now.
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

    /// Charges for reading or copying a string.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), Fault> {
        self.charge(bytes as u64 / 10)
    }

    /// Charges for a new string.
    pub fn charge_text(&mut self, bytes: usize) -> Result<(), Fault> {
        Self::bound_text(bytes)?;
        self.room(bytes)?;
        self.charge_bytes(bytes)
    }

    /// Fails if a string is too long.
    pub fn bound_text(bytes: usize) -> Result<(), Fault> {
        bound(bytes, MAX_TEXT_BYTES)
    }

    /// Charges for a new list or map.
    pub fn charge_elements(&mut self, elements: usize) -> Result<(), Fault> {
        Self::bound_elements(elements)?;
        self.room(elements * size_of::<Value>())?;
        self.charge(elements as u64)
    }

    /// Fails if a list or map is too long.
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
