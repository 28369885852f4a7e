//! Fields and indexes: `a.b`, `a.?b`, `a[i]`, `a[?i]`, `has(a.b)`.
//!
//! Once a part of a path is optional, everything after it is: absent parts give `none` and the
//! result is optional.

use super::meter::{Fault, Outcome};
use super::plan::{Attribute, QualifierKey};
use super::run::Context;
use crate::value::{List, Text, Value};

impl<'a> Context<'_, 'a> {
    pub(super) fn attribute(&mut self, attribute: &Attribute) -> Outcome<'a> {
        let mut value = self.eval(&attribute.root)?;
        let mut optional = false;
        if let Value::Optional(inner) = &value {
            let Some(inner) = inner else {
                return Ok(value);
            };
            value = (**inner).clone();
            optional = true;
        }
        for qualifier in &attribute.path {
            self.meter.charge(1)?;
            optional |= qualifier.optional;
            match self.qualify(&value, &qualifier.key, optional)? {
                Step::Found(next) => value = next,
                Step::Presence(present) => return Ok(Value::Bool(present)),
                Step::Absent => return Ok(Value::Optional(None)),
            }
        }
        Ok(if optional { Value::some(value) } else { value })
    }

    fn qualify(
        &mut self,
        value: &Value<'a>,
        key: &QualifierKey,
        optional: bool,
    ) -> Result<Step<'a>, Fault> {
        match key {
            QualifierKey::Field(name) => match field(value, name)? {
                Some(found) => Ok(Step::Found(found)),
                None if optional => Ok(Step::Absent),
                None => Err(no_such_key(name)),
            },
            QualifierKey::Presence(name) => Ok(Step::Presence(field(value, name)?.is_some())),
            QualifierKey::Constant(key) => index(value, key, optional),
            QualifierKey::Computed(node) => {
                let key = self.eval(node)?;
                index(value, &key, optional)
            }
        }
    }
}

enum Step<'a> {
    Found(Value<'a>),
    Presence(bool),
    Absent,
}

fn field<'a>(value: &Value<'a>, name: &str) -> Result<Option<Value<'a>>, Fault> {
    match value {
        Value::Map(map) => Ok(map.field(name)),
        Value::List(_) => Err(unsupported_index(&Value::String(Text::Borrowed("")))),
        _ => Ok(None),
    }
}

fn index<'a>(value: &Value<'a>, key: &Value, optional: bool) -> Result<Step<'a>, Fault> {
    if !matches!(
        key,
        Value::String(_) | Value::Int(_) | Value::Uint(_) | Value::Bool(_) | Value::Double(_)
    ) {
        return Err(Fault::error("invalid qualifier type"));
    }
    let found = match value {
        Value::Map(map) => map.get(key),
        Value::List(list) => element(list, key)?,
        _ => None,
    };
    match found {
        Some(found) => Ok(Step::Found(found)),
        None if optional => Ok(Step::Absent),
        None if matches!(value, Value::List(_)) => Err(Fault::error(format!(
            "index out of bounds: {}",
            crate::library::display(key)
        ))),
        None => Err(no_such_key(&crate::library::display(key))),
    }
}

/// The element at an index, which may be a whole number of any kind.
fn element<'a>(list: &List<'a>, key: &Value) -> Result<Option<Value<'a>>, Fault> {
    #[allow(clippy::cast_possible_truncation)] // whole and far inside i128
    let at = match key {
        Value::Int(at) => i128::from(*at),
        Value::Uint(at) => i128::from(*at),
        Value::Double(at) if at.fract() == 0.0 && at.abs() < 1e18 => *at as i128,
        _ => return Err(unsupported_index(key)),
    };
    Ok(usize::try_from(at).ok().and_then(|at| list.get(at)))
}

fn no_such_key(name: &str) -> Fault {
    Fault::error(format!("no such key: {name}"))
}

fn unsupported_index(key: &Value) -> Fault {
    Fault::error(format!(
        "unsupported index type '{}' in list",
        key.type_name()
    ))
}
