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
