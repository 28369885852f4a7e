//! Equality: by value between numbers, false between other values of different types.

use std::cmp::Ordering;

use super::compare::numbers;
use super::{Fault, List, Map, Meter, Value};

/// Whether two values are equal. Charges for the parts it compares.
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
        // Library values cannot be compared with other types; all other values can.
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

/// Whether two values are equal. Values that cannot be compared are not.
pub(crate) fn same(meter: &mut Meter, left: &Value, right: &Value) -> Result<bool, Fault> {
    match equal(meter, left, right) {
        Err(Fault::Error(_)) => Ok(false),
        result => result,
    }
}

/// Whether two elements differ. As in cel-go, elements that cannot be compared do not.
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
