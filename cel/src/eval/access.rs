//! Fields and indexes: `a.b`, `a.?b`, `a[i]`, `a[?i]`, `has(a.b)`.
//!
//! After an optional step the whole path is optional: a missing part gives `none`, and the result is
//! optional. A conditional between paths is itself a path, and a path may continue after it.

use serde_json::Value as Json;

use super::plan::{Attribute, Node, QualifierKey};
use super::run::Interpreter;
use crate::value::{EvalResult, Fault, List, Map, OPTIONAL_BYTES, Object, Text, Value, display};

/// Longest path that `lookup` takes without values for its parts.
const LONGEST_LOOKUP: usize = 16;

/// Fields per charged step, beside the step of the path itself.
const FIELDS_PER_STEP: u64 = 8;

impl<'a> Interpreter<'_, 'a> {
    /// The value at the end of a path; none if an optional part is missing.
    fn resolve(&mut self, node: &Node) -> Result<Option<Resolved<'a>>, Fault> {
        match node {
            Node::Attribute(attribute) => self.walk(attribute),
            Node::Conditional(parts) => {
                let chosen = self.chosen(parts)?;
                self.resolve(chosen)
            }
            // A path does not open an optional that a variable holds.
            Node::Variable(_) => Ok(Some(Resolved::required(self.eval(node)?))),
            Node::Local(slot) => Ok(opened(self.locals[*slot].clone())),
            Node::Object => Ok(Some(Resolved::required(Value::from_json(self.object())))),
            _ => Ok(opened(self.eval(node)?)),
        }
    }

    fn walk(&mut self, attribute: &Attribute) -> Result<Option<Resolved<'a>>, Fault> {
        let Some(Resolved {
            mut value,
            mut optional,
        }) = self.resolve(&attribute.root)?
        else {
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
        Ok(Some(Resolved { value, optional }))
    }

    /// The value of a path, a conditional between paths, or a macro variable.
    pub(super) fn attribute(&mut self, node: &Node) -> EvalResult<'a> {
        if let Node::Attribute(attribute) = node
            && attribute.path.len() <= LONGEST_LOOKUP
            && let Some(end) = self.lookup(attribute)
        {
            return Ok(match end {
                Found::Json(json) => Value::from_json(json),
                Found::Presence(present) => Value::Bool(present),
            });
        }
        let mark = self.context.meter.held();
        let value = match self.resolve(node)? {
            Some(Resolved {
                value: Value::Object(Object::Unconvertible),
                optional: false,
            }) => return Err(Fault::unconvertible()),
            Some(found) if found.optional => {
                self.context.meter.hold(OPTIONAL_BYTES)?;
                Value::some(found.value)
            }
            Some(found) => found.value,
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

    /// Follows a path of plain fields and constant indexes in the object's JSON. Only its end becomes
    /// a value. None if `walk` must take the path step by step.
    fn lookup(&self, attribute: &Attribute) -> Option<Found<'a>> {
        let (first, rest) = attribute.path.split_first()?;
        let mut at = match &attribute.root {
            Node::Object => self.object(),
            Node::Local(slot) => match (&self.locals[*slot], &first.key) {
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
                    return Some(Found::Presence(fields.contains_key(&**name)));
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
        Some(Found::Json(at))
    }

    /// The integer at the end of a path; none if `walk` must find it.
    pub(super) fn whole_number(&self, attribute: &Attribute) -> Option<i64> {
        match self.lookup(attribute)? {
            Found::Json(Json::Number(number)) if attribute.path.len() <= LONGEST_LOOKUP => {
                number.as_i64()
            }
            Found::Json(_) | Found::Presence(_) => None,
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

/// The value where a path starts. A path opens an optional.
fn opened(value: Value<'_>) -> Option<Resolved<'_>> {
    match value {
        Value::Optional(None) => None,
        Value::Optional(Some(inner)) => Some(Resolved {
            value: inner.through_native(),
            optional: true,
        }),
        value => Some(Resolved::required(value)),
    }
}

/// The value at the end of a path.
struct Resolved<'a> {
    value: Value<'a>,
    /// Whether a step of the path was optional.
    optional: bool,
}

impl<'a> Resolved<'a> {
    fn required(value: Value<'a>) -> Self {
        let optional = false;
        Self { value, optional }
    }
}

enum Found<'a> {
    Json(&'a Json),
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

/// The element at an index: a whole number of any type.
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
