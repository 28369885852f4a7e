//! The evaluation of programs on one object.

use super::{Env, Program};
use crate::error::EvalError;
use crate::eval::{Node, ObjectRun};
use crate::value::Value;

/// Evaluates any number of programs on one object, which it borrows and never converts as a whole.
/// It evaluates each variable of the environment at most once.
pub struct Evaluation<'a>(ObjectRun<'a>);

impl<'a> Evaluation<'a> {
    /// Reads nothing of the object yet.
    pub fn new(
        env: &'a Env,
        object: &'a serde_json::Value,
        namespace: Option<&'a serde_json::Value>,
    ) -> Self {
        let variables = env
            .variables
            .iter()
            .map(|variable| (variable.name.as_str(), variable.program.plan()));
        Self(ObjectRun::new(object, namespace, variables))
    }

    /// Evaluates a program of this environment.
    pub fn run(&self, program: &Program) -> Result<Value<'a>, EvalError> {
        self.0.run(program.plan()).map_err(EvalError::from)
    }

    /// Evaluates a program of type `bool`.
    pub fn run_bool(&self, program: &Program) -> Result<bool, EvalError> {
        // A constant needs neither a meter nor a frame.
        if let Node::Constant(Value::Bool(value)) | Node::Settled(Value::Bool(value)) =
            program.plan().node
        {
            return Ok(value);
        }
        match self.run(program)? {
            Value::Bool(value) => Ok(value),
            other => Err(wrong_type("bool", &other)),
        }
    }

    /// Evaluates a program of type `string`.
    pub fn run_string(&self, program: &Program) -> Result<String, EvalError> {
        match self.run(program)? {
            Value::String(text) => Ok(text.to_string()),
            other => Err(wrong_type("string", &other)),
        }
    }
}

fn wrong_type(wanted: &str, found: &Value) -> EvalError {
    EvalError::Failed(format!("expected {wanted}, got {}", found.type_name()))
}
