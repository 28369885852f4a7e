//! Bounds of an exception, read from the CRD's schema, so that drafts are valid and no bound is
//! written twice. The CEL rules of the CRD hold by construction of a draft.

use serde_json::Value;

use crate::api::text::Shape;
use crate::api::{self, DeviationExceptionSpec};
use crate::report::terminal::share::as_float;

/// The flag that sets a field, by the field's place in the spec; the most exact place first.
const FLAGS: [(&str, &str); 13] = [
    ("/path", "--path"),
    ("/checks", "--check"),
    ("/targets", "KIND/NAME"),
    ("/reason", "--reason"),
    ("/owner/contact", "--contact"),
    ("/owner", "--owner"),
    ("/ticket", "--ticket"),
    ("/requestedBy", "--requested-by"),
    ("/ownershipCost/oneOffHours", "--once"),
    ("/ownershipCost", "--cost"),
    ("/wouldReturnIf", "--would-return-if"),
    ("/waitsFor", "--waits-for"),
    ("/expiresAt", "--expires"),
];
/// The longest name of an object.
const LONGEST_NAME: usize = 253;

/// Values the API server would reject, each with its flag.
pub(super) fn slips(spec: &DeviationExceptionSpec) -> Vec<String> {
    let schema = schema();
    // A spec has only texts as keys: it can always be written as JSON.
    let value = serde_json::to_value(spec).unwrap_or_default();
    let mut slips = Vec::new();
    look(&schema, &value, "", &mut slips);
    slips
}

/// The problem of one text of the spec, if any; `place` is a pointer such as `/owner/team`.
pub(super) fn slip_at(place: &str, text: &str) -> Option<String> {
    let inner = place.replace('/', "/properties/");
    slip(schema().pointer(&inner)?, &Value::from(text))
}

/// The problem of an object's name, if any.
pub(super) fn name_slip(name: &str) -> Option<String> {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_part = |part: &str| {
        part.starts_with(is_inner)
            && part.ends_with(is_inner)
            && part.chars().all(|c| is_inner(c) || c == '-')
    };
    let is_name = name.len() <= LONGEST_NAME && name.split('.').all(is_part);
    (!is_name).then(|| {
        format!(
            "--name: '{name}' is not a valid name: write lower-case letters, digits, '-' and '.'"
        )
    })
}

fn schema() -> Value {
    let crds = api::crds();
    let own = crds
        .iter()
        .find(|crd| crd.spec.names.kind == "DeviationException");
    let schema = own
        .and_then(|crd| crd.spec.versions.first())
        .and_then(|version| version.schema.as_ref())
        .and_then(|validation| serde_json::to_value(validation).ok());
    let spec = schema
        .as_ref()
        .and_then(|schema| schema.pointer("/openAPIV3Schema/properties/spec"));
    spec.cloned().unwrap_or_default()
}

fn look(schema: &Value, value: &Value, place: &str, slips: &mut Vec<String>) {
    if let Some(slip) = slip(schema, value) {
        slips.push(format!("{}: {slip}", flag(place)));
    }
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                look(
                    &schema["properties"][name],
                    field,
                    &format!("{place}/{name}"),
                    slips,
                );
            }
        }
        Value::Array(items) => {
            for item in items {
                look(&schema["items"], item, place, slips);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn flag(place: &str) -> &str {
    let is_inside = |field: &str| {
        let rest = place.strip_prefix(field);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let known = FLAGS.iter().find(|(field, _)| is_inside(field));
    known.map_or(place, |(_, flag)| flag)
}

/// The problem of one value; its fields are checked on their own.
fn slip(schema: &Value, value: &Value) -> Option<String> {
    let (size, unit, low, high) = match value {
        // The API server counts characters as Unicode does, not bytes.
        Value::String(text) => (
            as_float(text.chars().count()),
            "characters",
            "minLength",
            "maxLength",
        ),
        Value::Array(items) => (as_float(items.len()), "entries", "minItems", "maxItems"),
        Value::Number(number) => (number.as_f64()?, "", "minimum", "maximum"),
        Value::Null | Value::Bool(_) | Value::Object(_) => return None,
    };
    let (low, high) = (schema[low].as_f64(), schema[high].as_f64());
    let is_within = low.is_none_or(|low| size >= low) && high.is_none_or(|high| size <= high);
    if is_within {
        return misshapen(schema, value.as_str()?);
    }
    let wanted = match (low, high) {
        (Some(low), Some(high)) => format!("{low} to {high} {unit}"),
        (Some(low), None) => format!("{low} {unit} at least"),
        (None, high) => format!("{} {unit} at most", high.unwrap_or_default()),
    };
    Some(format!("{} wanted, {size} given", wanted.trim_end()))
}

/// The problem of a text's characters, if any.
fn misshapen(schema: &Value, text: &str) -> Option<String> {
    let shape = Shape::of_pattern(schema["pattern"].as_str()?)?;
    (!shape.accepts(text)).then(|| shape.advice().to_owned())
}
