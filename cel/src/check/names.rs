//! Names: macro variables, the roots, the environment's variables, and types used as values.

use super::{Checker, Type, Typed};
use crate::error::Problem;
use crate::eval::Node;
use crate::syntax::ast::{Access, Expr, Kind};
use crate::value::{Text, Value};

/// The type of `variables`.
pub(super) const VARIABLES: &str = "kubernetes.variables";
const NAMESPACE: &str = "kubernetes.Namespace";
const NAMESPACE_METADATA: &str = "kubernetes.NamespaceMetadata";
const NAMESPACE_SPEC: &str = "kubernetes.NamespaceSpec";
const NAMESPACE_STATUS: &str = "kubernetes.NamespaceStatus";
const NAMESPACE_CONDITION: &str = "kubernetes.NamespaceCondition";

/// Roots that the API server declares in a policy and that a stored object does not have.
const UNAVAILABLE: [&str; 4] = ["request", "oldObject", "params", "authorizer"];

impl Checker<'_> {
    pub(super) fn ident(&mut self, offset: u32, name: &str) -> Result<Typed, Problem> {
        // Like the server, resolve `.x` to a macro variable `x`.
        let name = name.trim_start_matches('.');
        let local = self.scope.iter().rev().find(|local| local.name == name);
        if let Some(local) = local {
            let (ty, node) = (local.ty.clone(), Node::Local(local.place));
            self.uses(offset, &ty);
            return Ok((ty, node));
        }
        match name {
            "object" => Ok((Type::Dyn, Node::Object)),
            "namespaceObject" => Ok((Type::Named(NAMESPACE), Node::Namespace)),
            "variables" => Err(Problem::at(
                offset,
                "'variables' can only be used with the name of a variable",
            )),
            _ => type_value(name).ok_or_else(|| undeclared(offset, name)),
        }
    }

    /// Records the use of a macro variable. The server reads the name of a variable that holds a
    /// type as the name of a type, and refuses the expression because there is none.
    pub(super) fn uses(&mut self, offset: u32, ty: &Type) {
        let ty = self.types.resolve(ty, false);
        if matches!(ty, Type::Type(_) | Type::Param(_)) {
            self.type_names.push((offset, ty));
        }
    }

    /// Refuses uses of macro variables that hold types.
    pub(super) fn no_types_by_name(&mut self) -> Result<(), Problem> {
        for (offset, ty) in std::mem::take(&mut self.type_names) {
            if matches!(self.types.resolve(&ty, true), Type::Type(_)) {
                let message = "program instantiation failed: reference to undefined type";
                return Err(Problem::at(offset, message));
            }
        }
        Ok(())
    }

    /// `variables.name`
    pub(super) fn variable(&mut self, offset: u32, name: &str) -> Result<Typed, Problem> {
        let Some(at) = self.variables.iter().position(|known| known.name == name) else {
            return Err(Problem::at(offset, format!("undefined field '{name}'")));
        };
        let variable = &self.variables[at];
        self.variable_depth = self.variable_depth.max(variable.depth);
        Ok((variable.ty.clone(), Node::Variable(at)))
    }
}

pub(super) fn undeclared(offset: u32, name: &str) -> Problem {
    let root = name.split('.').next().unwrap_or(name);
    let mut message = format!("undeclared reference to '{name}' (in container '')");
    if UNAVAILABLE.contains(&root) {
        message += ": checks judge a stored object, so only object, namespaceObject and variables \
                    are available";
    }
    Problem::at(offset, message)
}

/// The name that an expression spells: `sets.contains`.
pub(super) fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        Kind::Ident(name) => Some(name.trim_start_matches('.').to_owned()),
        Kind::Select(select) if select.access == Access::Plain => {
            let prefix = dotted(&select.operand)?;
            Some(format!("{prefix}.{}", select.field))
        }
        _ => None,
    }
}

/// The name of a type as a value.
pub(super) fn type_value(name: &str) -> Option<Typed> {
    let (ty, name) = match name {
        "bool" => (Type::Bool, "bool"),
        "int" => (Type::Int, "int"),
        "uint" => (Type::Uint, "uint"),
        "double" => (Type::Double, "double"),
        "string" => (Type::String, "string"),
        "bytes" => (Type::Bytes, "bytes"),
        "null_type" => (Type::Null, "null_type"),
        "list" => (Type::list(Type::Dyn), "list"),
        "map" => (Type::map(Type::Dyn, Type::Dyn), "map"),
        "type" => (Type::Named("type"), "type"),
        "optional_type" => (Type::Named("optional_type"), "optional_type"),
        "google.protobuf.Timestamp" => (Type::Timestamp, "google.protobuf.Timestamp"),
        "google.protobuf.Duration" => (Type::Duration, "google.protobuf.Duration"),
        "net.IP" => (Type::Named("net.IP"), "net.IP"),
        "net.CIDR" => (Type::Named("net.CIDR"), "net.CIDR"),
        _ => return None,
    };
    let value = Value::Type(Text::Borrowed(name));
    Some((Type::Type(ty.into()), Node::Constant(value)))
}

/// The type of a field of the namespace, as the API server declares it.
pub(super) fn field_type(named: &str, field: &str) -> Option<Type> {
    let texts = || Type::map(Type::String, Type::String);
    Some(match (named, field) {
        (NAMESPACE, "metadata") => Type::Named(NAMESPACE_METADATA),
        (NAMESPACE, "spec") => Type::Named(NAMESPACE_SPEC),
        (NAMESPACE, "status") => Type::Named(NAMESPACE_STATUS),
        (NAMESPACE_METADATA, "name" | "generateName" | "namespace" | "UID" | "resourceVersion")
        | (NAMESPACE_STATUS, "phase")
        | (NAMESPACE_CONDITION, "status" | "type" | "message" | "reason") => Type::String,
        (NAMESPACE_METADATA, "labels" | "annotations") => texts(),
        (NAMESPACE_METADATA, "creationTimestamp" | "deletionTimestamp")
        | (NAMESPACE_CONDITION, "lastTransitionTime") => Type::Timestamp,
        (NAMESPACE_METADATA, "deletionGracePeriodSeconds" | "generation") => Type::Int,
        (NAMESPACE_METADATA | NAMESPACE_SPEC, "finalizers") => Type::list(Type::String),
        (NAMESPACE_STATUS, "conditions") => Type::list(Type::Named(NAMESPACE_CONDITION)),
        _ => return None,
    })
}
