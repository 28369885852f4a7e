//! The API: an environment compiles programs, an evaluation runs them on an object.

mod embed;
mod evaluation;
mod program;

use crate::check::{self, Declaration, Type};
use crate::error::{CompileError, Problem, Refusal};
use crate::limits::{MAX_CHAIN_DEPTH, MAX_SOURCE_BYTES};
use crate::syntax;

pub use evaluation::Evaluation;
pub use program::Program;

/// Compiles expressions on `object`, `namespaceObject` and the declared variables.
#[derive(Clone, Debug, Default)]
pub struct Env {
    variables: Vec<Variable>,
}

#[derive(Clone, Debug)]
struct Variable {
    name: String,
    ty: Type,
    program: Program,
}

impl Env {
    /// An environment without variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares `variables.NAME` for all expressions compiled from now on. An [`Evaluation`]
    /// evaluates it at most once, on its first use.
    ///
    /// # Errors
    /// If the name is not an identifier or already declared.
    pub fn declare_variable(&mut self, name: &str, program: Program) -> Result<(), CompileError> {
        let refuse = |message: String| CompileError::new(program.source(), Problem::at(0, message));
        if !is_identifier(name) {
            return Err(refuse(format!("'{name}' is not a valid variable name")));
        }
        if self.variables.iter().any(|known| known.name == name) {
            return Err(refuse(format!("variable '{name}' is declared twice")));
        }
        self.variables.push(Variable {
            name: name.to_owned(),
            ty: check::declared_type(program.result_type()),
            program,
        });
        Ok(())
    }

    /// Compiles an expression of any type.
    ///
    /// # Errors
    /// If the API server refuses it, or if it exceeds a bound of [`crate::limits`].
    pub fn compile(&self, source: &str) -> Result<Program, CompileError> {
        self.checked(source)
            .map_err(|problem| CompileError::new(source, problem))
    }

    /// Compiles an expression of type `bool`, such as a check or a condition.
    ///
    /// # Errors
    /// As [`Env::compile`], and if its type is not exactly `bool`.
    pub fn compile_bool(&self, source: &str) -> Result<Program, CompileError> {
        self.compile_as(source, &Type::Bool)
    }

    /// Compiles an expression of type `string`, such as a message.
    ///
    /// # Errors
    /// As [`Env::compile`], and if its type is not exactly `string`.
    pub fn compile_string(&self, source: &str) -> Result<Program, CompileError> {
        self.compile_as(source, &Type::String)
    }

    fn compile_as(&self, source: &str, wanted: &Type) -> Result<Program, CompileError> {
        let program = self.compile(source)?;
        let found = program.result_type();
        if found == wanted {
            return Ok(program);
        }
        let problem = Problem {
            refusal: Refusal::WrongType,
            ..Problem::at(0, format!("must evaluate to {wanted} but got {found}"))
        };
        Err(CompileError::new(source, problem))
    }

    fn checked(&self, source: &str) -> Result<Program, Problem> {
        if source.len() > MAX_SOURCE_BYTES {
            let size = source.len();
            let message =
                format!("expression size exceeds limit: size: {size}, limit {MAX_SOURCE_BYTES}");
            let refusal = Refusal::TooLong;
            return Err(Problem {
                refusal,
                ..Problem::at(0, message)
            });
        }
        let declarations: Vec<_> = self.variables.iter().map(Variable::declaration).collect();
        let checked = check::check(&declarations, &syntax::parse(source)?)?;
        if checked.depth > MAX_CHAIN_DEPTH {
            let message = "variables are nested too deeply in each other";
            return Err(Problem::too_nested(0, message));
        }
        Ok(Program::new(source, checked))
    }
}

impl Variable {
    fn declaration(&self) -> Declaration<'_> {
        Declaration {
            name: &self.name,
            ty: &self.ty,
            depth: self.program.depth(),
        }
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
