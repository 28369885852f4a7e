//! What one list or event shows of one workload: its template, its revisions, how far its controller is,
//! and its stamps. Read from JSON by total functions; a missing or malformed field is absent. Nothing is
//! concluded here.

mod readiness;

use jiff::Timestamp;
use serde_json::Value;

use super::template::{hashes, with_restart};
use crate::api::delivery_record::TemplateHashes;
use crate::api::keys;
use crate::assess::state::Status;

pub use readiness::{Deadline, Job, Jobs, Pods, Progressing, Readiness, Reported, ReportedState};

/// Managers that set resources of other people's workloads, as `managedFields` names them.
const RESOURCE_TOOLS: [&str; 8] = [
    "castai-workload-autoscaler",
    "densify",
    "kubecost-request-sizing",
    "krr-enforcer",
    "robusta-krr",
    "scaleops",
    "stormforge-applier",
    "vpa-updater",
];
/// The revision number of a `Deployment` or Argo `Rollout`, and earlier numbers of a re-used `ReplicaSet`.
const REVISION_KEYS: [(&str, &str); 2] = [
    (
        "deployment.kubernetes.io/revision",
        "deployment.kubernetes.io/revision-history",
    ),
    (
        "rollout.argoproj.io/revision",
        "rollout.argoproj.io/revision-history",
    ),
];

/// The objects that say something of one workload. The caller gathers them.
#[derive(Clone, Copy, Debug)]
pub struct Objects<'a> {
    /// The workload, with status; `managedFields` too, where the caller has them.
    pub workload: &'a Value,
    /// Its `ReplicaSet`s or `ControllerRevision`s.
    pub revisions: &'a [Value],
    /// Its `Job`s.
    pub jobs: &'a [Value],
    /// The Flagger `Canary` that targets it.
    pub canary: Option<&'a Value>,
    /// What Flagger promotes it to.
    pub primary: Option<&'a Value>,
    /// The Argo `Rollout` that runs its template (`workloadRef`).
    pub rollout: Option<&'a Value>,
    /// Creation of its namespace, if it is the namespace's first workload.
    pub first_of_namespace: Option<Timestamp>,
    /// Current status of the workload; none while it is not judged.
    pub standing: Option<Status>,
    /// Annotations that may hold the commit time; the first one present counts.
    pub commit_time_keys: &'a [String],
    /// Annotations that may hold the time of scaffolding; the first one present counts.
    pub scaffolded_keys: &'a [String],
    /// Whether changes may have been missed since the last observation: it is the first one since the
    /// operator started, or since a watch had to list again.
    pub after_gap: bool,
}

impl<'a> Objects<'a> {
    /// The workload alone, with the default annotations for the commit time and for scaffolding.
    pub fn of(workload: &'a Value) -> Self {
        Self {
            workload,
            revisions: &[],
            jobs: &[],
            canary: None,
            primary: None,
            rollout: None,
            first_of_namespace: None,
            standing: None,
            commit_time_keys: &[],
            scaffolded_keys: &[],
            after_gap: false,
        }
    }
}

