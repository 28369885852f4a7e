//! The CRDs in `crds/` and in the chart are generated from the types, and their schemas have the
//! bounds that the API server's cost estimates need. `UPDATE_CRDS=1 cargo test --test crds` (or
//! `make crds`) writes them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use goldenpath::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use regex::Regex;

/// `crds/` is what users apply; the chart can only read files inside itself, so it has a copy.
const COPIES: [&str; 2] = ["crds", "charts/goldenpath/files/crds"];

#[test]
fn the_crds_on_disk_are_the_generated_ones() {
    for crd in api::crds() {
        let wanted = api::crd_manifest(&crd);
        for file in COPIES.map(|directory| file_of(&crd, directory)) {
            if std::env::var_os("UPDATE_CRDS").is_some() {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &wanted).unwrap();
            }
            let found = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                found == wanted,
                "{} is not what the types generate: run `make crds`",
                file.display()
            );
        }
    }
    for directory in COPIES {
        let files = fs::read_dir(root().join(directory)).unwrap();
        assert_eq!(
            files.count(),
            api::crds().len(),
            "{directory}: a file too many"
        );
    }
}

#[test]
fn a_manifest_reads_back_as_the_crd_it_was_made_from() {
    for crd in api::crds() {
        let read: CustomResourceDefinition =
            serde_saphyr::from_str(&api::crd_manifest(&crd)).unwrap();
        assert_eq!(read, crd);
    }
}

#[test]
fn every_string_list_and_map_is_bounded_and_documented() {
    let mut found = Vec::new();
    for crd in api::crds() {
        for property in ["spec", "status"] {
            look(&schema(&crd, property), property, &mut found);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_text_of_a_spec_refuses_control_characters() {
    let mut several_lines = BTreeSet::new();
    for crd in api::crds() {
        for text in texts(&schema(&crd, "spec"), "spec") {
            let Some(pattern) = &text.pattern else {
                assert!(text.is_closed, "{}: a text without a pattern", text.place);
                continue;
            };
            let pattern = Regex::new(pattern).unwrap();
            let controls = (0..0xa0)
                .filter_map(char::from_u32)
                .filter(|c| c.is_control());
            for c in controls.filter(|c| !matches!(c, '\n' | '\t')) {
                let taken = pattern.is_match(&format!("a{c}"));
                assert!(!taken, "{} takes {c:?}", text.place);
            }
            if pattern.is_match("a\n\tb") {
                several_lines.insert(text.field);
            }
        }
    }
    let expected = [
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
    assert_eq!(several_lines, expected.map(str::to_owned).into());
}

/// A text of a schema.
struct Text {
    place: String,
    field: String,
    pattern: Option<String>,
    /// It is one of a few words, or has a format the API server reads.
    is_closed: bool,
}

fn texts(schema: &JSONSchemaProps, place: &str) -> Vec<Text> {
    let mut found = Vec::new();
    if schema.type_.as_deref() == Some("string") {
        let field = place.rsplit('.').next().unwrap();
        found.push(Text {
            place: place.to_owned(),
            field: field.trim_end_matches(['[', ']', '{', '}']).to_owned(),
            pattern: schema.pattern.clone(),
            is_closed: schema.enum_.is_some() || schema.format.as_deref() == Some("date-time"),
        });
    }
    for (name, property) in schema.properties.iter().flatten() {
        found.extend(texts(property, &format!("{place}.{name}")));
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        found.extend(texts(items, &format!("{place}[]")));
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        found.extend(texts(values, &format!("{place}{{}}")));
    }
    found
}

#[test]
fn every_date_has_the_rules_of_what_the_operator_reads() {
    let mut dates = Vec::new();
    for crd in api::crds() {
        for property in ["spec", "status"] {
            dates_in(&schema(&crd, property), property, &mut dates);
        }
    }
    assert!(dates.len() > 15, "{}", dates.len());
    let instant = &dates[0].1;
    assert!(instant.pattern.is_some() && instant.x_kubernetes_validations.is_some());
    for (path, date) in &dates {
        assert_eq!(date.pattern, instant.pattern, "{path}");
        assert_eq!(date.max_length, Some(35), "{path}");
        let rules = &date.x_kubernetes_validations;
        assert_eq!(*rules, instant.x_kubernetes_validations, "{path}");
    }
}

#[test]
fn every_integer_is_bounded() {
    let mut found = Vec::new();
    for crd in api::crds() {
        for property in ["spec", "status"] {
            walk(&schema(&crd, property), property, &mut |path, schema| {
                let is_integer = schema.type_.as_deref() == Some("integer");
                if is_integer && (schema.minimum.is_none() || schema.maximum.is_none()) {
                    found.push(path.to_owned());
                }
            });
        }
    }
    assert_eq!(found, [""; 0]);
}

fn dates_in(schema: &JSONSchemaProps, path: &str, dates: &mut Vec<(String, JSONSchemaProps)>) {
    walk(schema, path, &mut |path, schema| {
        if schema.format.as_deref() == Some("date-time") {
            dates.push((path.to_owned(), schema.clone()));
        }
    });
}

fn walk(schema: &JSONSchemaProps, path: &str, visit: &mut impl FnMut(&str, &JSONSchemaProps)) {
    visit(path, schema);
    for (name, property) in schema.properties.iter().flatten() {
        walk(property, &format!("{path}.{name}"), visit);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        walk(items, &format!("{path}[]"), visit);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        walk(values, &format!("{path}{{}}"), visit);
    }
}

#[test]
fn nothing_is_nullable_and_every_format_is_one_kubernetes_knows() {
    for crd in api::crds() {
        let manifest = api::crd_manifest(&crd);
        assert!(!manifest.contains("nullable"));
        assert!(!manifest.contains("format: uint"));
    }
}

fn look(schema: &JSONSchemaProps, path: &str, found: &mut Vec<String>) {
    if let Some(lack) = lack(schema) {
        found.push(format!("{path}: {lack}"));
    }
    for (name, property) in schema.properties.iter().flatten() {
        if property.description.is_none() {
            found.push(format!("{path}.{name}: no description"));
        }
        look(property, &format!("{path}.{name}"), found);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        look(items, &format!("{path}[]"), found);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        look(values, &format!("{path}{{}}"), found);
    }
}

fn lack(schema: &JSONSchemaProps) -> Option<&'static str> {
    match schema.type_.as_deref()? {
        "string" => {
            let bounded = schema.max_length.is_some()
                || schema.enum_.is_some()
                || schema.format.as_deref() == Some("date-time");
            (!bounded).then_some("a string without maxLength")
        }
        "array" => schema
            .max_items
            .is_none()
            .then_some("a list without maxItems"),
        "object" if schema.additional_properties.is_some() => schema
            .max_properties
            .is_none()
            .then_some("a map without maxProperties"),
        _ => None,
    }
}

fn schema(crd: &CustomResourceDefinition, property: &str) -> JSONSchemaProps {
    let validation = crd.spec.versions[0].schema.as_ref().unwrap();
    let root = validation.open_api_v3_schema.as_ref().unwrap();
    root.properties.as_ref().unwrap()[property].clone()
}

fn file_of(crd: &CustomResourceDefinition, directory: &str) -> PathBuf {
    let name = crd.metadata.name.as_deref().unwrap();
    root().join(directory).join(format!("{name}.yaml"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
