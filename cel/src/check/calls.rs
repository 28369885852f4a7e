//! Calls: resolves the function and its overloads, and makes the node.

use std::sync::Arc;

use super::names::{self, dotted};
use super::signatures::{self, Overload, PARAMETERS};
use super::{Checker, Type, Typed, constants};
use crate::error::Problem;
use crate::eval::{Guard, Node};
use crate::library;
use crate::syntax::ast::{Call, Expr};
use crate::value::{Order, Value};

/// The function that a call names.
#[derive(Clone, Copy)]
pub(super) struct Callee<'n> {
    pub offset: u32,
    pub name: &'n str,
    /// Whether the first argument is a receiver.
    pub method: bool,
}

impl<'n> Callee<'n> {
    pub fn function(offset: u32, name: &'n str) -> Self {
        Self {
            offset,
            name,
            method: false,
        }
    }

    pub fn method(offset: u32, name: &'n str) -> Self {
        Self {
            offset,
            name,
            method: true,
        }
    }
}

impl Checker<'_> {
    pub(super) fn call(&mut self, offset: u32, call: &Call) -> Result<Typed, Problem> {
        let exempt = u16::from(call.name == "format");
        self.exempt += exempt;
        let mut args = call
            .args
            .iter()
            .map(|arg| self.expr(arg))
            .collect::<Result<Vec<_>, _>>()?;
        let mut name = call.name.trim_start_matches('.').to_owned();
        let mut method = false;
        if let Some(target) = &call.target {
            if let Some(full) = namespaced(target, &name) {
                name = full;
            } else {
                args.insert(0, self.expr(target)?);
                method = true;
            }
        }
        self.exempt -= exempt;
        let callee = Callee {
            offset,
            name: &name,
            method,
        };
        let (types, nodes): (Vec<_>, Vec<_>) = args.into_iter().unzip();
        let (ty, fitting) = self.overload(callee, &types)?;
        constants::literal_arguments(call, &name)?;
        if name == "format" {
            self.format_clauses(offset, call)?;
        }
        Ok((ty, lower(callee, nodes, &fitting)?))
    }

    /// The type of a call and the overloads that fit.
    pub(super) fn overload(
        &mut self,
        callee: Callee,
        args: &[Type],
    ) -> Result<(Type, Vec<&'static Overload>), Problem> {
        let Some(overloads) = signatures::function(callee.name) else {
            return Err(names::undeclared(callee.offset, callee.name));
        };
        let mut result: Option<Type> = None;
        let mut fitting = Vec::new();
        for overload in overloads {
            let base = self.types.fresh_block(PARAMETERS);
            let wanted: Vec<_> = overload
                .args
                .iter()
                .map(|arg| renumber(arg, base))
                .collect();
            if overload.method != callee.method || !self.types.assignable_all(args, &wanted) {
                continue;
            }
            fitting.push(overload);
            let found = self.types.resolve(&renumber(&overload.result, base), false);
            result = Some(match result {
                None => found,
                Some(known) if known == Type::Dyn || known == found => known,
                Some(_) => Type::Dyn,
            });
        }
        match result {
            Some(result) => Ok((result, fitting)),
            None => Err(self.no_overload(callee, args)),
        }
    }

    fn no_overload(&mut self, callee: Callee, args: &[Type]) -> Problem {
        let mut shown: Vec<_> = args
            .iter()
            .map(|arg| self.types.resolve(arg, true).in_message())
            .collect();
        let receiver = if callee.method {
            shown.remove(0) + "."
        } else {
            String::new()
        };
        let (name, args) = (callee.name, shown.join(", "));
        Problem::at(
            callee.offset,
            format!("found no matching overload for '{name}' applied to '{receiver}({args})'"),
        )
    }
}

