//! One workload, read once: from the whole object to a compact record, after which the object is
//! dropped. The record holds all a later date, exception or namespace change needs to flip an
//! answer without reading the object again.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::settings::Settings;
use crate::api::keys;
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::object::labels::LabelSet;
use crate::assess::object::metadata::Metadata;
use crate::assess::object::template_hash::{TemplateHash, template_hash};
use crate::assess::path::evaluate::{Fault, Message, judge_object};
use crate::assess::path::set::PathSet;

pub use crate::assess::path::evaluate::{PathResult, ReadContext};

/// The compact record of a workload.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Namespace, kind and name.
    pub id: WorkloadId,
    /// The stored object's uid, absent offline.
    pub uid: Option<Box<str>>,
    /// The stored object's version as a number, where it is one.
    pub version: Option<u64>,
    /// When the object was created.
    pub created: Option<Timestamp>,
    /// When the service first existed: `service-since`, else `scaffolded-at`, else creation.
    pub birth: Option<Timestamp>,
    /// Whether the scaffolder left its mark.
    pub scaffolded: bool,
    /// The team named on the workload itself.
    pub team: Option<Arc<str>>,
    /// The service named on the workload.
    pub service: Option<Arc<str>>,
    /// The path the workload declares.
    pub declared_path: Option<Arc<str>>,
    /// Why it asks not to be counted.
    pub ignore: Option<Box<str>>,
    /// Its labels, for exception selectors.
    pub labels: LabelSet,
    /// Its pods' labels, for Kubernetes Services.
    pub pod_labels: LabelSet,
    /// Our own label keys as they are on the stored object.
    pub live: Arc<OwnLabels>,
    /// Fingerprint of the pod template, absent where there is none.
    pub template: Option<TemplateHash>,
    /// Results by every path whose scope it matches, in order of path.
    pub results: Box<[PathResult]>,
    /// The paths it was judged by; `results` are read with these.
    pub paths: Arc<PathSet>,
    /// Messages of checks that did not pass; only where they were asked for.
    pub messages: Box<[Message]>,
}

/// The values of the operator's own label keys; absent keys are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OwnLabels {
    /// `goldenpath.dev/status`.
    pub status: Option<String>,
    /// `goldenpath.dev/evaluated-path`.
    pub path: Option<String>,
    /// `goldenpath.dev/deviation`.
    pub deviation: Option<String>,
}

impl OwnLabels {
    /// Reads them from an object's labels.
    pub fn read(object: &Value) -> Self {
        let label = |key: &str| {
            object["metadata"]["labels"][key]
                .as_str()
                .map(str::to_owned)
        };
        Self {
            status: label(keys::STATUS),
            path: label(keys::EVALUATED_PATH),
            deviation: label(keys::DEVIATION),
        }
    }

    /// Key and value of those present.
    pub fn present(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let pairs = [
            (keys::STATUS, self.status.as_deref()),
            (keys::EVALUATED_PATH, self.path.as_deref()),
            (keys::DEVIATION, self.deviation.as_deref()),
        ];
        pairs
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
    }
}

/// A workload and what went wrong while looking at it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The record.
    pub workload: Workload,
    /// Expressions that failed on this object, at most one a check.
    pub faults: Vec<Fault>,
}

/// Reads one object. `None` for what is not judged: an object in an excluded namespace, or one
/// whose controller is itself watched.
pub fn observe(
    mut object: Value,
    kind: &Arc<WatchedKind>,
    read: &ReadContext<'_>,
) -> Option<Observed> {
    let id = id_of(&object, kind)?;
    if read.settings.excludes(&id.namespace) || has_watched_controller(&object, read.settings) {
        return None;
    }
    let live = Arc::new(OwnLabels::read(&object));
    let version = resource_version(&object);
    leave_out_unjudged(&mut object);
    let labels = LabelSet::of_json(object["metadata"].get("labels"));
    let judged = judge_object(&object, kind, &labels, read);
    let template = pod_template(&object);
    let metadata = Metadata(&object);
    let pod_labels = template.and_then(|template| template["metadata"].get("labels"));
    let workload = Workload {
        uid: object["metadata"]["uid"].as_str().map(Into::into),
        version,
        created: metadata.created(),
        birth: metadata.birth(),
        scaffolded: metadata.scaffolded_at().is_some(),
        team: metadata.first_of(&read.settings.team_keys),
        service: metadata.service(&read.settings.service_keys),
        declared_path: metadata.label(keys::PATH).map(Into::into),
        ignore: metadata.ignore_request(),
        pod_labels: LabelSet::of_json(pod_labels),
        template: template.map(template_hash),
        results: judged.results.into(),
        messages: judged.messages.into(),
        paths: read.paths.clone(),
        id,
        labels,
        live,
    };
    Some(Observed {
        workload,
        faults: judged.faults,
    })
}

fn id_of(object: &Value, kind: &Arc<WatchedKind>) -> Option<WorkloadId> {
    let metadata = &object["metadata"];
    Some(WorkloadId {
        namespace: metadata["namespace"].as_str().unwrap_or("default").into(),
        kind: kind.clone(),
        name: metadata["name"].as_str()?.into(),
    })
}

fn resource_version(object: &Value) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}

fn has_watched_controller(object: &Value, settings: &Settings) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.into_iter().flatten().any(|owner| {
        let group = owner["apiVersion"]
            .as_str()
            .and_then(|version| version.split_once('/'))
            .map_or("", |(group, _)| group);
        owner["controller"] == true
            && settings
                .kind(Some(group), owner["kind"].as_str().unwrap_or_default())
                .is_some()
    })
}

fn leave_out_unjudged(object: &mut Value) {
    let Some(top) = object.as_object_mut() else {
        return;
    };
    top.remove("status");
    let Some(metadata) = top.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    metadata.remove("managedFields");
    metadata.remove("resourceVersion");
    let labels = metadata.get_mut("labels").and_then(Value::as_object_mut);
    if labels.is_some_and(only_own_are_left_out) {
        metadata.remove("labels");
    }
}

/// Removes our keys; true when nothing else was there, as if the labels had never been written.
fn only_own_are_left_out(labels: &mut Map<String, Value>) -> bool {
    let before = labels.len();
    labels.retain(|key, _| !keys::OWN_LABELS.contains(&key.as_str()));
    labels.is_empty() && before > 0
}

/// The pod template, wherever this kind keeps it.
pub fn pod_template(object: &Value) -> Option<&Value> {
    let spec = object.get("spec")?;
    spec.get("template")
        .or_else(|| spec.get("jobTemplate")?.get("spec")?.get("template"))
}
