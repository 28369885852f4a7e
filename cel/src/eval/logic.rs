//! `&&`, `||`, `?:` and optional defaults: they may skip a part or absorb its error.

use super::plan::Node;
use super::run::Interpreter;
use crate::value::{EvalResult, Fault, Value};

impl<'a> Interpreter<'_, 'a> {
    /// A term that is `decisive` decides, even if others fail. Otherwise returns the first error.
    pub(super) fn junction(&mut self, terms: &[Node], decisive: bool) -> EvalResult<'a> {
        let mut error = None;
        for term in terms {
            match self.truth(term) {
                Ok(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(fault @ Fault::Exhausted { .. }) => return Err(fault),
                Err(fault) => error = error.or(Some(fault)),
            }
        }
        error.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    /// Fails unless the value is a bool.
    pub(super) fn truth(&mut self, node: &Node) -> Result<bool, Fault> {
        match self.eval(node)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Fault::no_overload()),
        }
    }

    pub(super) fn chosen<'n>(
        &mut self,
        [condition, then, otherwise]: &'n [Node; 3],
    ) -> Result<&'n Node, Fault> {
        Ok(if self.truth(condition)? {
            then
        } else {
            otherwise
        })
    }

    /// `or` and `orValue`. As in cel-go, a receiver that is not an optional is the result.
    pub(super) fn otherwise(&mut self, [value, other]: &[Node; 2], unwrap: bool) -> EvalResult<'a> {
        let mark = self.context.meter.held();
        let value = match self.eval(value)? {
            Value::Optional(None) => self.eval(other)?,
            Value::Optional(Some(inner)) if unwrap => inner.taken_out()?,
            value => value,
        };
        if !value.holds_memory() {
            self.context.meter.release(mark);
        }
        Ok(value)
    }
}