/// What is seen of one workload at one instant.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// `Kind/name`.
    pub workload: String,
    /// Uid of the object.
    pub uid: String,
    /// Creation of the object.
    pub created: Option<Timestamp>,
    /// Generation of the object.
    pub generation: i64,
    /// Whether its controller has seen this generation.
    pub is_observed: bool,
    /// The hashes of the pod template.
    pub template: TemplateHashes,
    /// Whether a tool set the resources last.
    pub resources_by_tool: bool,
    /// Latest change of the template, by `managedFields`.
    pub changed_at: Option<Timestamp>,
    /// Revision as the controller counts it.
    pub revision: Option<i64>,
    /// Whether its revisions tell nothing: a promoter adds some without a change of the template.
    pub ignores_revisions: bool,
    /// Whether that revision is known to have the current template. A controller may have seen the
    /// generation and not made its revision yet (`Recreate`).
    pub is_revision_current: bool,
    /// Whether the revision of the current template ran before.
    pub is_reused: bool,
    /// Creation of the revision of the current template, unless it is re-used.
    pub revision_created: Option<Timestamp>,
    /// Templates of earlier revisions, oldest first.
    pub earlier: Vec<TemplateHashes>,
    /// Whether the rollout is paused.
    pub is_paused: bool,
    /// How far the rollout is.
    pub readiness: Readiness,
    /// Whether the workload itself would show a failure: a container has a readiness or startup probe, jobs
    /// end, or a canary is analysed.
    pub shows_failure: bool,
    /// Since when incidents of its namespace arrive. The planner knows it, not the objects.
    pub incidents_since: Option<Timestamp>,
    /// The stamped commit time.
    pub commit_time: Stamp,
    /// When a scaffolder created the service.
    pub scaffolded_at: Option<Timestamp>,
    /// `goldenpath.dev/started-at`.
    pub started_at: Option<Timestamp>,
    /// As in [`Objects`].
    pub first_of_namespace: Option<Timestamp>,
    /// As in [`Objects`].
    pub standing: Option<Status>,
    /// As in [`Objects`].
    pub after_gap: bool,
}

/// A stamped commit time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// No annotation.
    Absent,
    /// The annotation is not a date.
    Unreadable,
    /// A date.
    At(Timestamp),
}

impl Seen {
    /// Whether the controller that decides took back the current template.
    pub fn is_withdrawn(&self) -> bool {
        match &self.readiness {
            Readiness::Reported(reported) => reported.is_withdrawn,
            Readiness::Pods(_) | Readiness::Jobs(_) => false,
        }
    }

    /// The same, of a workload about which another controller decides. That one's statement comes with a later
    /// look: when this was seen, its outcome was open.
    #[must_use]
    pub fn undecided(mut self, later: &Self) -> Self {
        self.readiness = Readiness::Reported(Reported::default());
        self.shows_failure |= later.shows_failure;
        self.is_paused = later.is_paused;
        self
    }
}

impl Stamp {
    /// The date.
    pub fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Absent | Self::Unreadable => None,
        }
    }

    fn read(text: &str) -> Self {
        let text = text.trim();
        let seconds = text
            .parse()
            .ok()
            .and_then(|at| Timestamp::from_second(at).ok());
        match text.parse().ok().or(seconds) {
            Some(at) => Self::At(at),
            None => Self::Unreadable,
        }
    }
}

/// The image of the first container, if the workload has this template.
pub fn first_image(workload: &Value, template: &TemplateHashes) -> Option<String> {
    let found = template_of(workload).filter(|found| hashes(found) == *template)?;
    let image = found["spec"]["containers"][0]["image"].as_str()?;
    Some(image.to_owned())
}

