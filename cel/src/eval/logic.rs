//! `&&`, `||`, `?:` and optional defaults: the places where a part may stay unevaluated or its
//! error be absorbed.

use super::meter::{Fault, Outcome};
use super::plan::Node;
use super::run::Context;
use crate::value::Value;

impl<'a> Context<'_, 'a> {
    /// One term decides the whole when it is `decisive`, whatever the others do; else the first
    /// error stands.
    pub(super) fn junction(&mut self, terms: &[Node], decisive: bool) -> Outcome<'a> {
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

    pub(super) fn conditional(&mut self, [condition, then, otherwise]: &[Node; 3]) -> Outcome<'a> {
        let chosen = if self.truth(condition)? {
            then
        } else {
            otherwise
        };
        self.eval(chosen)
    }

    /// `or` and `orValue`. As in cel-go, a receiver that is no optional is the result itself.
    pub(super) fn otherwise(&mut self, [value, other]: &[Node; 2], unwrap: bool) -> Outcome<'a> {
        match self.eval(value)? {
            Value::Optional(None) => self.eval(other),
            Value::Optional(Some(inner)) if unwrap => Ok((*inner).clone()),
            value => Ok(value),
        }
    }
}
