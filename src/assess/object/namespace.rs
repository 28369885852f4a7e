//! A namespace as the judgement needs it: its labels for selectors, its team as a fallback, and
//! its pruned object for expressions that read `namespaceObject`.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::labels::LabelSet;
use super::metadata::Metadata;

/// What is kept of a namespace. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Its name.
    pub name: Arc<str>,
    /// Its labels.
    pub labels: LabelSet,
    /// The team it belongs to, by annotation or label.
    pub team: Option<Arc<str>>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// The object expressions see as `namespaceObject`.
    pub object: Arc<Value>,
}

impl Namespace {
    /// Reads a namespace object; `None` where it has no name.
    pub fn read(object: &Value, team_keys: &[String]) -> Option<Self> {
        let name = object["metadata"]["name"].as_str()?;
        Some(Self {
            name: name.into(),
            labels: LabelSet::of_json(object["metadata"].get("labels")),
            team: Metadata(object).first_of(team_keys),
            created: Metadata(object).created(),
            object: Arc::new(seen_by_expressions(object)),
        })
    }

    /// Whether workloads of a namespace that changed from `before` have to be read again.
    pub fn judges_like(&self, before: &Self) -> bool {
        self.object == before.object
    }
}

fn seen_by_expressions(object: &Value) -> Value {
    let mut metadata = serde_json::Map::new();
    for field in ["name", "uid", "labels", "annotations", "creationTimestamp"] {
        if let Some(value) = object["metadata"].get(field) {
            metadata.insert(field.to_owned(), value.clone());
        }
    }
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
}
