//! Dates that the definitions refuse: what the API server would answer to a manifest, known before it
//! is applied. Stored objects are read by other rules; nothing is decoded here.

use std::fmt;
use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray,
};
use serde_json::Value;

use super::{GROUP, Instant, crds};

static CRDS: LazyLock<Vec<CustomResourceDefinition>> = LazyLock::new(crds);

/// A date that the definition of its object refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedDate {
    field: String,
    text: String,
}

impl fmt::Display for RefusedDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, text } = self;
        write!(
            f,
            "{field}: '{text}' is not accepted: write a date in the years 1 to 9998, such as \
             2026-03-01T09:00:00Z"
        )
    }
}

/// The dates of an object's spec that the API server refuses; none for objects of other groups.
pub fn refused_dates(object: &Value) -> Vec<RefusedDate> {
    let mut refused = Vec::new();
    if let (Some(schema), Some(spec)) = (schema_of(object), object.get("spec")) {
        collect(schema, spec, "spec", &mut refused);
    }
    refused
}

fn schema_of(object: &Value) -> Option<&'static JSONSchemaProps> {
    let group = object["apiVersion"].as_str()?.split('/').next()?;
    let kind = object["kind"].as_str()?;
    let crd = CRDS
        .iter()
        .find(|crd| group == GROUP && crd.spec.names.kind == kind)?;
    let version = crd.spec.versions.first()?;
    let schema = version.schema.as_ref()?.open_api_v3_schema.as_ref()?;
    schema.properties.as_ref()?.get("spec")
}

fn collect(schema: &JSONSchemaProps, value: &Value, field: &str, refused: &mut Vec<RefusedDate>) {
    match value {
        Value::String(text) => {
            let is_date = schema.format.as_deref() == Some("date-time");
            if is_date && !Instant::is_accepted(text) {
                refused.push(RefusedDate {
                    field: field.to_owned(),
                    text: text.chars().take(40).collect(),
                });
            }
        }
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(schema)) = &schema.items {
                for (index, item) in items.iter().enumerate() {
                    collect(schema, item, &format!("{field}[{index}]"), refused);
                }
            }
        }
        Value::Object(fields) => {
            for (name, schema) in schema.properties.iter().flatten() {
                if let Some(value) = fields.get(name) {
                    collect(schema, value, &format!("{field}.{name}"), refused);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_date_of_a_spec_is_found() {
        let object = json!({"apiVersion": "goldenpath.dev/v1alpha1", "kind": "DeviationException",
            "spec": {"expiresAt": "9999-12-31T23:59:59Z", "approval": {"at": "2026-03-01"},
                "reviews": [{"at": "2026-03-01T09:00:00Z", "expiresAt": "2026-03-01 09:00:00Z"}]}});
        let fields: Vec<_> = refused_dates(&object)
            .into_iter()
            .map(|date| date.field)
            .collect();
        assert_eq!(
            fields,
            [
                "spec.approval.at",
                "spec.expiresAt",
                "spec.reviews[0].expiresAt"
            ]
        );
        let other =
            json!({"apiVersion": "v1", "kind": "DeviationException", "spec": {"expiresAt": "x"}});
        assert_eq!(refused_dates(&other), []);
    }
}
