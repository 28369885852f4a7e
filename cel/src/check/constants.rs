//! Constant parts: refuses literal arguments that cannot work, folds conversions, compiles literal
//! patterns, and simplifies membership in literal lists.

use std::sync::Arc;

use crate::error::Problem;
use crate::eval::{self, Node, Pattern};
use crate::library::{self, PatternUse};
use crate::syntax::ast::{Call, Kind, Literal};
use crate::value::{Fault, Value};

const CONVERSIONS: [&str; 9] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "int",
    "string",
    "timestamp",
    "type",
    "uint",
];

/// Refuses invalid literal durations, instants and patterns. Like the server's validators it looks
/// at the first argument, also in a call with a receiver.
pub(super) fn literal_arguments(call: &Call, name: &str) -> Result<(), Problem> {
    let Some(arg) = call.args.first() else {
        return Ok(());
    };
    let valid = match (name, &arg.kind) {
        ("duration" | "timestamp", Kind::Literal(literal)) => {
            let (_, node) = super::constant(literal);
            library::resolve(name, 1, false)
                .is_none_or(|function| eval::constant(&Node::Call1(function, node.into())).is_ok())
        }
        ("matches", Kind::Literal(Literal::String(pattern))) => {
            library::compile_pattern(pattern).is_ok()
        }
        _ => true,
    };
    if valid {
        return Ok(());
    }
    Err(Problem::at(arg.offset, format!("invalid {name} argument")))
}

/// Folds the conversion of a constant. A conversion that fails refuses the expression.
pub(super) fn convert(offset: u32, name: &str, call: Node) -> Result<Node, Problem> {
    let constant = match &call {
        Node::Call1(_, arg) => matches!(**arg, Node::Constant(_)),
        Node::Guarded(_, args, _) => matches!(**args, [Node::Constant(_)]),
        _ => false,
    };
    if !constant || !CONVERSIONS.contains(&name) {
        return Ok(call);
    }
    match eval::constant(&call) {
        Ok(value) => Ok(Node::Constant(value)),
        Err(Fault::Error(message)) => Err(Problem::at(
            offset,
            format!("program instantiation failed: {message}"),
        )),
        Err(Fault::Exhausted { .. }) => Ok(call),
    }
}

/// Folds a call or comparison of constants to a bool or a library value. A call that fails stays:
/// on the server it fails only when evaluated.
pub(super) fn settle(node: Node) -> Node {
    let mut constant = true;
    node.each_part(&mut |part| constant &= matches!(part, Node::Constant(_) | Node::Settled(_)));
    if !constant {
        return node;
    }
    match eval::constant(&node) {
        Ok(value @ (Value::Bool(_) | Value::Object(_))) => Node::Settled(value),
        Ok(_) | Err(_) => node,
    }
}

/// `x in [constants]` without a list at run time. Only for scalar constants.
pub(super) fn membership(args: &mut Vec<Node>, is_list: bool) -> Option<Node> {
    let [_, Node::Constant(Value::List(list))] = args.as_slice() else {
        return None;
    };
    let plain = |value: &Value| {
        matches!(
            value,
            Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Uint(_)
                | Value::Double(_)
                | Value::String(_)
        )
    };
    let constants: Vec<Value<'static>> = list.iter().collect();
    if !is_list || !constants.iter().all(plain) {
        return None;
    }
    if constants.is_empty() {
        return Some(Node::Constant(Value::Bool(false)));
    }
    args.truncate(1);
    Some(Node::InConstants(
        args.remove(0).into(),
        Arc::from(constants),
    ))
}

/// Compiles the pattern of a call, if it is a literal.
pub(super) fn pattern(
    offset: u32,
    name: &str,
    args: &mut Vec<Node>,
) -> Result<Option<Node>, Problem> {
    let Some(Node::Constant(Value::String(source))) = args.get(1) else {
        return Ok(None);
    };
    let function = match name {
        "matches" => PatternUse::Matches,
        "find" => PatternUse::Find,
        _ => PatternUse::FindAll,
    };
    let searcher = library::compile_pattern(source).map_err(|problem| {
        Problem::at(offset, format!("program instantiation failed: {problem}"))
    })?;
    let weight = source.len() as u64;
    let limit = (args.len() > 2).then(|| args.remove(2));
    Ok(Some(Node::Pattern(Box::new(Pattern {
        function,
        text: args.remove(0),
        searcher,
        weight,
        limit,
    }))))
}
