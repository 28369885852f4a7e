//! Scalars, keys and merge keys of YAML mean to us what kubectl makes of them.

use std::fs;

use goldenpath_e2e::ControlPlane;
use serde_json::Value;

use crate::{CLUSTER, read_text};

/// Plain scalars, and some with a tag.
const SCALARS: &[&str] = &[
    "4e51289",
    "4e5",
    "1e3",
    "1E3",
    "1e+3",
    "1e-3",
    "1e400",
    "-1e400",
    "1e21",
    "1e20",
    "12e03",
    "1.0",
    "1.5",
    "-0.0",
    "-0",
    "+0",
    "0",
    "00",
    "1.",
    ".5",
    "+.5",
    "-.5",
    ".5e3",
    ".e3",
    ".",
    "..",
    "+",
    "-1",
    "+1",
    "+-1",
    "0644",
    "0o644",
    "0O17",
    "08",
    "09.5",
    "089",
    "0x10",
    "0X1f",
    "0xg",
    "0x",
    "0b101",
    "0B11",
    "-0b11",
    "+0b1",
    "0b",
    "0b2",
    "-0x10",
    "-0644",
    "1_000",
    "0_1",
    "1_",
    "_1",
    "0x_1",
    "1__0",
    "1_000.5",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "9007199254740993",
    "9007199254740993.0",
    "yes",
    "Yes",
    "YES",
    "yEs",
    "no",
    "No",
    "on",
    "On",
    "ON",
    "off",
    "y",
    "Y",
    "n",
    "N",
    "t",
    "f",
    "true",
    "True",
    "TRUE",
    "tRUE",
    "false",
    "False",
    "null",
    "Null",
    "NULL",
    "nULL",
    "~",
    "~x",
    "",
    ".nan",
    ".NaN",
    ".NAN",
    ".inf",
    ".Inf",
    "+.inf",
    "-.inf",
    "-.INF",
    "inf",
    "nan",
    "Infinity",
    "1:30",
    "190:20:30",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "2026-01-01 10:00:00",
    "1.2.3",
    "1-2",
    "1 2",
    "e5",
    "0e0",
    "1e",
    "1e+",
    "deadbeef",
    "12345678",
    "1234e56",
    "00e1",
    "0x1p-2",
    "1__",
    "'4e5'",
    "\"0644\"",
    "'yes'",
    "'~'",
    "!!str 12",
    "!!str yes",
    "!!str ~",
    "!!int '3'",
    "!!int 3",
    "!!float 3",
    "!!float '3.5'",
    "!!bool 'yes'",
    "!!null ''",
    "!!binary aGk=",
    "!!int x",
    "!!int 3.5",
    "!!bool 1",
    "!!float x",
    "!!binary '*'",
    "!own 3",
    "!!timestamp 2026-01-01",
    "<<",
    "=",
    "5m",
    "10Gi",
    "0.1",
    "1e-7",
    "123456.789e3",
    "0755 ",
    "1,000",
    "0o8",
    "0x1F",
    "0b1111_0000",
    "0o1_7",
    "+0x1",
    "+0o7",
];

/// Whole values. Keys that differ as YAML and agree as JSON (`1` and `'1'`) are missing: kubectl keeps
/// either one, in the random order of Go's maps.
const VALUES: &[&str] = &[
    "{a: 1, <<: {a: 2, b: 3}}",
    "{<<: {a: 2, b: 3}, a: 1}",
    "{<<: [{a: 1}, {a: 2, b: 2}]}",
    "[&x {a: 1, b: 2}, {<<: *x, b: 3}, {b: 3, <<: *x}, *x]",
    "[&x y, *x, {*x : 1}]",
    "{'<<': 1}",
    "{<<: 1}",
    "{<<: ~}",
    "[&x [1, 2], {<<: *x}]",
    "{[a]: 1}",
    "{{a: 1}: 1}",
    "{? a, b: }",
    "[a: 1, b: 2]",
    "{a: 1, a: 2}",
    "|\n  text\n   more\n",
    ">-\n  folded\n  text\n",
    "|\n  12\n",
    "\"a\\tb\\u00e9\"",
    "{a: , b}",
    "*unknown",
];

#[test]
fn scalars_mean_what_kubectl_makes_of_them() {
    let Some(cluster) = &*CLUSTER else { return };
    agrees(
        cluster,
        "scalars",
        SCALARS.iter().map(|scalar| format!("value: {scalar}\n")),
    );
}

#[test]
fn keys_mean_what_kubectl_makes_of_them() {
    let Some(cluster) = &*CLUSTER else { return };
    let keys = SCALARS.iter().filter(|scalar| !scalar.is_empty());
    agrees(
        cluster,
        "keys",
        keys.map(|key| format!("value:\n  {key}: x\n")),
    );
}

#[test]
fn values_mean_what_kubectl_makes_of_them() {
    let Some(cluster) = &*CLUSTER else { return };
    agrees(
        cluster,
        "values",
        VALUES.iter().map(|value| format!("value: {value}\n")),
    );
}

/// Each text ends an object, whose field `value` it sets.
fn agrees(cluster: &ControlPlane, name: &str, texts: impl Iterator<Item = String>) {
    let documents: Vec<String> = (0..)
        .zip(texts)
        .map(|(n, text)| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: n{n}}}\n{text}")
        })
        .collect();
    let ours: Vec<Option<Value>> = documents.iter().map(|document| value(document)).collect();
    let file = cluster.data_dir().join(format!("{name}.yaml"));
    let path = file.to_str().unwrap();
    let local = [
        "annotate",
        "--local",
        "-o=jsonpath={@}{\"\\n\"}",
        "-f",
        path,
        "a=b",
    ];
    let mut wrong = Vec::new();
    let (read, refused): (Vec<_>, Vec<_>) = documents
        .iter()
        .zip(&ours)
        .partition(|(_, ours)| ours.is_some());
    for (document, _) in refused {
        fs::write(&file, document).unwrap();
        let answer = cluster.kubectl(&local).unwrap();
        if answer.status.success() {
            let theirs = String::from_utf8_lossy(&answer.stdout);
            wrong.push(format!("{document:?}: refused by us, to kubectl {theirs}"));
        }
    }
    let all: Vec<&str> = read.iter().map(|(document, _)| document.as_str()).collect();
    fs::write(&file, all.join("---\n")).unwrap();
    let answer = cluster.kubectl(&local).unwrap();
    let stdout = String::from_utf8(answer.stdout).unwrap();
    let theirs: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for (document, ours) in &read {
        let is_same = |object: &&Value| {
            document.contains(&format!(
                "name: {}}}",
                object["metadata"]["name"].as_str().unwrap()
            ))
        };
        match theirs.iter().find(is_same) {
            None => wrong.push(format!("{document:?}: refused by kubectl")),
            Some(object) if !is_same_value(&object["value"], ours.as_ref().unwrap()) => {
                let theirs = &object["value"];
                wrong.push(format!("{document:?}: ours {ours:?}, theirs {theirs}"));
            }
            Some(_) => {}
        }
    }
    let stderr = String::from_utf8_lossy(&answer.stderr);
    assert!(wrong.is_empty(), "{}\n{stderr}", wrong.join("\n"));
}

/// Numbers beyond the range of integers are printed in several ways.
fn is_same_value(a: &Value, b: &Value) -> bool {
    a == b || a.is_number() && a.as_i64().is_none() && a.as_f64() == b.as_f64()
}

fn value(document: &str) -> Option<Value> {
    let mut manifests = read_text(document).manifests;
    manifests
        .pop()
        .map(|mut manifest| manifest.value["value"].take())
}
