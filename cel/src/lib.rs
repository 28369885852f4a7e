<<<<<<< HEAD
//! placeholder API
use serde_json::Value;
use std::marker::PhantomData;
#[derive(Debug, Default, Clone)]
pub struct Env;
#[derive(Debug, Clone)]
pub struct Program;
#[derive(Debug, Clone, thiserror::Error)]
#[error("not available")]
pub struct CompileError;
#[derive(Debug, Clone, thiserror::Error)]
#[error("not available")]
pub struct EvalError;
impl CompileError {
    pub fn reason(&self) -> &'static str {
        "DoesNotCompile"
    }
}
impl EvalError {
    pub fn reason(&self) -> &'static str {
        "EvaluationFailed"
    }
}
impl Env {
    pub fn new() -> Self {
        Self
    }
    pub fn declare_variable(&mut self, _: &str, _: Program) -> Result<(), CompileError> {
        Err(CompileError)
    }
    pub fn compile(&self, _: &str) -> Result<Program, CompileError> {
        Err(CompileError)
    }
    pub fn compile_bool(&self, _: &str) -> Result<Program, CompileError> {
        Err(CompileError)
    }
    pub fn compile_string(&self, _: &str) -> Result<Program, CompileError> {
        Err(CompileError)
    }
}
impl Program {
    pub fn reads(&self) -> Vec<Vec<String>> {
        vec![]
    }
}
pub struct Evaluation<'a>(PhantomData<&'a ()>);
impl<'a> Evaluation<'a> {
    pub fn new(_: &'a Env, _: &'a Value, _: Option<&'a Value>) -> Self {
        Self(PhantomData)
    }
    pub fn run_bool(&mut self, _: &Program) -> Result<bool, EvalError> {
        Err(EvalError)
    }
    pub fn run_string(&mut self, _: &Program) -> Result<String, EvalError> {
        Err(EvalError)
    }
}
=======
//! Kubernetes CEL over JSON: an expression means here what a 1.36 API server makes of it in a
//! `ValidatingAdmissionPolicy`, compiled once, bounded, and without a copy of the object.
//!
//! `syntax` reads text, `check` types it and makes a plan, `eval` runs the plan with `library`'s
//! functions on `value`s. Imports point that way and nothing here does IO or knows the time.
//!
//! ```
//! use goldenpath_cel::{Env, Evaluation};
//!
//! let env = Env::new();
//! let check = env.compile_bool("object.spec.replicas >= 2")?;
//! let object = serde_json::json!({"spec": {"replicas": 3}});
//! assert!(Evaluation::new(&env, &object, None).run_bool(&check)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod env;
mod error;
mod eval;
mod library;
pub mod limits;
mod syntax;
mod value;

pub use check::Type;
pub use env::{Env, Program};
pub use error::{CompileError, EvalError};
pub use eval::Evaluation;
pub use value::{Instant, List, Map, Text, Value};
>>>>>>> fdc9336 (Add the CEL engine: parser, checker, evaluator and core library)
