//! Order: `<`, `min`, `sort` and the like. Numbers of different types compare by value.

use std::cmp::Ordering;

use super::{Fault, Meter, Value};

/// None if CEL cannot compare the values, or if one is NaN.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
        _ => numbers(left, right),
    }
}

/// The order of two numbers of any types.
pub(super) fn numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
        (Value::Double(a), other) => with_whole(*a, whole(other)?),
        (other, Value::Double(b)) => with_whole(*b, whole(other)?).map(Ordering::reverse),
        _ => Some(whole(left)?.cmp(&whole(right)?)),
    }
}

fn whole(value: &Value) -> Option<i128> {
    match value {
        Value::Int(value) => Some(i128::from(*value)),
        Value::Uint(value) => Some(i128::from(*value)),
        _ => None,
    }
}

/// Compares a double with an integer of at most 64 bits.
#[allow(clippy::cast_precision_loss)] // cel-go compares doubles too
fn with_whole(double: f64, whole: i128) -> Option<Ordering> {
    double.partial_cmp(&(whole as f64))
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    /// By cel-go's name of the operator.
    pub fn of_operator(name: &str) -> Option<Self> {
        match name {
            "_<_" => Some(Self::Less),
            "_<=_" => Some(Self::LessOrEqual),
            "_>_" => Some(Self::Greater),
            "_>=_" => Some(Self::GreaterOrEqual),
            _ => None,
        }
    }

    pub fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
        }
    }
}

/// Whether two values have this order. Charges for the bytes of strings.
pub(crate) fn ordered(
    meter: &mut Meter,
    left: &Value,
    right: &Value,
    order: Order,
) -> Result<bool, Fault> {
    if let (Value::String(a), Value::String(b)) = (left, right) {
        meter.charge_bytes(a.len().min(b.len()))?;
    }
    match compare(left, right) {
        Some(found) => Ok(order.holds(found)),
        None => Err(Fault::no_overload()),
    }
}
