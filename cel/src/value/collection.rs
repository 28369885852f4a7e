//! Lists and maps: views of the object's JSON, or made by an expression.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Object, Text, Value};

#[derive(Clone, Debug)]
pub enum List<'a> {
    /// Borrowed from the object. Elements become values when read.
    Json(&'a [serde_json::Value]),
    /// Made by the expression.
    Owned(Arc<[Value<'a>]>),
}

impl<'a> List<'a> {
    pub fn len(&self) -> usize {
        match self {
            Self::Json(items) => items.len(),
            Self::Owned(items) => items.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Address of the elements, unique while the list lives.
    pub(crate) fn address(&self) -> usize {
        match self {
            Self::Json(items) => items.as_ptr().addr(),
            Self::Owned(items) => items.as_ptr().addr(),
        }
    }

    pub fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(items) => items.get(at).map(Value::from_json),
            Self::Owned(items) => items.get(at).cloned(),
        }
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

#[derive(Clone, Debug)]
pub enum Map<'a> {
    /// Borrowed from the object. Entries become values when read.
    Json(&'a serde_json::Map<String, serde_json::Value>),
    /// Made by the expression.
    Owned(Arc<Entries<'a>>),
}

/// The entries of a map made by an expression, in order of insertion. A small map has no index, which
/// would take more memory and time than a search.
#[derive(Debug, Default)]
pub struct Entries<'a> {
    entries: Vec<(Value<'a>, Value<'a>)>,
    index: Option<HashMap<Key, usize>>,
}

/// Most entries without an index.
const FEW: usize = 8;
/// Bytes of a map without its entries, and bytes of an entry in the index.
const MAP_BYTES: usize = 96;
const INDEXED_BYTES: usize = 160;

/// A key for lookup. Equal numbers of different types are the same key.
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
    /// A value that Go compares by its address, so that no other key equals it.
    Address(usize),
}

impl Key {
    /// The key of the entry at a position. None if no map can have it.
    fn of_entry(value: &Value, position: usize) -> Option<Self> {
        Self::of(value).or(match value {
            // Go cannot hash these.
            Value::Bytes(_) | Value::Object(Object::Semver(_) | Object::Format(_)) => None,
            _ => Some(Self::Address(position)),
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
            Value::List(List::Owned(items)) => Self::Address(Arc::as_ptr(items).addr()),
            Value::Map(Map::Owned(entries)) => Self::Address(Arc::as_ptr(entries).addr()),
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
    pub fn len(&self) -> usize {
        match self {
            Self::Json(fields) => fields.len(),
            Self::Owned(entries) => entries.entries.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a string key, the usual case.
    pub fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Json(fields) => fields.get(name).map(Value::from_json),
            Self::Owned(entries) => {
                let at = entries.position(&Value::String(Text::Borrowed(name)))?;
                Some(entries.entries[at].1.clone())
            }
        }
    }

    /// The value of any key. Keys that no map can have are absent.
    pub fn get(&self, key: &Value) -> Option<Value<'a>> {
        match (self, key) {
            (_, Value::String(name)) => self.field(name),
            (Self::Json(_), _) => None,
            (Self::Owned(entries), _) => {
                let at = entries.position(key)?;
                Some(entries.entries[at].1.clone())
            }
        }
    }

    /// Keys and values, in the order of the JSON object or of insertion.
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

impl Entries<'_> {
    fn position(&self, key: &Value) -> Option<usize> {
        if let Some(index) = &self.index {
            return index.get(&Key::of(key)?).copied();
        }
        let is_entry = |(at, (known, _)): (usize, &(Value, Value))| match (known, key) {
            (Value::String(known), Value::String(key)) => **known == **key,
            (Value::String(_), _) | (_, Value::String(_)) => false,
            _ => Key::of(key).is_some_and(|key| Key::of_entry(known, at) == Some(key)),
        };
        self.entries.iter().enumerate().position(is_entry)
    }

    fn build_index(&mut self) {
        self.index = Some(
            self.entries
                .iter()
                .enumerate()
                .filter_map(|(at, (key, _))| Some((Key::of_entry(key, at)?, at)))
                .collect(),
        );
    }
}

#[derive(Default)]
pub(crate) struct MapBuilder<'a>(Entries<'a>);

impl<'a> MapBuilder<'a> {
    pub fn with_capacity(entries: usize) -> Self {
        Self(Entries {
            entries: Vec::with_capacity(entries),
            index: None,
        })
    }

    pub fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// Adds or replaces an entry. Returns false if no map can have the key.
    pub fn set(&mut self, key: Value<'a>, value: Value<'a>) -> bool {
        let next = self.0.entries.len();
        let Some(indexed) = Key::of_entry(&key, next) else {
            return false;
        };
        if let Some(at) = self.0.position(&key) {
            self.0.entries[at] = (key, value);
            return true;
        }
        self.0.entries.push((key, value));
        match &mut self.0.index {
            Some(index) => {
                index.insert(indexed, next);
            }
            None if next == FEW => self.0.build_index(),
            None => {}
        }
        true
    }

    pub fn remove(&mut self, key: &Value) {
        let Some(at) = self.0.position(key) else {
            return;
        };
        self.0.entries.remove(at);
        if self.0.index.is_some() {
            self.0.build_index();
        }
    }

    pub fn contains(&self, key: &Value) -> bool {
        self.0.position(key).is_some()
    }

    /// Bytes of one more entry.
    pub fn bytes_of_next(&self, key: &Value) -> usize {
        bytes_of_entry(self.len(), key)
    }

    pub fn finish(self) -> Value<'a> {
        Value::Map(Map::Owned(Arc::new(self.0)))
    }
}

fn bytes_of_entry(position: usize, key: &Value) -> usize {
    let index = match key {
        _ if position < FEW => 0,
        Value::String(Text::Borrowed(text)) => INDEXED_BYTES + text.len(),
        _ => INDEXED_BYTES,
    };
    2 * size_of::<Value>() + index
}

impl Map<'_> {
    /// Bytes of a new map, without those of its keys and values.
    pub(super) fn fresh_bytes(&self) -> usize {
        match self {
            Self::Json(_) => 0,
            Self::Owned(entries) if Arc::strong_count(entries) > 1 => 0,
            Self::Owned(entries) => {
                let each = if entries.index.is_some() {
                    INDEXED_BYTES
                } else {
                    0
                };
                MAP_BYTES + entries.entries.capacity() * (2 * size_of::<Value>() + each)
            }
        }
    }
}

impl List<'_> {
    /// Bytes of a new list, without those of its elements.
    pub(super) fn fresh_bytes(&self) -> usize {
        match self {
            Self::Json(_) => 0,
            Self::Owned(items) if Arc::strong_count(items) > 1 => 0,
            Self::Owned(items) => 16 + size_of_val(&**items),
        }
    }
}
