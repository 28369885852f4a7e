//! Values, and the meter of what they cost. Parts of the object are borrowed and stay JSON until an
//! expression reads them. Values made by an expression are reference-counted. Knows no functions.

mod collection;
mod compare;
mod display;
mod equal;
mod instant;
mod meter;
mod object;
mod text;

use std::sync::Arc;

pub(crate) use collection::MapBuilder;
pub use collection::{List, Map};
pub(crate) use compare::{Order, compare, ordered};
pub(crate) use display::{display, general, quoted};
pub(crate) use equal::{equal, same};
pub(crate) use instant::Clock;
pub use instant::Instant;
pub(crate) use meter::{EvalResult, Fault, Meter};
pub(crate) use object::{Cidr, NamedFormat, Object, Quantity, Semver, Url, ip};
pub use object::{Precision, canonical_quantity};
pub use text::Text;

/// A CEL value, which may borrow from JSON with the lifetime `'a`.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// A signed integer, like every JSON integer.
    Int(i64),
    /// An unsigned integer, written `1u`.
    Uint(u64),
    /// A double, like every JSON number with a fraction or exponent.
    Double(f64),
    String(Text<'a>),
    /// Bytes, written `b'…'`.
    Bytes(Arc<[u8]>),
    Timestamp(Instant),
    /// Nanoseconds.
    Duration(i64),
    List(List<'a>),
    Map(Map<'a>),
    /// The name of a type.
    Type(Text<'a>),
    Optional(Option<Arc<Value<'a>>>),
    /// A value of one of the Kubernetes libraries.
    Object(Object),
}

/// Bytes of an optional without its value.
pub(crate) const OPTIONAL_BYTES: usize = 16 + size_of::<Value>();
/// Bytes of a library value without its strings.
const OBJECT_BYTES: usize = 128;

impl<'a> Value<'a> {
    /// As the API server converts an unstructured object.
    pub fn from_json(json: &'a serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(int) => Self::Int(int),
                None => match number.as_f64().unwrap_or(f64::NAN) {
                    // The server writes a negative zero as `-0` and reads that as an integer.
                    zero if zero == 0.0 && zero.is_sign_negative() => Self::Int(0),
                    double => Self::Double(double),
                },
            },
            serde_json::Value::String(text) => Self::String(Text::Borrowed(text)),
            serde_json::Value::Array(items) => Self::List(List::Json(items)),
            serde_json::Value::Object(fields) => Self::Map(Map::Json(fields)),
        }
    }

    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(Text::Owned(text.into()))
    }

    pub(crate) fn list(items: Vec<Value<'a>>) -> Self {
        Self::List(List::Owned(items.into()))
    }

    /// The value in an optional where a path starts. cel-go converts it to Go and back there, which
    /// fails for some values.
    pub(crate) fn through_native(&self) -> Self {
        match self {
            Self::Optional(None) => Self::Null,
            Self::Optional(Some(inner)) => inner.through_native(),
            Self::Type(name) => Self::String(name.clone()),
            Self::Object(Object::Format(_)) => self.clone(),
            Self::Object(_) => Self::Object(Object::Unconvertible),
            _ => self.clone(),
        }
    }

    /// This value outside the optional that held it.
    pub(crate) fn taken_out(&self) -> EvalResult<'a> {
        match self {
            Self::Object(Object::Unconvertible) => Err(Fault::unconvertible()),
            value => Ok(value.clone()),
        }
    }

    /// Whether the value may own memory.
    pub(crate) fn holds_memory(&self) -> bool {
        match self {
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Double(_)
            | Self::Timestamp(_)
            | Self::Duration(_)
            | Self::String(Text::Borrowed(_))
            | Self::List(List::Json(_))
            | Self::Map(Map::Json(_))
            | Self::Type(_)
            | Self::Optional(None) => false,
            Self::String(Text::Owned(_))
            | Self::Bytes(_)
            | Self::List(List::Owned(_))
            | Self::Map(Map::Owned(_))
            | Self::Optional(Some(_))
            | Self::Object(_) => true,
        }
    }

    /// Bytes of a new value, without those of its parts. Zero for a value that is shared.
    pub(crate) fn fresh_bytes(&self) -> usize {
        let unless_shared = |others: usize, bytes: usize| if others > 1 { 0 } else { 16 + bytes };
        match self {
            Self::String(Text::Owned(text)) => unless_shared(Arc::strong_count(text), text.len()),
            Self::Bytes(bytes) => unless_shared(Arc::strong_count(bytes), bytes.len()),
            Self::List(list) => list.fresh_bytes(),
            Self::Map(map) => map.fresh_bytes(),
            Self::Optional(Some(inner)) => OPTIONAL_BYTES + inner.fresh_bytes(),
            Self::Object(_) => OBJECT_BYTES,
            Self::Null
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Uint(_)
            | Self::Double(_)
            | Self::Timestamp(_)
            | Self::Duration(_)
            | Self::String(Text::Borrowed(_))
            | Self::Type(_)
            | Self::Optional(None) => 0,
        }
    }

    pub(crate) fn some(value: Value<'a>) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    /// The name that `type(value)` has.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Type(_) => "type",
            Self::Optional(_) => "optional_type",
            Self::Object(object) => object.type_name(),
        }
    }

    /// Whether this can be an index.
    pub(crate) fn is_key(&self) -> bool {
        matches!(
            self,
            Self::String(_) | Self::Int(_) | Self::Uint(_) | Self::Bool(_) | Self::Double(_)
        )
    }

    /// Whether this is the zero value of its type, for `optional.ofNonZeroValue`.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Bool(value) => !value,
            Self::Int(value) | Self::Duration(value) => *value == 0,
            Self::Uint(value) => *value == 0,
            Self::Double(value) => *value == 0.0,
            Self::String(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
            Self::Timestamp(instant) => instant.is_zero(),
            Self::Type(_) | Self::Optional(_) | Self::Object(_) => false,
        }
    }
}