/// Reads the objects. None if the workload has no uid or pod template, or if Flagger generates it: its
/// rollouts are counted on the workload that the canary targets.
pub fn read(objects: &Objects) -> Option<Seen> {
    let workload = objects.workload;
    let uid = workload["metadata"]["uid"].as_str()?.to_owned();
    let template = template_of(workload)?;
    if is_generated(workload) || !template["spec"]["containers"].is_array() {
        return None;
    }
    let generation = workload["metadata"]["generation"].as_i64().unwrap_or(0);
    // Each time that Flagger scales a `DaemonSet`, its controller counts a revision of the same template.
    let ignores_revisions = objects.canary.is_some() && workload["kind"] == "DaemonSet";
    let revisions = if ignores_revisions {
        Revisions::default()
    } else {
        Revisions::read(objects, &uid)
    };
    let mut content = hashes(template);
    if let Some(at) = workload["spec"]["restartAt"].as_str() {
        content = with_restart(content, at);
    }
    let readiness = readiness::read(objects, &uid);
    let is_current = revisions.template.as_ref() == Some(&content);
    Some(Seen {
        workload: format!(
            "{}/{}",
            text(&workload["kind"]),
            text(&workload["metadata"]["name"])
        ),
        created: time(&workload["metadata"]["creationTimestamp"]),
        generation,
        is_observed: is_observed(workload, generation)
            && objects
                .rollout
                .is_none_or(|rollout| has_observed(rollout, generation)),
        resources_by_tool: resources_by_tool(workload),
        changed_at: changed_at(workload),
        revision: revisions.current,
        ignores_revisions,
        is_revision_current: is_current,
        is_reused: is_current && revisions.is_reused,
        revision_created: revisions
            .created
            .filter(|_| is_current && !revisions.is_reused),
        earlier: revisions.earlier,
        is_paused: objects.rollout.unwrap_or(workload)["spec"]["paused"] == true,
        shows_failure: has_probe(template)
            || matches!(readiness, Readiness::Jobs(_))
            || objects
                .canary
                .is_some_and(|canary| canary["spec"]["skipAnalysis"] != true),
        incidents_since: None,
        readiness,
        commit_time: stamp(workload, objects.commit_time_keys, keys::COMMIT_TIME)
            .map_or(Stamp::Absent, Stamp::read),
        scaffolded_at: stamp(workload, objects.scaffolded_keys, keys::SCAFFOLDED_AT)
            .and_then(|text| text.trim().parse().ok()),
        started_at: time(&workload["metadata"]["annotations"][keys::STARTED_AT]),
        first_of_namespace: objects.first_of_namespace,
        standing: objects.standing,
        after_gap: objects.after_gap,
        template: content,
        uid,
    })
}

/// Whether Flagger generates this workload from another one.
pub fn is_generated(workload: &Value) -> bool {
    let owners = workload["metadata"]["ownerReferences"].as_array();
    owners.into_iter().flatten().any(|owner| {
        owner["kind"] == "Canary" && text(&owner["apiVersion"]).starts_with("flagger.app/")
    })
}

/// The pod template of a workload, or of the jobs of a `CronJob`.
fn template_of(workload: &Value) -> Option<&Value> {
    let spec = &workload["spec"];
    let of_jobs = spec["jobTemplate"]["spec"].get("template");
    spec.get("template").or(of_jobs)
}

/// A `CronJob` has no `observedGeneration`.
fn is_observed(workload: &Value, generation: i64) -> bool {
    let observed = stated_generation(&workload["status"]["observedGeneration"]);
    let has_none = workload["kind"] == "CronJob";
    observed.map_or(has_none, |observed| observed >= generation)
}

/// Whether the status of an Argo `Rollout` is about this generation of the workload that it refers to. Its
/// own generation stays when the other one grows.
fn has_observed(rollout: &Value, generation: i64) -> bool {
    let own = rollout["metadata"]["generation"].as_i64().unwrap_or(0);
    let of_workload = stated_generation(&rollout["status"]["workloadObservedGeneration"]);
    is_observed(rollout, own) && of_workload == Some(generation)
}

/// Argo Rollouts writes generations as strings.
fn stated_generation(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The revisions that the cluster still knows.
#[derive(Default)]
struct Revisions {
    current: Option<i64>,
    template: Option<TemplateHashes>,
    is_reused: bool,
    created: Option<Timestamp>,
    earlier: Vec<TemplateHashes>,
}

struct Revision<'a> {
    number: i64,
    created: Option<Timestamp>,
    has_history: bool,
    object: &'a Value,
}

