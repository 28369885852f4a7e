//! Fields and indexes: checks their types, and joins them into paths.

use super::calls::Callee;
use super::names::{self, VARIABLES, dotted};
use super::{Checker, Type, Typed};
use crate::error::Problem;
use crate::eval::{Attribute, Node, Qualifier, QualifierKey};
use crate::library::Context;
use crate::syntax::ast::{Access, Expr, Index, Kind, Select};
use crate::value::{EvalResult, Value};

impl Checker<'_> {
    pub(super) fn select(&mut self, expr: &Expr, select: &Select) -> Result<Typed, Problem> {
        if let Some(typed) = dotted(expr).and_then(|name| names::type_value(&name)) {
            return Ok(typed);
        }
        if self.names_variables(&select.operand) {
            return self.variable_field(expr.offset, select);
        }
        let (operand, node) = self.expr(&select.operand)?;
        let field = self.field(expr.offset, &operand, &select.field)?;
        let (_, was_optional) = self.unwrap(&operand);
        let optional = select.access == Access::Optional;
        let key = match select.access {
            Access::Presence => QualifierKey::Presence(select.field.as_str().into()),
            Access::Plain | Access::Optional => QualifierKey::Field(select.field.as_str().into()),
        };
        let ty = match select.access {
            Access::Presence => Type::Bool,
            Access::Plain | Access::Optional if optional || was_optional => Type::optional(field),
            Access::Plain | Access::Optional => field,
        };
        Ok((ty, extend(node, Qualifier { key, optional })))
    }

    /// Whether this is the root `variables`, not a macro variable of that name.
    fn names_variables(&self, operand: &Expr) -> bool {
        matches!(&operand.kind, Kind::Ident(name) if name == "variables")
            && !self.scope.iter().any(|local| local.name == "variables")
    }

    fn variable_field(&mut self, offset: u32, select: &Select) -> Result<Typed, Problem> {
        let (ty, node) = self.variable(offset, &select.field)?;
        Ok(match select.access {
            Access::Plain => (ty, node),
            // Every declared variable is present, but the evaluation of one may fail.
            Access::Presence => (Type::Bool, Node::Call1(present, node.into())),
            Access::Optional => {
                let (key, optional) = (QualifierKey::Itself, true);
                let node = extend(node, Qualifier { key, optional });
                (Type::optional(ty), node)
            }
        })
    }

    fn unwrap(&mut self, ty: &Type) -> (Type, bool) {
        match self.types.resolve(ty, false) {
            Type::Optional(inner) => ((*inner).clone(), true),
            other => (other, false),
        }
    }

    fn field(&mut self, offset: u32, operand: &Type, field: &str) -> Result<Type, Problem> {
        let (target, _) = self.unwrap(operand);
        match &target {
            Type::Dyn | Type::Error => Ok(Type::Dyn),
            Type::Map(parts) => Ok(self.types.resolve(&parts.1, false)),
            Type::Named(VARIABLES) => Err(undefined(offset, field)),
            Type::Named(named) => {
                names::field_type(named, field).ok_or_else(|| undefined(offset, field))
            }
            Type::Param(_) => {
                self.types.assignable(&Type::Dyn, &target);
                Ok(Type::Dyn)
            }
            other => {
                let shown = other.in_message();
                let message = format!("type '{shown}' does not support field selection");
                Err(Problem::at(offset, message))
            }
        }
    }

    pub(super) fn index(&mut self, offset: u32, index: &Index) -> Result<Typed, Problem> {
        let (operand, node) = self.expr(&index.operand)?;
        let (key_type, key) = self.expr(&index.key)?;
        let name = if index.optional { "_[?_]" } else { "_[_]" };
        let callee = Callee::function(offset, name);
        let (ty, _) = self.overload(callee, &[operand, key_type])?;
        let key = match key {
            Node::Constant(value) if !value.is_key() => {
                let found = value.type_name();
                let message =
                    format!("program instantiation failed: invalid qualifier type: {found}");
                return Err(Problem::at(offset, message));
            }
            Node::Constant(value) => QualifierKey::Constant(value),
            node => QualifierKey::Computed(node),
        };
        let optional = index.optional;
        Ok((ty, extend(node, Qualifier { key, optional })))
    }
}

fn undefined(offset: u32, field: &str) -> Problem {
    Problem::at(offset, format!("undefined field '{field}'"))
}

/// Appends a step to a path, or starts a path.
fn extend(node: Node, qualifier: Qualifier) -> Node {
    match node {
        Node::Attribute(mut attribute) if !attribute.is_presence() => {
            attribute.path.push(qualifier);
            Node::Attribute(attribute)
        }
        root => Node::Attribute(Box::new(Attribute {
            root,
            path: vec![qualifier],
        })),
    }
}

#[allow(clippy::unnecessary_wraps)] // the signature of every builtin
fn present<'a>(_: &mut Context<'_, 'a>, _: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Bool(true))
}
