//! Fields and indexes: `a.b`, `a.?b`, `a[i]`, `a[?i]`, `has(a.b)`.
//!
//! Once a part of a path is optional, everything after it is: absent parts give `none` and the
//! result is optional. A condition between paths is itself a path, and a path goes on through it.

use serde_json::Value as Json;

use super::plan::{Attribute, Node, QualifierKey};
use super::run::Interpreter;
use crate::value::{EvalResult, Fault, List, Map, OPTIONAL_BYTES, Object, Text, Value, display};

/// Fields of a path that is taken in one go.
const STRAIGHT: usize = 16;

/// Fields that one step pays for, apart from the step of the path itself.
const FIELDS_PER_STEP: u64 = 8;

impl<'a> Interpreter<'_, 'a> {
    /// The value at the end of a path, and whether the path is optional; none where it is and
    /// something is absent.
    pub(super) fn resolve(&mut self, node: &Node) -> Result<Option<(Value<'a>, bool)>, Fault> {
        match node {
            Node::Attribute(attribute) => self.walk(attribute),
            Node::Conditional(parts) => {
                let chosen = self.chosen(parts)?;
                self.resolve(chosen)
            }
            // A variable is a step of its path, not where it starts: what it holds stays as it is.
            Node::Variable(_) => Ok(Some((self.eval(node)?, false))),
            Node::Local(place) => Ok(opened(self.locals[*place].clone())),
            Node::Object => Ok(Some((Value::from_json(self.object()), false))),
            _ => Ok(opened(self.eval(node)?)),
        }
    }

    fn walk(&mut self, attribute: &Attribute) -> Result<Option<(Value<'a>, bool)>, Fault> {
        let Some((mut value, mut optional)) = self.resolve(&attribute.root)? else {
            return Ok(None);
        };
        self.context
            .meter
            .charge(attribute.path.len() as u64 / FIELDS_PER_STEP)?;
        for qualifier in &attribute.path {
            optional |= qualifier.optional;
            match self.qualify(&value, &qualifier.key, optional)? {
                Step::Found(next) => value = next,
                Step::Presence(present) => value = Value::Bool(present),
                Step::Absent => return Ok(None),
            }
        }
        Ok(Some((value, optional)))
    }

    /// The value of a path, a condition between paths, or a macro's variable.
    pub(super) fn attribute(&mut self, node: &Node) -> EvalResult<'a> {
        if let Node::Attribute(attribute) = node
            && attribute.path.len() <= STRAIGHT
            && let Some(end) = self.straight(attribute)
        {
            return Ok(match end {
                Straight::Part(part) => Value::from_json(part),
                Straight::Presence(present) => Value::Bool(present),
            });
        }
        let mark = self.context.meter.held();
        let value = match self.resolve(node)? {
            Some((Value::Object(Object::Unconvertible), false)) => {
                return Err(Fault::unconvertible());
            }
            Some((value, false)) => value,
            Some((value, true)) => {
                self.context.meter.hold(OPTIONAL_BYTES)?;
                Value::some(value)
            }
            None => Value::Optional(None),
        };
        let value = match (node, value) {
            (Node::Attribute(path), Value::Optional(inner)) if path.is_presence() => {
                Value::Bool(inner.is_some())
            }
            (_, value) => value,
        };
        if !value.holds_memory() {
            self.context.meter.release(mark);
        }
        Ok(value)
    }

    /// The usual path, from field to field of the object as far as it is there: no part of it
    /// becomes a value but the last. None says that the path must be walked part by part.
    fn straight(&self, attribute: &Attribute) -> Option<Straight<'a>> {
        let (first, rest) = attribute.path.split_first()?;
        let mut at = match &attribute.root {
            Node::Object => self.object(),
            Node::Local(place) => match (&self.locals[*place], &first.key) {
                (Value::Map(Map::Json(fields)), QualifierKey::Field(name)) if !first.optional => {
                    fields.get(&**name)?
                }
                _ => return None,
            },
            _ => return None,
        };
        let path = match attribute.root {
            Node::Object => &attribute.path,
            _ => rest,
        };
        for (left, qualifier) in (0..path.len()).rev().zip(path) {
            if qualifier.optional {
                return None;
            }
            at = match (&qualifier.key, at) {
                (QualifierKey::Field(name), Json::Object(fields)) => fields.get(&**name)?,
                (QualifierKey::Presence(name), Json::Object(fields)) if left == 0 => {
                    return Some(Straight::Presence(fields.contains_key(&**name)));
                }
                (QualifierKey::Constant(Value::Int(place)), Json::Array(items)) => {
                    items.get(usize::try_from(*place).ok()?)?
                }
                (QualifierKey::Constant(Value::String(name)), Json::Object(fields)) => {
                    fields.get(&**name)?
                }
                _ => return None,
            };
        }
        Some(Straight::Part(at))
    }

    /// The whole number at the end of a usual path; none says that it must be evaluated.
    pub(super) fn whole_number(&self, attribute: &Attribute) -> Option<i64> {
        match self.straight(attribute)? {
            Straight::Part(Json::Number(number)) if attribute.path.len() <= STRAIGHT => {
                number.as_i64()
            }
            Straight::Part(_) | Straight::Presence(_) => None,
        }
    }

    fn qualify(
        &mut self,
        value: &Value<'a>,
        key: &QualifierKey,
        optional: bool,
    ) -> Result<Step<'a>, Fault> {
        match key {
            QualifierKey::Itself => Ok(Step::Found(value.clone())),
            QualifierKey::Field(name) => match field(value, name)? {
                Some(found) => Ok(Step::Found(found)),
                None if optional => Ok(Step::Absent),
                None => Err(no_such_key(name)),
            },
            QualifierKey::Presence(name) => match field(value, name)? {
                Some(found) if optional => Ok(Step::Found(found)),
                None if optional => Ok(Step::Absent),
                found => Ok(Step::Presence(found.is_some())),
            },
            QualifierKey::Constant(key) => index(value, key, optional),
            QualifierKey::Computed(node) => {
                let key = self.eval(node)?;
                index(value, &key, optional)
            }
        }
    }
}

/// What a path that starts at a value goes on with: the inside of an optional.
fn opened(value: Value<'_>) -> Option<(Value<'_>, bool)> {
    match value {
        Value::Optional(None) => None,
        Value::Optional(Some(inner)) => Some((inner.through_native(), true)),
        value => Some((value, false)),
    }
}

/// The end of a usual path.
enum Straight<'a> {
    Part(&'a Json),
    Presence(bool),
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
        Value::Object(Object::Unconvertible) => Err(Fault::unconvertible()),
        _ => Ok(None),
    }
}

fn index<'a>(value: &Value<'a>, key: &Value, optional: bool) -> Result<Step<'a>, Fault> {
    if !key.is_key() {
        return Err(Fault::error("invalid qualifier type"));
    }
    let found = match value {
        Value::Map(map) => map.get(key),
        Value::List(list) => element(list, key)?,
        Value::Object(Object::Unconvertible) => return Err(Fault::unconvertible()),
        _ => None,
    };
    match found {
        Some(found) => Ok(Step::Found(found)),
        None if optional => Ok(Step::Absent),
        None if matches!(value, Value::List(_)) => Err(Fault::error(format!(
            "index out of bounds: {}",
            display(key)
        ))),
        None => Err(no_such_key(&display(key))),
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
