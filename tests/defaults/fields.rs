//! The fields that our defaults know are those of the API server's own schema.
//! `UPDATE_EXPECTED=1` writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use goldenpath_e2e::ControlPlane;
use serde_json::Value;

use crate::CLUSTER;

const FILE: &str = "src/assess/object/defaults/fields.txt";

/// The kinds that get defaults, and where their schemas are.
const ROOTS: [(&str, &str); 5] = [
    ("apis/apps/v1", "io.k8s.api.apps.v1.DaemonSet"),
    ("apis/apps/v1", "io.k8s.api.apps.v1.Deployment"),
    ("apis/apps/v1", "io.k8s.api.apps.v1.StatefulSet"),
    ("apis/batch/v1", "io.k8s.api.batch.v1.CronJob"),
    ("api/v1", "io.k8s.api.core.v1.Namespace"),
];

#[test]
fn the_known_fields_are_those_of_the_api_server() {
    let Some(cluster) = &*CLUSTER else { return };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let fields = fields(cluster);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&path, &fields).unwrap();
    }
    assert!(
        fs::read_to_string(path).unwrap() == fields,
        "{FILE} is now:\n{fields}"
    );
}

fn fields(cluster: &ControlPlane) -> String {
    let mut types = BTreeMap::new();
    for (place, root) in ROOTS {
        let schema = cluster
            .kubectl_ok(&["get", "--raw", &format!("/openapi/v3/{place}")])
            .unwrap();
        let schema: Value = serde_json::from_str(&schema).unwrap();
        collect(root, &schema["components"]["schemas"], &mut types);
    }
    let mut text =
        "# Fields of the workloads and of what they consist of, as the API server's schema has \
                    them.\n# Written by the test `defaults`: see CONTRIBUTING.md.\n"
            .to_owned();
    for (name, fields) in types {
        for (field, kind) in fields {
            writeln!(text, "{name} {field} {kind}").unwrap();
        }
    }
    text
}

/// Types by short name, with their fields and kinds.
type Types = BTreeMap<String, Vec<(String, String)>>;

fn collect(full: &str, schemas: &Value, types: &mut Types) {
    let name = short(full);
    if types.contains_key(&name) {
        return;
    }
    types.insert(name.clone(), Vec::new());
    for (field, schema) in schemas[full]["properties"].as_object().unwrap() {
        let kind = kind(schema, schemas, types);
        types.get_mut(&name).unwrap().push((field.clone(), kind));
    }
}

fn short(full: &str) -> String {
    full.rsplit('.').next().unwrap().to_owned()
}

fn kind(schema: &Value, schemas: &Value, types: &mut Types) -> String {
    let reference = schema["$ref"]
        .as_str()
        .or(schema["allOf"][0]["$ref"].as_str());
    if let Some(reference) = reference {
        let full = reference.rsplit('/').next().unwrap();
        if schemas[full]["properties"].is_object() {
            collect(full, schemas, types);
        }
        return short(full);
    }
    match schema["type"].as_str() {
        Some("array") => format!("[]{}", kind(&schema["items"], schemas, types)),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!(
                "{{}}{}",
                kind(&schema["additionalProperties"], schemas, types)
            )
        }
        other => other.unwrap_or("any").to_owned(),
    }
}
