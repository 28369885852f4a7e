//! Record of a Namespace: labels for selectors, a team as a fallback, and the pruned object for
//! expressions that read `namespaceObject`. No scope is matched here.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::labels::LabelSet;
use super::metadata::Metadata;

/// Record of a namespace. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    /// Name of the namespace.
    pub name: Arc<str>,
    /// Labels, for selectors.
    pub labels: LabelSet,
    /// Team in its annotations or labels.
    pub team: Option<Arc<str>>,
    /// Creation time.
    pub created: Option<Timestamp>,
    /// The object that expressions see as `namespaceObject`.
    pub object: Arc<Value>,
}

impl Namespace {
    /// Reads a Namespace object; `None` without a name.
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

    /// Whether workloads give the same results as with `before`, so that none has to be read again.
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
