//! From a syntax tree to a plan: resolves names, checks types as cel-go does, folds constants.
//!
//! Refuses every expression that the API server refuses when a policy is created. Evaluates only
//! constants.

mod aggregates;
mod calls;
mod constants;
mod folds;
mod formats;
mod names;
mod selects;
mod signatures;
mod ty;
mod unify;

use crate::error::Problem;
use crate::eval::{Node, Plan};
use crate::syntax::ast::{Expr, Kind, Literal, Logic};
use crate::value::Value;
use unify::Unifier;

pub use ty::Type;

/// A checked expression.
#[derive(Debug)]
pub(crate) struct Checked {
    pub plan: Plan,
    pub ty: Type,
    /// Deepest chain of nested parts, including those of the variables it uses.
    pub depth: u16,
}

/// A variable that an expression may use.
pub(crate) struct Declaration<'e> {
    pub name: &'e str,
    pub ty: &'e Type,
    /// Depth of its program.
    pub depth: u16,
}

/// Checks a parsed expression. The plan names each variable by its position in `variables`.
pub(crate) fn check(variables: &[Declaration], expr: &Expr) -> Result<Checked, Problem> {
    let mut checker = Checker {
        variables,
        types: Unifier::default(),
        scope: Vec::new(),
        locals: 0,
        folds: 0,
        variable_depth: 0,
        aggregates: Vec::new(),
        type_names: Vec::new(),
        exempt: 0,
    };
    let typed = checker.expr(expr).and_then(|(ty, node)| {
        let ty = checker.types.resolve(&ty, true);
        checker.homogeneous()?;
        checker.no_types_by_name()?;
        Ok((ty, node))
    });
    if checker.types.exhausted() {
        return Err(Problem::too_nested(expr.offset, "types are too complex"));
    }
    let (ty, node) = typed?;
    let locals = checker.locals;
    Ok(Checked {
        plan: Plan { node, locals },
        ty,
        depth: checker.variable_depth.saturating_add(expr.depth),
    })
}

/// The type that a variable is declared with. The server declares simple types, lists and maps, and
/// uses `dyn` for all others.
pub(crate) fn declared_type(ty: &Type) -> Type {
    match ty {
        Type::Optional(_) | Type::Named(_) | Type::Type(_) | Type::Param(_) | Type::Error => {
            Type::Dyn
        }
        other => other.map_parts(declared_type),
    }
}

struct Checker<'e> {
    variables: &'e [Declaration<'e>],
    types: Unifier,
    scope: Vec<Local>,
    locals: usize,
    folds: u16,
    variable_depth: u16,
    aggregates: Vec<aggregates::Aggregate>,
    /// Uses of macro variables that may hold a type: the offset, and the variable's type.
    type_names: Vec<(u32, Type)>,
    /// Depth within calls of `format`, whose lists may mix types.
    exempt: u16,
}

/// A macro's variable while its body is checked.
struct Local {
    name: String,
    ty: Type,
    place: usize,
}

type Typed = (Type, Node);

impl Checker<'_> {
    fn expr(&mut self, expr: &Expr) -> Result<Typed, Problem> {
        match &expr.kind {
            Kind::Literal(literal) => Ok(constant(literal)),
            Kind::Ident(name) => self.ident(expr.offset, name),
            Kind::Select(select) => self.select(expr, select),
            Kind::Index(index) => self.index(expr.offset, index),
            Kind::Logic(logic, terms) => self.logic(*logic, terms),
            Kind::Call(call) => self.call(expr.offset, call),
            Kind::List(elements) => self.list(elements),
            Kind::Map(entries) => self.map(entries),
            Kind::Fold(fold) => self.fold(expr.offset, fold),
        }
    }

    fn logic(&mut self, logic: Logic, terms: &[Expr]) -> Result<Typed, Problem> {
        let mut nodes = Vec::with_capacity(terms.len());
        for term in terms {
            let (ty, node) = self.expr(term)?;
            self.require(term.offset, &Type::Bool, &ty)?;
            nodes.push(node);
        }
        let node = match logic {
            Logic::And => Node::And(nodes.into()),
            Logic::Or => Node::Or(nodes.into()),
        };
        Ok((Type::Bool, constants::settle(node)))
    }

    /// Refuses a part whose type is not assignable to `wanted`.
    fn require(&mut self, offset: u32, wanted: &Type, found: &Type) -> Result<(), Problem> {
        if self.types.assignable(found, wanted) {
            return Ok(());
        }
        let found = self.types.resolve(found, true);
        Err(mismatch(offset, wanted, &found))
    }
}

fn mismatch(offset: u32, wanted: &Type, found: &Type) -> Problem {
    let (wanted, found) = (wanted.in_message(), found.in_message());
    Problem::at(
        offset,
        format!("expected type '{wanted}' but found '{found}'"),
    )
}

fn constant(literal: &Literal) -> Typed {
    let (ty, value) = match literal {
        Literal::Null => (Type::Null, Value::Null),
        Literal::Bool(value) => (Type::Bool, Value::Bool(*value)),
        Literal::Int(value) => (Type::Int, Value::Int(*value)),
        Literal::Uint(value) => (Type::Uint, Value::Uint(*value)),
        Literal::Double(value) => (Type::Double, Value::Double(*value)),
        Literal::String(text) => (Type::String, Value::text(text.as_str())),
        Literal::Bytes(bytes) => (Type::Bytes, Value::Bytes(bytes.as_slice().into())),
    };
    (ty, Node::Constant(value))
}
