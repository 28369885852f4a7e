//! Environments and programs: what can be named, and expressions ready to run.

use std::sync::Arc;

use crate::check::{self, Checked, Type};
use crate::error::{CompileError, Problem, Refusal};
use crate::eval::{Attribute, Node, QualifierKey};
use crate::limits::{MAX_CHAIN_DEPTH, MAX_SOURCE_BYTES};
use crate::syntax;
use crate::value::Value;

/// What an expression may name: `object`, `namespaceObject`, and the variables declared.
#[derive(Clone, Debug, Default)]
pub struct Env {
    variables: Vec<Variable>,
}

#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub name: String,
    pub ty: Type,
    pub program: Program,
}

impl Env {
    /// An environment with `object` and `namespaceObject` only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares `variables.NAME` for everything compiled from now on. Its type is the program's;
    /// a value is made of it at most once per [`crate::Evaluation`], when first asked for.
    ///
    /// # Errors
    /// When the name is no identifier or taken.
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
    /// When the API server would refuse it, or when it is beyond the bounds.
    pub fn compile(&self, source: &str) -> Result<Program, CompileError> {
        self.checked(source)
            .map_err(|problem| CompileError::new(source, problem))
    }

    /// Compiles an expression that must be a truth value, as a check or a condition.
    ///
    /// # Errors
    /// As [`Env::compile`], and when its type is not exactly `bool`.
    pub fn compile_bool(&self, source: &str) -> Result<Program, CompileError> {
        self.compile_as(source, &Type::Bool)
    }

    /// Compiles an expression that must be text, as a message.
    ///
    /// # Errors
    /// As [`Env::compile`], and when its type is not exactly `string`.
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
        let checked = check::check(self, &syntax::parse(source)?)?;
        if checked.depth > MAX_CHAIN_DEPTH {
            let message = "variables are nested too deeply in each other";
            return Err(Problem::too_nested(0, message));
        }
        Ok(Program(Arc::new(Compiled {
            source: source.to_owned(),
            checked,
        })))
    }

    pub(crate) fn variables(&self) -> &[Variable] {
        &self.variables
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A compiled expression. Cheap to clone, and free to be shared between threads; to be run in
/// evaluations of the environment it was compiled in.
#[derive(Clone, Debug)]
pub struct Program(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    source: String,
    checked: Checked,
}

impl Program {
    /// The expression as written.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The checked type of its value.
    pub fn result_type(&self) -> &Type {
        &self.0.checked.ty
    }

    /// Every field path selected from `object` by constant names, through `has()` and optional
    /// selects too: `["metadata", "labels", "app"]`. A path ends where an index is computed or a
    /// macro takes over; an empty path means the object as a whole. What variables read is in
    /// their own programs.
    pub fn reads(&self) -> Vec<Vec<String>> {
        let mut reads = Vec::new();
        collect_reads(&self.0.checked.node, &mut reads);
        reads.sort();
        reads.dedup();
        reads
    }

    pub(crate) fn plan(&self) -> &Node {
        &self.0.checked.node
    }

    pub(crate) fn locals(&self) -> usize {
        self.0.checked.locals
    }

    pub(crate) fn depth(&self) -> u16 {
        self.0.checked.depth
    }
}

fn collect_reads(node: &Node, reads: &mut Vec<Vec<String>>) {
    match node {
        Node::Object => reads.push(Vec::new()),
        Node::Attribute(attribute) => {
            match attribute.root {
                Node::Object => reads.push(constant_path(attribute)),
                ref root => collect_reads(root, reads),
            }
            for qualifier in &attribute.path {
                if let QualifierKey::Computed(key) = &qualifier.key {
                    collect_reads(key, reads);
                }
            }
        }
        other => other.each_part(&mut |part| collect_reads(part, reads)),
    }
}

fn constant_path(attribute: &Attribute) -> Vec<String> {
    let name = |key: &QualifierKey| match key {
        QualifierKey::Field(name) | QualifierKey::Presence(name) => Some(name.to_string()),
        QualifierKey::Constant(Value::String(name)) => Some(name.to_string()),
        QualifierKey::Itself | QualifierKey::Constant(_) | QualifierKey::Computed(_) => None,
    };
    let keys = attribute.path.iter().map(|qualifier| &qualifier.key);
    keys.map_while(name).collect()
}
