//! `&&`, `||`, `?:` and optional defaults: the places where a part may stay unevaluated or its
//! error be absorbed.

use super::plan::Node;
use super::run::Interpreter;
use crate::value::{EvalResult, Fault, Value};

impl<'a> Interpreter<'_, 'a> {
    /// One term decides the whole when it is `decisive`, whatever the others do; else the first
    /// error stands.
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

    /// A node's truth value; anything else is an error.
    pub(super) fn truth(&mut self, node: &Node) -> Result<bool, Fault> {
        match self.eval(node)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Fault::no_overload()),
        }
    }

    /// The branch that a condition chooses.
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

    /// `or` and `orValue`. As in cel-go, a receiver that is no optional is the result itself.
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
