//! The part of JSON Schema 2020-12 that the schemas of CDEvents use. An unknown keyword fails, so that
//! nothing passes because it was not understood.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// Schemas by `$id`.
pub struct Schemas(pub BTreeMap<String, Value>);

impl Schemas {
    /// What is wrong with `value`; nothing where it is valid.
    pub fn faults(&self, id: &str, value: &Value) -> Vec<String> {
        let schema = self.0.get(id).unwrap_or_else(|| panic!("no schema {id}"));
        let mut faults = Vec::new();
        self.check(id, schema, value, &mut faults);
        faults
    }

    fn check(&self, base: &str, schema: &Value, value: &Value, faults: &mut Vec<String>) {
        for (keyword, wanted) in schema.as_object().unwrap() {
            let is_met = match keyword.as_str() {
                "$schema" | "$id" | "default" | "description" | "contentEncoding" => true,
                "type" => match wanted.as_str().unwrap() {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    other => panic!("type {other}"),
                },
                "minLength" => value
                    .as_str()
                    .is_none_or(|text| text.chars().count() as u64 >= wanted.as_u64().unwrap()),
                "enum" => wanted.as_array().unwrap().contains(value),
                "format" => value
                    .as_str()
                    .is_none_or(|text| has_format(text, wanted.as_str().unwrap())),
                "required" => wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|name| value.get(name.as_str().unwrap()).is_some()),
                "additionalProperties" => {
                    let known = |name: &String| schema["properties"].get(name).is_some();
                    wanted == &Value::Bool(true)
                        || value
                            .as_object()
                            .is_none_or(|members| members.keys().all(known))
                }
                "properties" => {
                    for (name, schema) in wanted.as_object().unwrap() {
                        if let Some(value) = value.get(name) {
                            self.check(base, schema, value, faults);
                        }
                    }
                    true
                }
                "items" => {
                    for item in value.as_array().into_iter().flatten() {
                        self.check(base, wanted, item, faults);
                    }
                    true
                }
                "anyOf" => self.matching(base, wanted, value) > 0,
                "oneOf" => self.matching(base, wanted, value) == 1,
                "$ref" => {
                    let (parent, _) = base.rsplit_once('/').unwrap();
                    let id = format!("{parent}/{}", wanted.as_str().unwrap());
                    faults.extend(self.faults(&id, value));
                    true
                }
                other => panic!("unknown keyword {other}"),
            };
            if !is_met {
                faults.push(format!("{keyword} {wanted} refuses {value}"));
            }
        }
    }

    fn matching(&self, base: &str, schemas: &Value, value: &Value) -> usize {
        let schemas = schemas.as_array().unwrap().iter();
        let met = schemas.filter(|schema| {
            let mut faults = Vec::new();
            self.check(base, schema, value, &mut faults);
            faults.is_empty()
        });
        met.count()
    }
}

fn has_format(text: &str, format: &str) -> bool {
    let is_reference = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&byte));
    match format {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "uri-reference" => is_reference,
        "uri" => is_reference && text.contains(':'),
        other => panic!("format {other}"),
    }
}