impl Revisions {
    fn read(objects: &Objects, uid: &str) -> Self {
        let workload = objects.workload;
        let mut known: Vec<Revision> = objects
            .revisions
            .iter()
            .filter(|object| is_owned(object, uid))
            .filter_map(Revision::read)
            .collect();
        known.sort_by_key(|revision| revision.number);
        let stated = annotated_number(workload);
        let updating = workload["status"]["updateRevision"].as_str();
        let current = known.iter().rfind(|revision| match (stated, updating) {
            (Some(number), _) => revision.number == number,
            (None, Some(name)) => revision.object["metadata"]["name"] == name,
            (None, None) => true,
        });
        let number = stated.or(current.map(|revision| revision.number));
        let created = current.and_then(|revision| revision.created);
        // Revisions are read after the workload: a later one is younger and no sign of a re-used one.
        let is_reused = current.is_some_and(|current| {
            let mut before = known.iter().filter(|it| it.number < current.number);
            current.has_history || before.any(|it| it.created > created)
        });
        let earlier = known
            .iter()
            .filter(|revision| Some(revision.number) < number);
        Self {
            current: number,
            template: current.and_then(Revision::template),
            is_reused,
            created,
            earlier: earlier.filter_map(Revision::template).collect(),
        }
    }
}

impl<'a> Revision<'a> {
    /// Reads a `ReplicaSet` or a `ControllerRevision`.
    fn read(object: &'a Value) -> Option<Self> {
        let annotations = &object["metadata"]["annotations"];
        let has_history = REVISION_KEYS
            .iter()
            .any(|(_, history)| !text(&annotations[*history]).is_empty());
        Some(Self {
            number: object["revision"]
                .as_i64()
                .or_else(|| annotated_number(object))?,
            created: time(&object["metadata"]["creationTimestamp"]),
            has_history,
            object,
        })
    }

    fn template(&self) -> Option<TemplateHashes> {
        let of_data = self.object["data"]["spec"].get("template");
        self.object["spec"].get("template").or(of_data).map(hashes)
    }
}

fn annotated_number(object: &Value) -> Option<i64> {
    let annotations = &object["metadata"]["annotations"];
    REVISION_KEYS
        .iter()
        .find_map(|(number, _)| annotations[*number].as_str()?.parse().ok())
}

fn is_owned(object: &Value, uid: &str) -> bool {
    let owners = object["metadata"]["ownerReferences"].as_array();
    owners.is_some_and(|owners| owners.iter().any(|owner| owner["uid"] == uid))
}

/// Entries of `managedFields` for the template, without those of subresources.
fn template_managers(workload: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let entries = workload["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten().filter_map(|entry| {
        let is_main = text(&entry["subresource"]).is_empty();
        let spec = &entry["fieldsV1"]["f:spec"];
        let of_jobs = spec["f:jobTemplate"]["f:spec"].get("f:template");
        let fields = spec.get("f:template").or(of_jobs)?;
        is_main.then_some((entry, fields))
    })
}

fn changed_at(workload: &Value) -> Option<Timestamp> {
    let times = template_managers(workload).filter_map(|(entry, _)| time(&entry["time"]));
    times.max()
}

fn resources_by_tool(workload: &Value) -> bool {
    let of_resources = template_managers(workload).filter(|(_, fields)| {
        let containers = fields["f:spec"]["f:containers"].as_object();
        containers.is_some_and(|all| all.values().any(|own| own.get("f:resources").is_some()))
    });
    let latest = of_resources.max_by_key(|(entry, _)| time(&entry["time"]));
    latest.is_some_and(|(entry, _)| RESOURCE_TOOLS.contains(&text(&entry["manager"])))
}

fn has_probe(template: &Value) -> bool {
    let containers = template["spec"]["containers"].as_array();
    containers.into_iter().flatten().any(|container| {
        container["readinessProbe"].is_object() || container["startupProbe"].is_object()
    })
}

fn stamp<'a>(workload: &'a Value, stamp_keys: &[String], default: &str) -> Option<&'a str> {
    let annotations = &workload["metadata"]["annotations"];
    if stamp_keys.is_empty() {
        return annotations[default].as_str();
    }
    stamp_keys.iter().find_map(|key| annotations[key].as_str())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.trim().parse().ok()
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_i64()?).ok()
}
