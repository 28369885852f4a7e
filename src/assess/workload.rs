//! Reads an object once, into a compact record, and drops the object. The record holds everything that
//! a later date, exception or namespace change needs, so that a verdict can change without reading the
//! object again. No verdict is given here.

use std::num::NonZeroU64;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::settings::Settings;
use crate::api::keys;
use crate::assess::object::compact::{MicroTime, Uid};
use crate::assess::object::kind::{WatchedKind, WorkloadId};
use crate::assess::object::labels::{LabelKeys, LabelSet, Labels};
use crate::assess::object::metadata::Metadata;
use crate::assess::object::template_hash::{TemplateHash, template_hash};
use crate::assess::path::evaluate::{CheckMessage, Fault, ScopeError, judge_object};
use crate::assess::path::set::PathSet;

pub use crate::assess::path::evaluate::{PathResult, ReadContext};

/// The compact record of a workload.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Namespace, kind and name.
    pub id: WorkloadId,
    /// Uid of the stored object; absent offline.
    pub uid: Option<Uid>,
    /// `resourceVersion` of the stored object, if numeric.
    pub version: Option<NonZeroU64>,
    created: Option<MicroTime>,
    birth: Option<MicroTime>,
    /// The service named on the workload.
    pub service: Option<Arc<str>>,
    /// Hash of the pod template, if it has one.
    pub template: Option<TemplateHash>,
    /// The path set of the results.
    pub paths: Arc<PathSet>,
    /// What other workloads may have as well.
    pub attributes: Arc<Attributes>,
    /// Hashes of labels, at the positions that the attributes give them.
    label_pairs: Box<[u64]>,
}

/// What many workloads have alike: records share one copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// Whether it has the scaffolder's annotation.
    pub scaffolded: bool,
    /// Whether it has an annotation that says when the service began.
    pub states_birth: bool,
    /// The team named on the workload itself.
    pub team: Option<Arc<str>>,
    /// The path the workload declares.
    pub declared_path: Option<Arc<str>>,
    /// Reason of the request not to be counted.
    pub ignore: Option<Box<str>>,
    /// The operator's labels on the stored object.
    pub live: Arc<OwnLabels>,
    /// Results by every path that has it in scope, in order of path.
    pub results: Arc<[PathResult]>,
    /// Conditions that failed on it, by every path whose scope they leave it out of.
    pub scope_errors: Box<[ScopeError]>,
    /// Messages of checks that did not pass, if requested.
    pub messages: Box<[CheckMessage]>,
    pub(in crate::assess) label_keys: Arc<LabelKeys>,
}

impl Workload {
    /// The name of the service it is part of, or its own where it is a service alone.
    pub fn service_name(&self) -> &Arc<str> {
        self.service.as_ref().unwrap_or(&self.id.name)
    }

    /// Creation time of the object.
    pub fn created(&self) -> Option<Timestamp> {
        self.created.map(MicroTime::instant)
    }

    /// When the service first existed: `service-since`, else `scaffolded-at`, else creation.
    pub fn birth(&self) -> Option<Timestamp> {
        self.birth.map(MicroTime::instant)
    }

    /// Whether the other record of this workload is of the same version of the object, was read with the
    /// same paths, and says the same.
    pub(in crate::assess) fn is_same_as(&self, other: &Self) -> bool {
        let same_object = (&self.uid, self.version, self.created, self.birth)
            == (&other.uid, other.version, other.created, other.birth);
        same_object
            && self.version.is_some()
            && Arc::ptr_eq(&self.paths, &other.paths)
            && self.attributes == other.attributes
            && (&self.service, self.template) == (&other.service, other.template)
            && self.label_pairs == other.label_pairs
    }

    /// Labels, for exception selectors.
    pub fn labels(&self) -> impl Labels {
        self.attributes.label_keys.of_object(&self.label_pairs)
    }

