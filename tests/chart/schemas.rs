//! JSON schemas for kubeconform that refuse unknown fields: for Kubernetes kinds from what a real
//! API server publishes, for ours from the definitions. kubeconform usually downloads them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use goldenpath::api;
use goldenpath_e2e::ControlPlane;
use serde_json::{Map, Value, json};

const REFERENCE: &str = "#/definitions/";
/// The file of a kind, as kubeconform looks for it: `deployment-apps-v1.json`.
pub const LOCATION: &str = "{{ .ResourceKind }}{{ .KindSuffix }}.json";

/// Writes a schema for every kind there is.
pub fn write(cluster: &ControlPlane, directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    let published = cluster
        .kubectl_ok(&["get", "--raw", "/openapi/v2"])
        .unwrap();
    let mut published: Value = serde_json::from_str(&published).unwrap();
    close(&mut published);
    let definitions = published["definitions"].as_object().unwrap();
    for (name, definition) in definitions {
        let kinds = definition["x-kubernetes-group-version-kind"].as_array();
        for kind in kinds.into_iter().flatten() {
            let mut needed = BTreeMap::new();
            gather(definition, definitions, &mut needed);
            needed.insert(name.clone(), definition.clone());
            let schema = json!({"$ref": format!("{REFERENCE}{name}"), "definitions": needed});
            fs::write(directory.join(file_of(kind)), schema.to_string()).unwrap();
        }
    }
    for crd in api::crds() {
        let mut crd = serde_json::to_value(crd).unwrap();
        for version in crd["spec"]["versions"].as_array_mut().unwrap() {
            close(&mut version["schema"]);
        }
        let spec = &crd["spec"];
        for version in spec["versions"].as_array().unwrap() {
            let kind = json!({
                "group": spec["group"],
                "version": version["name"],
                "kind": spec["names"]["kind"],
            });
            let mut schema = version["schema"]["openAPIV3Schema"].clone();
            // What every object has, a definition need not name.
            for (field, of_type) in [
                ("apiVersion", "string"),
                ("kind", "string"),
                ("metadata", "object"),
            ] {
                schema["properties"][field] = json!({"type": of_type});
            }
            fs::write(directory.join(file_of(&kind)), schema.to_string()).unwrap();
        }
    }
}

fn file_of(kind: &Value) -> String {
    let field = |key: &str| kind[key].as_str().unwrap().to_lowercase();
    let group = field("group");
    let group = group.split('.').next().unwrap();
    let parts = [field("kind"), group.to_owned(), field("version")];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}.json", parts.join("-"))
}

/// Every definition that one leads to.
fn gather(from: &Value, all: &Map<String, Value>, found: &mut BTreeMap<String, Value>) {
    match from {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str)
                && let Some(name) = name.strip_prefix(REFERENCE)
                && !found.contains_key(name)
            {
                found.insert(name.to_owned(), all[name].clone());
                gather(&all[name], all, found);
            }
            object.values().for_each(|value| gather(value, all, found));
        }
        Value::Array(list) => list.iter().for_each(|value| gather(value, all, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Refuses fields that a schema does not name, and allows both spellings of the two kinds of value
/// that may be written either way.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            let is_open = object.get("x-kubernetes-preserve-unknown-fields") == Some(&json!(true));
            let is_closed = object.get("type") == Some(&json!("object"))
                && object.get("properties").is_some_and(Value::is_object);
            if is_closed && !is_open && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".into(), json!(false));
            }
            let is_either = object.get("format") == Some(&json!("int-or-string"));
            if is_either && object.contains_key("type") {
                object.insert("type".into(), json!(["integer", "string"]));
            }
            object.values_mut().for_each(close);
            let quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
            if let Some(quantity) = object.get_mut(quantity) {
                quantity["type"] = json!(["number", "string"]);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
