//! Functions of lists as sets.

use super::{Builtin, Context, no_overload};
use crate::value::{EvalResult, Fault, List, Value, same};

pub(super) fn resolve(name: &str, args: usize, method: bool) -> Option<Builtin> {
    let function: Builtin = match (name, args, method) {
        ("sets.contains", 2, false) => contains,
        ("sets.equivalent", 2, false) => equivalent,
        ("sets.intersects", 2, false) => intersects,
        _ => return None,
    };
    Some(function)
}

fn holds<'a>(
    context: &mut Context<'_, 'a>,
    list: &List<'a>,
    value: &Value<'a>,
) -> Result<bool, Fault> {
    for item in list.iter() {
        context.meter.charge(1)?;
        if same(&mut context.meter, value, &item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether each element of `part` is in `whole`.
fn covers<'a>(
    context: &mut Context<'_, 'a>,
    whole: &List<'a>,
    part: &List<'a>,
) -> Result<bool, Fault> {
    for value in part.iter() {
        if !holds(context, whole, &value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn contains<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::List(whole), Value::List(part)] => covers(context, whole, part).map(Value::Bool),
        _ => no_overload(),
    }
}

fn equivalent<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    match args {
        [Value::List(a), Value::List(b)] => {
            let same = covers(context, a, b)? && covers(context, b, a)?;
            Ok(Value::Bool(same))
        }
        _ => no_overload(),
    }
}

fn intersects<'a>(context: &mut Context<'_, 'a>, args: &[Value<'a>]) -> EvalResult<'a> {
    let [Value::List(a), Value::List(b)] = args else {
        return no_overload();
    };
    for value in a.iter() {
        if holds(context, b, &value)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
