//! The objects that users copy, from `examples/` and `docs/`: the API server accepts each of a kind about
//! paths and goals, with every field known to it. `tests/examples.rs` has the exceptions.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use goldenpath_e2e::ControlPlane;

use crate::with_cluster;

/// Directories with files that people copy, and the waves of surveys that tests read.
const ROOTS: [&str; 3] = ["examples", "docs", "tests/fixtures/surveys"];
const KINDS: [&str; 5] = [
    "DeveloperSurvey",
    "GoldenPath",
    "Persona",
    "PlatformObjective",
    "RoadmapItem",
];

/// Markdown and YAML files below a directory.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|it| it.to_str());
        if path.is_dir() {
            files(&path, found);
        } else if matches!(extension, Some("md" | "yaml")) {
            found.push(path);
        }
    }
}

/// YAML of a file: all of it, or the blocks of a page.
fn yaml(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    if path.extension().is_some_and(|it| it == "yaml") {
        return vec![text];
    }
    let blocks = text.split("```yaml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// The kind of a document that is a whole object of ours. Text decides: a page may hold an excerpt, a
/// skeleton of the scaffolder is a template.
fn kind(document: &str) -> Option<&'static str> {
    let has = |line: &str| document.lines().any(|it| it == line);
    let is_ours = has("apiVersion: goldenpath.dev/v1alpha1");
    KINDS
        .into_iter()
        .find(|kind| is_ours && has(&format!("kind: {kind}")))
}

/// By kind, the documents of users' files, each with its file.
fn documents() -> BTreeMap<&'static str, Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for root in ROOTS {
        files(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join(root),
            &mut found,
        );
    }
    let mut documents: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for path in found {
        let parts: Vec<String> = yaml(&path)
            .iter()
            .flat_map(|text| text.split("\n---\n").map(str::to_owned))
            .collect();
        for document in parts {
            if let Some(kind) = kind(&document) {
                let of_kind = documents.entry(kind).or_default();
                of_kind.push((path.clone(), document));
            }
        }
    }
    documents
}

fn is_accepted(cluster: &ControlPlane, path: &Path, document: &str) {
    let file = cluster.data_dir().join("written.yaml");
    fs::write(&file, document).unwrap();
    let validate = [
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "-f",
        file.to_str().unwrap(),
    ];
    let answer = cluster.kubectl(&validate).unwrap();
    let printed = String::from_utf8_lossy(&answer.stderr);
    assert!(
        answer.status.success() && printed.is_empty(),
        "{}: {printed}\n{document}",
        path.display()
    );
}

#[test]
fn the_api_server_accepts_every_object_that_users_copy() {
    let documents = documents();
    let kinds: Vec<&str> = documents.keys().copied().collect();
    assert_eq!(kinds, KINDS);
    with_cluster(|cluster| {
        for (path, document) in documents.values().flatten() {
            is_accepted(cluster, path, document);
        }
    });
}