fn lower(
    callee: Callee,
    mut args: Vec<Node>,
    fitting: &[&'static Overload],
) -> Result<Node, Problem> {
    let Callee { offset, name, .. } = callee;
    if let Some(order) = Order::of_operator(name) {
        let sides = Box::new(exactly(args));
        return Ok(constants::settle(Node::Ordered(order, sides)));
    }
    let guard = guard(callee, args.len(), fitting);
    match name {
        "_?_:_" => return Ok(Node::Conditional(Box::new(exactly(args)))),
        "_==_" => return Ok(constants::settle(Node::Equal(Box::new(exactly(args))))),
        "_!=_" => return Ok(constants::settle(Node::NotEqual(Box::new(exactly(args))))),
        "or" | "orValue" => {
            let unwrap = name == "orValue";
            return Ok(Node::Otherwise(Box::new(exactly(args)), unwrap));
        }
        "dyn" => return Ok(opaque(args.remove(0))),
        "@in" => {
            let is_list = fitting.len() == 1 && matches!(fitting[0].args[1], Type::List(_));
            if let Some(node) = constants::membership(&mut args, is_list) {
                return Ok(node);
            }
        }
        "matches" | "find" | "findAll" => {
            if let Some(node) = constants::pattern(offset, name, &mut args)? {
                return Ok(node);
            }
        }
        // The sum of an empty list is the zero of its element type.
        "sum" if fitting.len() == 1 => args.push(Node::Constant(zero(&fitting[0].result))),
        _ => {}
    }
    let Some(function) = library::resolve(name, args.len(), callee.method) else {
        return Err(names::undeclared(offset, name));
    };
    let call = match (args.len(), guard) {
        (_, Some(guard)) => Node::Guarded(function, args.into(), guard),
        (1, None) => Node::Call1(function, args.remove(0).into()),
        (2, None) => Node::Call2(function, Box::new(exactly(args))),
        (_, None) => Node::Call(function, args.into()),
    };
    constants::convert(offset, name, call).map(constants::settle)
}

/// `dyn(value)`. A path after it starts a new attribute.
fn opaque(node: Node) -> Node {
    if matches!(node, Node::Constant(_)) {
        return node;
    }
    Node::Call1(|_, args| Ok(args[0].clone()), node.into())
}

/// Functions that the server calls without a check of their arguments.
const UNGUARDED: [&str; 8] = [
    "size",
    "type",
    "matches",
    "contains",
    "startsWith",
    "endsWith",
    "flatten",
    "sort",
];

/// Limits a call to the overloads that the server dispatches to at run time: the only one that
/// fits, or all. None where the function itself refuses the same values.
fn guard(callee: Callee, arity: usize, fitting: &[&'static Overload]) -> Option<Guard> {
    let name = callee.name;
    if UNGUARDED.contains(&name) || !name.starts_with(char::is_alphabetic) {
        return None;
    }
    let all: Vec<_> = signatures::function(name)?
        .iter()
        .filter(|overload| overload.args.len() == arity)
        .collect();
    let has_element_type = |ty: &Type| matches!(ty, Type::List(element) if !matches!(**element, Type::Dyn | Type::Param(_)));
    if all.len() < 2
        && !all
            .iter()
            .any(|overload| overload.args.iter().any(has_element_type))
    {
        return None;
    }
    let overloads = if fitting.len() == 1 {
        fitting.to_vec()
    } else {
        all
    };
    let takes = |overload: &Overload, args: &[Value]| {
        let mut pairs = overload.args.iter().zip(args);
        pairs.all(|(ty, arg)| ty.takes(arg))
    };
    let fits = move |args: &[Value]| overloads.iter().any(|overload| takes(overload, args));
    Some(Guard(Arc::new(fits)))
}

/// The arguments as an array, of the length that the overload takes.
fn exactly<const N: usize>(args: Vec<Node>) -> [Node; N] {
    args.try_into()
        .expect("an overload of this name fits only this many arguments")
}

fn zero(ty: &Type) -> Value<'static> {
    match ty {
        Type::Uint => Value::Uint(0),
        Type::Double => Value::Double(0.0),
        Type::Duration => Value::Duration(0),
        _ => Value::Int(0),
    }
}

fn renumber(ty: &Type, base: u32) -> Type {
    match ty {
        Type::Param(number) => Type::Param(base + number),
        _ => ty.map_parts(|part| renumber(part, base)),
    }
}

/// The function of a call whose receiver is a namespace: `sets.contains`.
fn namespaced(target: &Expr, name: &str) -> Option<String> {
    let full = format!("{}.{name}", dotted(target)?);
    signatures::function(&full).map(|_| full)
}
