//! Lists and maps: views of JSON, or values an expression has made.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Text, Value};
use crate::library::Object;

/// A list value.
#[derive(Clone, Debug)]
pub enum List<'a> {
    /// From the object; elements become values when read.
    Json(&'a [serde_json::Value]),
    /// Made by the expression.
    Owned(Arc<[Value<'a>]>),
}

impl<'a> List<'a> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Owned(items) => items.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at a position from 0.
    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(at).map(Value::from_json),
            Self::Owned(items) => items.get(at).cloned(),
        }
    }

    /// The elements in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

/// A map value.
#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// From the object; values are read where they are looked up.
    Json(&'a serde_json::Map<String, serde_json::Value>),
    /// Made by the expression.
    Owned(Arc<Entries<'a>>),
}

/// The entries of a map an expression has made, in order of insertion.
#[derive(Debug, Default)]
pub struct Entries<'a> {
    entries: Vec<(Value<'a>, Value<'a>)>,
    index: HashMap<Key, usize>,
}

/// A key by what it equals: numbers of all kinds that are equal are one key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Null,
    Bool(bool),
    Number(i128),
    Fraction(u64),
    Text(Arc<str>),
    Type(Arc<str>),
    Duration(i64),
    /// An instant in UTC.
    Instant(i64, u32),
    Ip(std::net::IpAddr),
    Cidr(std::net::IpAddr, u8),
    None,
    /// A value that Go knows by its place in memory, so that no key equals it.
    Place(usize),
}

impl Key {
    /// The key of an entry that is about to be in this place of a map.
    fn of_entry(value: &Value, place: usize) -> Option<Self> {
        Self::of(value).or(match value {
            // Go has no hash of these.
            Value::Bytes(_) | Value::Object(Object::Semver(_) | Object::Format(_)) => None,
            _ => Some(Self::Place(place)),
        })
    }

    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Number(i128::from(*value)),
            Value::Uint(value) => Self::Number(i128::from(*value)),
            Value::Double(value) => Self::of_double(*value),
            Value::String(Text::Owned(text)) => Self::Text(text.clone()),
            Value::String(Text::Borrowed(text)) => Self::Text((*text).into()),
            Value::Type(name) => Self::Type((**name).into()),
            Value::Duration(nanos) => Self::Duration(*nanos),
            Value::Timestamp(at) if at.offset() == jiff::tz::Offset::UTC => {
                Self::Instant(at.as_second(), at.subsec_nanosecond())
            }
            Value::Object(Object::Ip(address)) => Self::Ip(*address),
            Value::Object(Object::Cidr(network)) => {
                let (address, bits) = network.parts();
                Self::Cidr(address, bits)
            }
            Value::Optional(None) => Self::None,
            Value::List(List::Owned(items)) => Self::Place(Arc::as_ptr(items).addr()),
            Value::Map(Map::Owned(entries)) => Self::Place(Arc::as_ptr(entries).addr()),
            _ => return None,
        })
    }

    #[allow(clippy::cast_possible_truncation)] // only whole numbers far inside i128 are cast
    fn of_double(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() < 1e19 {
            Self::Number(value as i128)
        } else {
            Self::Fraction(value.to_bits())
        }
    }
}

impl<'a> Map<'a> {
    /// Number of entries.
    pub fn len(&self) -> usize {
        match self {
            Self::Json(fields) => fields.len(),
            Self::Owned(entries) => entries.entries.len(),
        }
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under a text key, the usual case.
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Json(fields) => fields.get(name).map(Value::from_json),
            Self::Owned(entries) => entries.get(&Key::Text(name.into())),
        }
    }

    /// The value under any key; keys of a kind no map has are just absent.
    pub fn get(&self, key: &Value) -> Option<Value<'a>> {
        match (self, key) {
            (_, Value::String(name)) => self.field(name),
            (Self::Json(_), _) => None,
            (Self::Owned(entries), _) => entries.get(&Key::of(key)?),
        }
    }

    /// Keys and values; a JSON object's in its own order.
    pub fn iter(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + '_ {
        let (json, owned) = match self {
            Self::Json(fields) => (Some(*fields), None),
            Self::Owned(entries) => (None, Some(&entries.entries)),
        };
        let json = json.into_iter().flat_map(|fields| {
            fields.iter().map(|(key, value)| {
                let key = Value::String(Text::Borrowed(key.as_str()));
                (key, Value::from_json(value))
            })
        });
        json.chain(owned.into_iter().flatten().cloned())
    }
}

impl<'a> Entries<'a> {
    fn get(&self, key: &Key) -> Option<Value<'a>> {
        self.index.get(key).map(|at| self.entries[*at].1.clone())
    }
}

/// A map in the making.
#[derive(Default)]
pub(crate) struct MapBuilder<'a>(Entries<'a>);

impl<'a> MapBuilder<'a> {
    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Adds or replaces an entry; false when the key is of a kind no map can have.
    pub fn set(&mut self, key: Value<'a>, value: Value<'a>) -> bool {
        let next = self.0.entries.len();
        let Some(hash) = Key::of_entry(&key, next) else {
            return false;
        };
        let at = *self.0.index.entry(hash).or_insert(next);
        if at == next {
            self.0.entries.push((key, value));
        } else {
            self.0.entries[at] = (key, value);
        }
        true
    }

    pub fn remove(&mut self, key: &Value) {
        let Some(at) = Key::of(key).and_then(|key| self.0.index.remove(&key)) else {
            return;
        };
        self.0.entries.remove(at);
        for later in self.0.index.values_mut().filter(|place| **place > at) {
            *later -= 1;
        }
    }

    pub fn contains(&self, key: &Value) -> bool {
        Key::of(key).is_some_and(|key| self.0.index.contains_key(&key))
    }

    pub fn finish(self) -> Value<'a> {
        Value::Map(Map::Owned(Arc::new(self.0)))
    }
}
