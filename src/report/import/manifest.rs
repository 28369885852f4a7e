//! A drafted exception as a manifest. Fields that only a person can fill are `null` with a TODO
//! comment, so that the API server accepts the draft only once they are filled.

use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use serde_saphyr::Commented;

use super::{Draft, preamble};
use crate::api::DeviationException;
use crate::report::document::encode;
use crate::report::draft::MissingField;
use crate::report::terminal::plain::plain;

/// An exception with open fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    fields: Map<String, Value>,
    open: Vec<MissingField>,
    /// When it ends.
    pub(super) ends: Option<Timestamp>,
}

impl Manifest {
    /// The manifest of `exception` without its `open` fields.
    pub(super) fn new(exception: &DeviationException, open: &[MissingField]) -> Self {
        // A spec has only texts as keys: it can always be written as JSON.
        let value = serde_json::to_value(exception).unwrap_or_default();
        let mut fields = match value {
            Value::Object(fields) => fields,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Map::new(),
        };
        for question in open {
            remove(&mut fields, question.field());
        }
        Self {
            fields,
            open: open.to_vec(),
            ends: exception.spec.expires_at.as_ref().map(|end| end.0),
        }
    }

    fn text(&self, field: &str) -> &str {
        self.fields["metadata"][field].as_str().unwrap_or_default()
    }

    pub fn namespace(&self) -> &str {
        self.text("namespace")
    }

    pub fn name(&self) -> &str {
        self.text("name")
    }
}

fn remove(fields: &mut Map<String, Value>, place: &str) {
    match place.split_once('.') {
        None => {
            fields.remove(place);
        }
        Some((first, rest)) => {
            if let Some(inner) = fields.get_mut(first).and_then(Value::as_object_mut) {
                remove(inner, rest);
            }
        }
    }
}

/// JSON leaves the open fields out.
impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

/// A draft as YAML, with its sources and a TODO for each open field.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn yaml(draft: &Draft, as_of: Timestamp) -> Result<String, serde_saphyr::ser::Error> {
    let preamble = preamble(draft, as_of).into_iter();
    let mut text = preamble.fold(String::new(), |text, line| {
        text + "# " + &plain(&line) + "\n"
    });
    text += &encode::yaml_fields(&draft.exception.fields, |fields| {
        serde_saphyr::to_string(&FieldsWithTodos {
            fields,
            place: String::new(),
            open: &draft.exception.open,
        })
    })?;
    Ok(text)
}

/// Fields in the order they are in, then those that are open.
struct FieldsWithTodos<'a> {
    fields: &'a Map<String, Value>,
    place: String,
    open: &'a [MissingField],
}

impl FieldsWithTodos<'_> {
    fn inside(&self, name: &str) -> String {
        if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place)
        }
    }

    fn todos(&self) -> impl Iterator<Item = Field<'_>> {
        self.open.iter().filter_map(|question| {
            let (place, name) = question.field().rsplit_once('.')?;
            (place == self.place).then_some(Field {
                name,
                content: Content::Open(*question),
            })
        })
    }

    fn has_open_inside(&self, place: &str) -> bool {
        let inside = format!("{place}.");
        self.open
            .iter()
            .any(|question| question.field().starts_with(&inside))
    }
}

impl Serialize for FieldsWithTodos<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut fields: Vec<Field<'_>> = self
            .fields
            .iter()
            .map(|(name, value)| Field {
                name,
                content: Content::Known(value),
            })
            .chain(self.todos())
            .collect();
        fields.sort_by_key(|field| rank(field.name));
        for Field { name, content } in fields {
            let place = self.inside(name);
            match content {
                Content::Known(Value::Object(fields)) if self.has_open_inside(&place) => {
                    let inner = FieldsWithTodos {
                        fields,
                        place,
                        open: self.open,
                    };
                    map.serialize_entry(name, &inner)?;
                }
                Content::Known(value) => map.serialize_entry(name, value)?,
                Content::Open(question) => {
                    let todo = Commented(Value::Null, format!("TODO {}", question.asks()));
                    map.serialize_entry(name, &todo)?;
                }
            }
        }
        map.end()
    }
}

/// A field of the manifest.
struct Field<'a> {
    name: &'a str,
    content: Content<'a>,
}

enum Content<'a> {
    Known(&'a Value),
    Open(MissingField),
}

/// The usual order of fields in a manifest.
const ORDER: [&str; 14] = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "spec",
    "path",
    "checks",
    "targets",
    "reason",
    "owner",
    "ownershipCost",
    "requestedBy",
    "expiresAt",
];

fn rank(name: &str) -> usize {
    let place = ORDER.iter().position(|known| *known == name);
    place.unwrap_or(ORDER.len())
}
