//! Equality: false between different kinds, numbers by value.

use std::cmp::Ordering;

use super::compare::numbers;
use super::{Fault, List, Map, Meter, Value};

/// Whether two values are equal; charges for what it has to look at.
pub(crate) fn equal(meter: &mut Meter, left: &Value, right: &Value) -> Result<bool, Fault> {
    Ok(match (left, right) {
        (Value::String(a), Value::String(b)) => {
            a.len() == b.len() && {
                meter.charge_bytes(a.len())?;
                **a == **b
            }
        }
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => {
            meter.charge_bytes(a.len())?;
            a == b
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::List(a), Value::List(b)) => lists(meter, a, b)?,
        (Value::Map(a), Value::Map(b)) => maps(meter, a, b)?,
        (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => true,
        (Value::Optional(Some(a)), Value::Optional(Some(b))) => {
            meter.charge(1)?;
            match (&**a, &**b) {
                (Value::Object(_), Value::Null) => return Err(Fault::no_overload()),
                (a, b) => equal(meter, a, b)?,
            }
        }
        (Value::Object(_), Value::Null) => false,
        // The libraries' values refuse to be compared with anything else, the others do not.
        (Value::Object(a), b) => match b {
            Value::Object(b) if a.compares_with(b) => a == b,
            _ => return Err(Fault::no_overload()),
        },
        _ => numbers(left, right) == Some(Ordering::Equal),
    })
}

fn lists(meter: &mut Meter, left: &List, right: &List) -> Result<bool, Fault> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (a, b) in left.iter().zip(right.iter()) {
        meter.charge(1)?;
        if differ(meter, &a, &b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether two values are known to be the same; those that cannot be compared are not.
pub(crate) fn same(meter: &mut Meter, left: &Value, right: &Value) -> Result<bool, Fault> {
    match equal(meter, left, right) {
        Err(Fault::Error(_)) => Ok(false),
        outcome => outcome,
    }
}

/// Whether two elements are known to differ. As in cel-go, those that cannot be compared are not.
fn differ(meter: &mut Meter, left: &Value, right: &Value) -> Result<bool, Fault> {
    match equal(meter, left, right) {
        Ok(same) => Ok(!same),
        Err(Fault::Error(_)) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn maps(meter: &mut Meter, left: &Map, right: &Map) -> Result<bool, Fault> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (key, a) in left.iter() {
        meter.charge(1)?;
        match right.get(&key) {
            Some(b) if !differ(meter, &a, &b)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}
