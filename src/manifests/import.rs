//! Reads the ignores of other tools: annotations where each tool expects them, and Kyverno's
//! exceptions. Nothing is mapped to a step here.

mod annotations;
mod kyverno;

use std::collections::BTreeSet;

use serde_json::Value;

use super::Manifest;
use crate::assess::source::Problem;
use crate::report::import::{Waiver, WorkloadRef};

/// What was found.
#[derive(Debug, Default)]
pub struct Ignores {
    /// The ignores, in the order of the manifests.
    pub waivers: Vec<Waiver>,
    /// What is written in a way that cannot be carried over.
    pub problems: Vec<Problem>,
}

/// Every ignore of another tool in `manifests`.
pub fn ignores(manifests: &[Manifest]) -> Ignores {
    let mut ignores = Ignores::default();
    let workloads: Vec<&Value> = manifests
        .iter()
        .map(|manifest| &manifest.value)
        .filter(|value| pod_template(value).is_some())
        .collect();
    for manifest in manifests {
        if kyverno::is_exception(&manifest.value) {
            kyverno::read(manifest, &workloads, &mut ignores);
        } else {
            annotations::read(manifest, &mut ignores);
        }
    }
    ignores
}

/// The pod template of a workload of any kind.
fn pod_template(value: &Value) -> Option<&Value> {
    let places = ["/spec/jobTemplate/spec/template", "/spec/template"];
    let mut found = places.iter().filter_map(|place| value.pointer(place));
    found.find(|template| template["spec"]["containers"].is_array())
}

fn named(value: &Value) -> WorkloadRef {
    let word = |text: &Value| text.as_str().unwrap_or_default().to_owned();
    WorkloadRef {
        namespace: word(&value["metadata"]["namespace"]),
        kind: word(&value["kind"]),
        name: word(&value["metadata"]["name"]),
    }
}

fn only(value: &Value) -> BTreeSet<WorkloadRef> {
    BTreeSet::from([named(value)])
}