    /// Pod labels, for selectors of Kubernetes Services.
    pub fn pod_labels(&self) -> impl Labels {
        self.attributes.label_keys.of_pods(&self.label_pairs)
    }
}

/// The values of the operator's label keys; absent keys are `None`.
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
    /// Reads the labels of an object.
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

    /// Keys and values that are present.
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

/// A workload, with the faults of its evaluation.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The compact record.
    pub workload: Workload,
    /// Expressions that failed on this object, at most one per check and scope.
    pub faults: Vec<Fault>,
}

/// Reads one object. `None` if it is not judged: its namespace is excluded, or its controller, or the
/// workload whose pod template it uses, is itself a watched kind.
pub fn observe(
    mut object: Value,
    kind: &Arc<WatchedKind>,
    read: &ReadContext<'_>,
) -> Option<Observed> {
    let id = id_of(&object, kind)?;
    let is_judged_elsewhere = has_watched_controller(&object, read.settings)
        || borrows_watched_template(&object, read.settings);
    if read.settings.excludes(&id.namespace) || is_judged_elsewhere {
        return None;
    }
    let live = Arc::new(OwnLabels::read(&object));
    let version = resource_version(&object);
    remove_unjudged_fields(&mut object);
    let labels = LabelSet::of_json(object["metadata"].get("labels"));
    let judged = judge_object(&object, kind, &labels, read);
    let template = pod_template(&object);
    let metadata = Metadata(&object);
    let pod_labels = template.and_then(|template| template["metadata"].get("labels"));
    let (label_keys, label_pairs) = LabelKeys::split(&labels, &LabelSet::of_json(pod_labels));
    let scaffolded_at = metadata.scaffolded_at(&read.settings.scaffolded_keys);
    let stated_birth = metadata.service_since().or(scaffolded_at);
    let attributes = Attributes {
        scaffolded: scaffolded_at.is_some(),
        states_birth: stated_birth.is_some(),
        team: metadata.first_of(&read.settings.team_keys),
        declared_path: metadata.label(keys::PATH).map(Into::into),
        ignore: metadata.ignore_request(),
        live,
        results: judged.results.into(),
        scope_errors: judged.scope_errors.into(),
        messages: judged.messages.into(),
        label_keys: label_keys.into(),
    };
    let workload = Workload {
        uid: object["metadata"]["uid"].as_str().map(Uid::of),
        version,
        created: metadata.created().map(MicroTime::of),
        birth: stated_birth.or(metadata.created()).map(MicroTime::of),
        service: metadata.service(&read.settings.service_keys),
        template: template.map(template_hash),
        paths: read.paths.clone(),
        attributes: attributes.into(),
        label_pairs,
        id,
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

fn resource_version(object: &Value) -> Option<NonZeroU64> {
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

/// Whether the pods come from another workload's template, as those of an Argo Rollout may.
fn borrows_watched_template(object: &Value, settings: &Settings) -> bool {
    let of = &object["spec"]["workloadRef"];
    let version = of["apiVersion"].as_str().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    of["kind"]
        .as_str()
        .is_some_and(|kind| settings.kind(Some(group), kind).is_some())
}

/// Removes the fields that checks must not see.
fn remove_unjudged_fields(object: &mut Value) {
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
    if labels.is_some_and(removes_only_labels) {
        metadata.remove("labels");
    }
}

/// Removes our label keys. True if no others are left, so that `labels` is absent as before our first
/// write.
fn removes_only_labels(labels: &mut Map<String, Value>) -> bool {
    let before = labels.len();
    labels.retain(|key, _| !keys::OWN_LABELS.contains(&key.as_str()));
    labels.is_empty() && before > 0
}

/// The pod template of a workload; for a CronJob, of its job template.
pub(crate) fn pod_template(object: &Value) -> Option<&Value> {
    let spec = object.get("spec")?;
    spec.get("template")
        .or_else(|| spec.get("jobTemplate")?.get("spec")?.get("template"))
}
