//! The functions of quantities.

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Builtin, Context, no_overload};
use crate::value::{EvalResult, Fault, Object, Quantity, Value};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("quantity", 1, false) => quantity,
        ("isQuantity", 1, false) => is_quantity,
        ("isInteger", 1, true) => is_integer,
        ("asInteger", 1, true) => as_integer,
        ("asApproximateFloat", 1, true) => as_approximate_float,
        ("sign", 1, false) => sign,
        ("add", 2, true) => add,
        ("sub", 2, true) => sub,
        ("isGreaterThan", 2, true) => is_greater,
        ("isLessThan", 2, true) => is_less,
        ("compareTo", 2, true) => compare_to,
        _ => return None,
    };
    Some(function)
}

fn as_value<'a>(quantity: Quantity) -> Value<'a> {
    Value::Object(Object::Quantity(Arc::new(quantity)))
}

fn of(value: &Value) -> Result<Quantity, Fault> {
    match value {
        Value::Object(Object::Quantity(quantity)) => Ok(**quantity),
        _ => Err(Fault::no_overload()),
    }
}

fn quantity<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => Quantity::parse(text).map(as_value).map_err(Fault::error),
        _ => no_overload(),
    }
}

fn is_quantity<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::String(text)] => Ok(Value::Bool(Quantity::parse(text).is_ok())),
        _ => no_overload(),
    }
}

fn is_integer<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Bool(of(&args[0])?.integer().is_some()))
}

fn as_integer<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let integer = of(&args[0])?.integer();
    integer
        .map(Value::Int)
        .ok_or_else(|| Fault::error("cannot convert value to integer"))
}

fn as_approximate_float<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Double(of(&args[0])?.approximate()))
}

fn sign<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Int(of(&args[0])?.sign()))
}

/// The second operand of a sum, which may be a plain integer.
fn operand(value: &Value) -> Result<Quantity, Fault> {
    match value {
        Value::Int(value) => Ok(Quantity::of_int(*value)),
        other => of(other),
    }
}

fn bounded<'a>(sum: Option<Quantity>) -> EvalResult<'a> {
    sum.map(as_value)
        .ok_or_else(|| Fault::error("quantity is too large"))
}

fn add<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    bounded(of(&args[0])?.add(operand(&args[1])?))
}

fn sub<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    bounded(of(&args[0])?.sub(operand(&args[1])?))
}

/// The order of two quantities or of two versions; the methods share their names.
fn order(args: &[Value]) -> Result<Ordering, Fault> {
    match args {
        [
            Value::Object(Object::Semver(a)),
            Value::Object(Object::Semver(b)),
        ] => Ok(a.order(b)),
        [a, b] => Ok(of(a)?.order(&of(b)?)),
        _ => Err(Fault::no_overload()),
    }
}

fn is_greater<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Bool(order(args)?.is_gt()))
}

fn is_less<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Bool(order(args)?.is_lt()))
}

fn compare_to<'a>(_: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    Ok(Value::Int(order(args)? as i64))
}
