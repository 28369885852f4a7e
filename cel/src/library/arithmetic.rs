//! Operators on numbers, strings, lists and times. Integer overflow is an error.

use super::{Builtin, Context, members, no_overload};
use crate::value::{EvalResult, Fault, List, Text, Value};

pub(super) fn resolve(name: &str, _args: usize, _method: bool) -> Option<Builtin> {
    let function: Builtin = match name {
        "_+_" => add,
        "_-_" => subtract,
        "_*_" => multiply,
        "_/_" => divide,
        "_%_" => modulo,
        "-_" => negate,
        "!_" => not,
        "@in" => contained,
        _ => return None,
    };
    Some(function)
}

fn overflow() -> Fault {
    Fault::error("integer overflow")
}

fn checked<T, V>(result: Option<T>, value: impl Fn(T) -> V) -> Result<V, Fault> {
    result.map(value).ok_or_else(overflow)
}

pub(super) fn add<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [left, right] = args else {
        return no_overload();
    };
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => checked(a.checked_add(*b), Value::Int),
        (Value::Uint(a), Value::Uint(b)) => checked(a.checked_add(*b), Value::Uint),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a + b)),
        (Value::Duration(a), Value::Duration(b)) => checked(a.checked_add(*b), Value::Duration),
        (Value::Timestamp(at), Value::Duration(by))
        | (Value::Duration(by), Value::Timestamp(at)) => checked(at.moved(*by), Value::Timestamp),
        (Value::String(a), Value::String(b)) => {
            context.meter.charge_text(a.len() + b.len())?;
            Ok(Value::text(format!("{}{}", &**a, &**b)))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            context.meter.charge_text(a.len() + b.len())?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Value::List(a), Value::List(b)) => concat(context, a, b),
        _ => no_overload(),
    }
}

fn concat<'a>(context: &mut Context<'_, 'a>, left: &List<'a>, right: &List<'a>) -> EvalResult<'a> {
    if right.is_empty() {
        return Ok(Value::List(left.clone()));
    }
    if left.is_empty() {
        return Ok(Value::List(right.clone()));
    }
    context.meter.charge_elements(left.len() + right.len())?;
    Ok(Value::list(left.iter().chain(right.iter()).collect()))
}

fn subtract<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Int(a), Value::Int(b)] => checked(a.checked_sub(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_sub(*b), Value::Uint),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a - b)),
        [Value::Duration(a), Value::Duration(b)] => checked(a.checked_sub(*b), Value::Duration),
        [Value::Timestamp(at), Value::Duration(by)] => {
            let moved = by.checked_neg().and_then(|by| at.moved(by));
            checked(moved, Value::Timestamp)
        }
        [Value::Timestamp(a), Value::Timestamp(b)] => checked(a.since(b), Value::Duration),
        _ => no_overload(),
    }
}

fn multiply<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Int(a), Value::Int(b)] => checked(a.checked_mul(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_mul(*b), Value::Uint),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a * b)),
        _ => no_overload(),
    }
}

fn divide<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Fault::error("division by zero"))
        }
        [Value::Int(a), Value::Int(b)] => checked(a.checked_div(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_div(*b), Value::Uint),
        [Value::Double(a), Value::Double(b)] => Ok(Value::Double(a / b)),
        _ => no_overload(),
    }
}

fn modulo<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Int(_), Value::Int(0)] | [Value::Uint(_), Value::Uint(0)] => {
            Err(Fault::error("modulus by zero"))
        }
        [Value::Int(a), Value::Int(b)] => checked(a.checked_rem(*b), Value::Int),
        [Value::Uint(a), Value::Uint(b)] => checked(a.checked_rem(*b), Value::Uint),
        _ => no_overload(),
    }
}

fn negate<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Int(value)] => checked(value.checked_neg(), Value::Int),
        [Value::Double(value)] => Ok(Value::Double(-value)),
        // Without an overload for it, the server negates a duration behind `dyn`.
        [Value::Duration(value)] => checked(value.checked_neg(), Value::Duration),
        _ => no_overload(),
    }
}

fn not<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::Bool(value)] => Ok(Value::Bool(!value)),
        _ => no_overload(),
    }
}

/// `value in collection`: looks for an element of a list or a key of a map.
fn contained<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [value, Value::List(list)] => members::holds(context, list, value).map(Value::Bool),
        [Value::String(Text::Borrowed(name)), Value::Map(map)] => {
            Ok(Value::Bool(map.field(name).is_some()))
        }
        [key, Value::Map(map)] => Ok(Value::Bool(map.get(key).is_some())),
        _ => no_overload(),
    }
}
