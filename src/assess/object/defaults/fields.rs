//! The fields that the API server knows, with their types: it drops all others, and a null in a list or
//! a map becomes the zero value of its type. No default is added here.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::Object;

/// One line a field: its type's name, its own, and its kind.
const FIELDS: &str = include_str!("fields.txt");

static TYPES: LazyLock<HashMap<&str, HashMap<&str, Kind>>> = LazyLock::new(|| {
    let mut types = HashMap::<_, HashMap<_, _>>::new();
    for line in FIELDS.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        if let (Some(name), Some(field), Some(kind)) = (words.next(), words.next(), words.next()) {
            types.entry(name).or_default().insert(field, Kind::of(kind));
        }
    }
    types
});

/// The kind of a field.
enum Kind {
    List(Box<Self>),
    Map(Box<Self>),
    /// A scalar, or an object of this type.
    Named(&'static str),
}

impl Kind {
    fn of(text: &'static str) -> Self {
        if let Some(items) = text.strip_prefix("[]") {
            Self::List(Box::new(Self::of(items)))
        } else if let Some(values) = text.strip_prefix("{}") {
            Self::Map(Box::new(Self::of(values)))
        } else {
            Self::Named(text)
        }
    }

    /// What null means in a list or a map.
    fn zero(&self) -> Value {
        match self {
            Self::List(_) | Self::Map(_) => Value::Null,
            Self::Named("string") => json!(""),
            Self::Named("integer" | "number" | "IntOrString") => json!(0),
            Self::Named("boolean") => json!(false),
            Self::Named("Quantity") => json!("0"),
            Self::Named(_) => json!({}),
        }
    }

    fn conform(&self, value: &mut Value) {
        match (self, value) {
            (Self::List(kind), Value::Array(items)) => {
                for item in items {
                    kind.conform_item(item);
                }
            }
            (Self::Map(kind), Value::Object(values)) => {
                for value in values.values_mut() {
                    kind.conform_item(value);
                }
            }
            (Self::Named(name), Value::Object(object)) => conform(name, object),
            // Malformed, or a scalar.
            (Self::List(_) | Self::Map(_) | Self::Named(_), _) => {}
        }
    }

    fn conform_item(&self, item: &mut Value) {
        if item.is_null() {
            *item = self.zero();
        }
        self.conform(item);
    }
}

/// Drops the fields of an object that its type does not have.
pub(super) fn conform(name: &str, object: &mut Object) {
    let Some(fields) = TYPES.get(name) else {
        return;
    };
    object.retain(|field, value| {
        let kind = fields.get(field.as_str());
        if let Some(kind) = kind {
            kind.conform(value);
        }
        kind.is_some()
    });
}
