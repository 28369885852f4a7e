//! Functions of optional values.

use super::{Builtin, Context, no_overload};
use crate::value::{EvalResult, Fault, Value};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("optional.of", 1, false) => of,
        ("optional.ofNonZeroValue", 1, false) => of_non_zero,
        ("optional.none", 0, false) => none,
        ("optional.unwrap", 1, false) | ("unwrapOpt", 1, true) => unwrap_all,
        ("hasValue", 1, true) => has_value,
        ("value", 1, true) => value,
        _ => return None,
    };
    Some(function)
}

fn of<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [value] => Ok(Value::some(value.clone())),
        _ => no_overload(),
    }
}

fn of_non_zero<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [value] if value.is_zero() => Ok(Value::Optional(None)),
        [value] => Ok(Value::some(value.clone())),
        _ => no_overload(),
    }
}

#[allow(clippy::unnecessary_wraps)] // the signature of every builtin
fn none<'a>(_: &mut Context<'_, 'a>, _: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Optional(None))
}

fn has_value<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Optional(inner)] => Ok(Value::Bool(inner.is_some())),
        _ => no_overload(),
    }
}

fn value<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Optional(Some(inner))] => inner.taken_out(),
        [Value::Optional(None)] => Err(Fault::error("optional.none() dereference")),
        _ => no_overload(),
    }
}

fn unwrap_all<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::List(list)] = args else {
        return no_overload();
    };
    context.meter.charge(list.len() as u64)?;
    let mut given = Vec::new();
    for item in list.iter() {
        match item {
            Value::Optional(Some(inner)) => given.push((*inner).clone()),
            Value::Optional(None) => {}
            _ => return Err(Fault::error("value is not optional")),
        }
    }
    Ok(Value::list(given))
}
