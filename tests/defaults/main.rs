//! A manifest with our defaults equals what a real API server stores: the proof for
//! `assess::defaults`, and for reading YAML as kubectl does.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used)]

mod fields;
mod generated;
mod scalars;
mod variations;

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use goldenpath::manifests::files::File;
use goldenpath::manifests::read::manifests;
use goldenpath::manifests::{Input, Manifest};
use goldenpath_e2e::{ControlPlane, Options, control_plane_or_skip};
use serde_json::Value;

/// One for all tests, which only ask what would be stored.
static CLUSTER: LazyLock<Option<ControlPlane>> =
    LazyLock::new(|| control_plane_or_skip(&Options::default()));

const MANIFESTS: &str = "tests/fixtures/defaults/manifests.yaml";

#[test]
fn a_manifest_with_our_defaults_is_what_the_api_server_stores() {
    let Some(cluster) = &*CLUSTER else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(MANIFESTS);
    let ours = read(&file);
    assert!(ours.len() >= 40, "{} manifests", ours.len());
    let path = file.display().to_string();
    let stored = cluster
        .kubectl_ok(&["create", "--dry-run=server", "-o", "json", "-f", &path])
        .unwrap();
    let stored = serde_json::Deserializer::from_str(&stored)
        .into_iter()
        .collect::<Result<Vec<Value>, _>>()
        .unwrap();
    let stored = stored.into_iter().flat_map(items).collect::<Vec<_>>();
    assert_eq!(stored.len(), ours.len());
    let mut differences = Vec::new();
    for (ours, stored) in ours.iter().zip(stored) {
        let name = ours.value["metadata"]["name"].as_str().unwrap();
        compare(name, &ours.value, &judged(stored), &mut differences);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn read(file: &Path) -> Vec<Manifest> {
    let input = read_text(&fs::read_to_string(file).unwrap());
    assert_eq!(input.problems, []);
    input.manifests
}

fn read_text(text: &str) -> Input {
    let file = File {
        name: MANIFESTS.to_owned(),
        content: text.as_bytes().to_vec(),
        is_named: true,
    };
    manifests(&vec![file].into(), "default")
}

fn items(mut object: Value) -> Vec<Value> {
    match object["kind"].as_str() {
        Some("List") => serde_json::from_value(object["items"].take()).unwrap(),
        Some(_) | None => vec![object],
    }
}

/// Without what only a server can know, and what is not judged.
fn judged(mut stored: Value) -> Value {
    stored.as_object_mut().unwrap().remove("status");
    let metadata = stored["metadata"].as_object_mut().unwrap();
    for field in ["uid", "creationTimestamp", "generation", "managedFields"] {
        metadata.remove(field);
    }
    stored
}

/// Notes every place at which two values differ.
fn compare(place: &str, ours: &Value, stored: &Value, differences: &mut Vec<String>) {
    match (ours, stored) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                // A field that is null is not an absent one to `has`.
                let none = Value::from("absent");
                let (a, b) = (a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none));
                compare(&format!("{place}.{key}"), a, b, differences);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{place}[{index}]"), a, b, differences);
            }
        }
        (a, b) if a == b => {}
        (a, b) => differences.push(format!("{place}: ours {a}, stored {b}")),
    }
}
