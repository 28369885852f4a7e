//! A drafted exception as a manifest with holes: what only a person can say is `null` under a
//! comment that asks for it, so that the API server takes the draft once it is said, and not before.

use jiff::Timestamp;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use serde_saphyr::Commented;

use super::{Draft, preamble};
use crate::api::DeviationException;
use crate::report::document::encode;
use crate::report::draft::Question;
use crate::report::terminal::plain::plain;

/// An exception some of whose fields are open.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    fields: Map<String, Value>,
    open: Vec<Question>,
    /// When it ends.
    pub(super) ends: Option<Timestamp>,
}

impl Manifest {
    /// The manifest of `exception` without the fields that answer `open`.
    pub(super) fn new(exception: &DeviationException, open: &[Question]) -> Self {
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

    /// Its namespace.
    pub fn namespace(&self) -> &str {
        self.text("namespace")
    }

    /// Its name.
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

/// As JSON it is the exception with what is open left out.
impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fields.serialize(serializer)
    }
}

/// A draft as YAML: where it comes from, and a question where an answer is missing.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn yaml(draft: &Draft, as_of: Timestamp) -> Result<String, serde_saphyr::ser::Error> {
    let preamble = preamble(draft, as_of).into_iter();
    let mut text = preamble.fold(String::new(), |text, line| {
        text + "# " + &plain(&line) + "\n"
    });
    text += &encode::yaml_fields(&draft.exception.fields, |fields| {
        serde_saphyr::to_string(&Holes {
            fields,
            place: String::new(),
            open: &draft.exception.open,
        })
    })?;
    Ok(text)
}

/// Fields in the order they are in, then those that are open.
struct Holes<'a> {
    fields: &'a Map<String, Value>,
    place: String,
    open: &'a [Question],
}

impl Holes<'_> {
    fn inside(&self, name: &str) -> String {
        if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place)
        }
    }

    fn holes(&self) -> impl Iterator<Item = Entry<'_>> {
        self.open.iter().filter_map(|question| {
            let (place, name) = question.field().rsplit_once('.')?;
            (place == self.place).then_some((name, None, Some(*question)))
        })
    }

    fn has_open_inside(&self, place: &str) -> bool {
        let inside = format!("{place}.");
        self.open
            .iter()
            .any(|question| question.field().starts_with(&inside))
    }
}

impl Serialize for Holes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut entries: Vec<Entry<'_>> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), Some(value), None))
            .chain(self.holes())
            .collect();
        entries.sort_by_key(|(name, ..)| rank(name));
        for (name, value, question) in entries {
            let place = self.inside(name);
            match value {
                Some(Value::Object(fields)) if self.has_open_inside(&place) => {
                    let inner = Holes {
                        fields,
                        place,
                        open: self.open,
                    };
                    map.serialize_entry(name, &inner)?;
                }
                Some(value) => map.serialize_entry(name, value)?,
                None => {
                    let asks = question.map_or("", Question::asks);
                    let hole = Commented(Value::Null, format!("TODO {asks}"));
                    map.serialize_entry(name, &hole)?;
                }
            }
        }
        map.end()
    }
}

/// A field with its value, or with the question that is open.
type Entry<'a> = (&'a str, Option<&'a Value>, Option<Question>);

/// The order people write an exception in.
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
