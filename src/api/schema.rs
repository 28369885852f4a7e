//! Schema details that the derives cannot express: bounds on Kubernetes types, so that CEL rules have
//! a known cost, and removal of keywords that the API server does not know.
//! Nothing here reads or judges an object.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::Instant;
use super::text::Shape;

/// Largest integer that a float holds exactly, with all below it: 2^53 - 1.
const MOST_EXACT: f64 = 9_007_199_254_740_991.0;

/// Fields that accept several lines: prose, snippets and expressions. Other text fields accept one.
const SEVERAL_LINES: [&str; 11] = [
    "description",
    "expression",
    "jobToBeDone",
    "message",
    "messageExpression",
    "note",
    "promql",
    "reason",
    "remediation",
    "stillNeededBecause",
    "wouldReturnIf",
];

/// The name of a golden path.
pub(super) fn path_name(_: &mut SchemaGenerator) -> Schema {
    name(Shape::DnsLabel)
}

/// Names golden paths had before.
pub(super) fn path_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 16, "items": name(Shape::DnsLabel)})
}

/// Roadmap items that an exception waits for.
pub(super) fn roadmap_items(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 16, "items": name(Shape::DnsLabel)})
}

/// The name of a cluster-scoped object of ours other than a path, or of a part of one.
pub(super) fn dns_label(_: &mut SchemaGenerator) -> Schema {
    name(Shape::DnsLabel)
}

/// The checks an exception names.
pub(super) fn check_names(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "minItems": 1,
        "maxItems": 32,
        "items": name(Shape::CheckName),
    })
}

fn name(shape: Shape) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": shape.pattern(),
    })
}

/// A `LabelSelector` with the bounds Kubernetes puts on labels themselves.
pub(super) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "description": "Labels that must all be present with these values.",
                "type": "object",
                "maxProperties": 16,
                "additionalProperties": {"type": "string", "maxLength": 63},
            },
            "matchExpressions": {
                "description": "Requirements that must all hold.",
                "type": "array",
                "maxItems": 16,
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": {
                            "description": "Key of the label.",
                            "type": "string",
                            "minLength": 1,
                            "maxLength": 317,
                        },
                        "operator": {
                            "description": "Operator: In, NotIn, Exists or DoesNotExist.",
                            "type": "string",
                            "enum": ["In", "NotIn", "Exists", "DoesNotExist"],
                        },
                        "values": {
                            "description": "Values for In and NotIn; none for Exists and DoesNotExist.",
                            "type": "array",
                            "maxItems": 64,
                            "items": {"type": "string", "maxLength": 63},
                        },
                    },
                },
            },
        },
    })
}

/// Conditions as Kubernetes bounds them, one of each type.
pub(super) fn conditions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 16,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": condition(),
    })
}

fn condition() -> Schema {
    json_schema!({
        "type": "object",
        "required": ["type", "status", "reason", "message", "lastTransitionTime"],
        "properties": {
            "type": {
                "description": "Type of the condition.",
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
            },
            "status": {
                "description": "True, False or Unknown.",
                "type": "string",
                "enum": ["True", "False", "Unknown"],
            },
            "reason": {
                "description": "Reason of the status, in one CamelCase word.",
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
            },
            "message": {
                "description": "Details of the status, for people.",
                "type": "string",
                "maxLength": 1024,
            },
            "observedGeneration": {
                "description": "Generation of the spec that the condition describes.",
                "type": "integer",
                "format": "int64",
                "minimum": 0,
            },
            "lastTransitionTime": last_transition(),
        },
    })
}

fn last_transition() -> Schema {
    let mut schema = Instant::schema();
    let description = "Time of the last change of `status`.";
    schema.insert("description".to_owned(), description.into());
    schema
}

/// Removes what the derives add and Kubernetes does not use, in every version.
pub(super) fn tidied(mut crd: CustomResourceDefinition) -> CustomResourceDefinition {
    for version in &mut crd.spec.versions {
        if let Some(schema) = version
            .schema
            .as_mut()
            .and_then(|validation| validation.open_api_v3_schema.as_mut())
        {
            tidy(schema);
            // The operator writes the status: a pattern there could only reject what it reports.
            if let Some(spec) = schema.properties.as_mut().and_then(|p| p.get_mut("spec")) {
                shape_texts(spec, "spec");
            }
        }
    }
    crd
}

/// Gives every text without its own bounds the pattern of its field, so that new fields reject
/// control characters too.
fn shape_texts(schema: &mut JSONSchemaProps, field: &str) {
    let is_shaped = schema.pattern.is_some() || schema.enum_.is_some() || schema.format.is_some();
    if schema.type_.as_deref() == Some("string") && !is_shaped {
        let shape = if SEVERAL_LINES.contains(&field) {
            Shape::Lines
        } else {
            Shape::Line
        };
        schema.pattern = Some(shape.pattern().to_owned());
    }
    for (name, property) in schema.properties.iter_mut().flatten() {
        shape_texts(property, name);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        shape_texts(items, field);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        shape_texts(values, field);
    }
}

/// Bounds an integer by the range of its type. Above 2^53 the API server stores integers as floats
/// with an exponent, which integer types do not decode.
fn bound(schema: &mut JSONSchemaProps) {
    let (least, most) = match schema.format.as_deref() {
        Some("uint8") => (0.0, f64::from(u8::MAX)),
        Some("uint16") => (0.0, f64::from(u16::MAX)),
        Some("uint32") => (0.0, f64::from(u32::MAX)),
        Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
        Some("int64") => (-MOST_EXACT, MOST_EXACT),
        _ => return,
    };
    schema.minimum = Some(schema.minimum.map_or(least, |known| known.max(least)));
    schema.maximum = Some(schema.maximum.map_or(most, |known| known.min(most)));
}

fn tidy(schema: &mut JSONSchemaProps) {
    // Reject null, so that `has()` in a rule and `Option` in our types mean the same.
    schema.nullable = None;
    bound(schema);
    // Rust's integer widths are not OpenAPI formats; bounds express them.
    if schema
        .format
        .as_ref()
        .is_some_and(|f| f.starts_with("uint"))
    {
        schema.format = None;
    }
    for property in schema.properties.iter_mut().flat_map(|p| p.values_mut()) {
        tidy(property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        tidy(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
}
