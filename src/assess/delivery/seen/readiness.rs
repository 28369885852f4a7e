//! How far a rollout is, as each kind of workload states it: counts of pods, finished jobs, or the words
//! of another controller. Nothing is concluded here.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Objects, hashes, is_owned, number, text, time};
use crate::api::delivery_record::TemplateHashes;
use crate::assess::delivery::promoter::PRIMARY;

/// No progress deadline, as Kubernetes writes it.
const NO_DEADLINE: u64 = i32::MAX as u64;

/// How far a rollout is.
#[derive(Clone, Debug, PartialEq)]
pub enum Readiness {
    /// A kind that runs pods all the time.
    Pods(Pods),
    /// A `CronJob`.
    Jobs(Jobs),
    /// A kind whose controller states it in words.
    Reported(Reported),
}

/// Counts of pods.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Pods {
    /// Pods that are wanted.
    pub desired: u32,
    /// Pods that exist.
    pub total: u32,
    /// Pods of the current template.
    pub updated: u32,
    /// Pods that are available, of any template.
    pub available: u32,
    /// Pods that a partition, or the strategy `OnDelete`, lets become updated now; none for all.
    pub limit: Option<u32>,
    /// Whether its controller watches a progress deadline.
    pub deadline: Deadline,
    /// The condition `Progressing` of a `Deployment`.
    pub progressing: Option<Progressing>,
}

/// Whether a controller watches a progress deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Deadline {
    /// The kind has none.
    #[default]
    Absent,
    /// A `Deployment` that turned it off.
    Disabled,
    /// A `Deployment` with a deadline.
    Watched,
}

/// The condition `Progressing`.
#[derive(Clone, Debug, PartialEq)]
pub struct Progressing {
    /// Whether its status is False.
    pub is_false: bool,
    /// Its reason.
    pub reason: String,
    /// Its `lastUpdateTime`.
    pub updated: Option<Timestamp>,
    /// Its `lastTransitionTime`.
    pub transitioned: Option<Timestamp>,
}

/// Jobs of a `CronJob`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Jobs {
    /// Whether it is suspended.
    pub is_suspended: bool,
    /// How many successful jobs are kept.
    pub successful_kept: u32,
    /// How many failed jobs are kept.
    pub failed_kept: u32,
    /// Scheduled jobs.
    pub scheduled: Vec<Job>,
    /// `lastScheduleTime`.
    pub last_scheduled: Option<Timestamp>,
    /// `lastSuccessfulTime`, which includes jobs that people started.
    pub last_successful: Option<Timestamp>,
}

/// A scheduled job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// The hashes of its template.
    pub template: TemplateHashes,
    /// When it was due.
    pub scheduled: Option<Timestamp>,
    /// When it ended; none while it runs.
    pub ended: Option<Timestamp>,
    /// Whether it succeeded.
    pub is_complete: bool,
}

/// What another controller states, for the template that it has seen.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Reported {
    /// The state it gives the rollout.
    pub state: ReportedState,
    /// When that began.
    pub since: Option<Timestamp>,
    /// An earlier time of the same availability, if it comes after the change.
    pub earlier_since: Option<Timestamp>,
    /// Whether a statement older than the change is about an earlier template.
    pub may_be_stale: bool,
    /// Pods of the current template; none where nothing tells.
    pub updated: Option<u32>,
    /// Whether the controller took back a template that failed: then it runs nowhere.
    pub is_withdrawn: bool,
}

/// The state that another controller gives a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReportedState {
    /// In progress, or unknown.
    #[default]
    Progressing,
    /// Available.
    Available,
    /// Failed.
    Failed,
    /// It waits for people or replicas.
    Waiting,
}

pub(super) fn read(objects: &Objects, uid: &str) -> Readiness {
    let workload = objects.workload;
    let status = &workload["status"];
    if let Some(canary) = objects.canary {
        return Readiness::Reported(canary_states(canary, workload, objects.primary));
    }
    if let Some(rollout) = objects.rollout {
        return Readiness::Reported(argo_rollout(rollout));
    }
    match (text(&workload["apiVersion"]), text(&workload["kind"])) {
        ("apps/v1", "Deployment") => Readiness::Pods(deployment(workload)),
        ("apps/v1", "StatefulSet") => Readiness::Pods(stateful_set(workload)),
        ("apps/v1", "DaemonSet") => Readiness::Pods(daemon_set(status, workload)),
        ("batch/v1", "CronJob") => Readiness::Jobs(jobs(workload, objects.jobs, uid)),
        (api, "Rollout") if api.starts_with("argoproj.io/") => {
            Readiness::Reported(argo_rollout(workload))
        }
        (_, _) => Readiness::Reported(by_conditions(status)),
    }
}

fn count(value: &Value) -> u32 {
    number(value).unwrap_or(0)
}

fn deployment(workload: &Value) -> Pods {
    let (spec, status) = (&workload["spec"], &workload["status"]);
    let deadline = spec["progressDeadlineSeconds"].as_u64();
    let progressing = condition(status, "Progressing").map(|condition| Progressing {
        is_false: condition["status"] == "False",
        reason: text(&condition["reason"]).to_owned(),
        updated: time(&condition["lastUpdateTime"]),
        transitioned: time(&condition["lastTransitionTime"]),
    });
    Pods {
        desired: number(&spec["replicas"]).unwrap_or(1),
        total: count(&status["replicas"]),
        updated: count(&status["updatedReplicas"]),
        available: count(&status["availableReplicas"]),
        limit: None,
        deadline: if deadline.is_none_or(|seconds| seconds < NO_DEADLINE) {
            Deadline::Watched
        } else {
            Deadline::Disabled
        },
        progressing,
    }
}

fn stateful_set(workload: &Value) -> Pods {
    let (spec, status) = (&workload["spec"], &workload["status"]);
    let desired = number(&spec["replicas"]).unwrap_or(1);
    let strategy = &spec["updateStrategy"];
    let updated = count(&status["updatedReplicas"]);
    let partition = count(&strategy["rollingUpdate"]["partition"]);
    Pods {
        desired,
        total: count(&status["replicas"]),
        updated,
        available: number(&status["availableReplicas"])
            .unwrap_or_else(|| count(&status["readyReplicas"])),
        limit: if strategy["type"] == "OnDelete" {
            Some(updated)
        } else {
            (partition > 0).then(|| desired.saturating_sub(partition))
        },
        deadline: Deadline::Absent,
        progressing: None,
    }
}

fn daemon_set(status: &Value, workload: &Value) -> Pods {
    let updated = count(&status["updatedNumberScheduled"]);
    let is_on_delete = workload["spec"]["updateStrategy"]["type"] == "OnDelete";
    Pods {
        desired: count(&status["desiredNumberScheduled"]),
        total: count(&status["currentNumberScheduled"]),
        updated,
        available: count(&status["numberAvailable"]),
        limit: is_on_delete.then_some(updated),
        deadline: Deadline::Absent,
        progressing: None,
    }
}

fn condition<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    let mut conditions = status["conditions"].as_array()?.iter();
    conditions.find(|condition| condition["type"] == kind)
}

fn is_true(status: &Value, kind: &str) -> bool {
    condition(status, kind).is_some_and(|condition| condition["status"] == "True")
}

fn jobs(workload: &Value, jobs: &[Value], uid: &str) -> Jobs {
    let (spec, status) = (&workload["spec"], &workload["status"]);
    Jobs {
        is_suspended: spec["suspend"] == true,
        successful_kept: number(&spec["successfulJobsHistoryLimit"]).unwrap_or(3),
        failed_kept: number(&spec["failedJobsHistoryLimit"]).unwrap_or(1),
        scheduled: jobs
            .iter()
            .filter(|job| is_owned(job, uid))
            .filter_map(scheduled_job)
            .collect(),
        last_scheduled: time(&status["lastScheduleTime"]),
        last_successful: time(&status["lastSuccessfulTime"]),
    }
}

fn scheduled_job(job: &Value) -> Option<Job> {
    let annotations = &job["metadata"]["annotations"];
    if annotations["cronjob.kubernetes.io/instantiate"] == "manual" {
        return None;
    }
    let complete = condition(&job["status"], "Complete").filter(|it| it["status"] == "True");
    let failed = condition(&job["status"], "Failed").filter(|it| it["status"] == "True");
    let end = complete.or(failed);
    let scheduled = time(&annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]);
    Some(Job {
        template: hashes(&job["spec"]["template"]),
        scheduled: scheduled.or_else(|| time(&job["metadata"]["creationTimestamp"])),
        ended: end.and_then(|end| {
            time(&job["status"]["completionTime"]).or_else(|| time(&end["lastTransitionTime"]))
        }),
        is_complete: complete.is_some(),
    })
}

/// An Argo `Rollout`: running while `currentPodHash` differs from `stableRS`.
fn argo_rollout(workload: &Value) -> Reported {
    let status = &workload["status"];
    let is_stable =
        status["currentPodHash"].is_string() && status["currentPodHash"] == status["stableRS"];
    let is_aborted = status["abort"] == true || !status["abortedAt"].is_null();
    let progressing = condition(status, "Progressing");
    let exceeded = progressing.is_some_and(|condition| {
        condition["reason"] == "ProgressDeadlineExceeded" && condition["status"] == "False"
    });
    let is_failed = !is_stable && (is_aborted || exceeded);
    let updated = status["currentPodHash"]
        .is_string()
        .then(|| count(&status["updatedReplicas"]));
    let since = if is_failed {
        time(&status["abortedAt"])
            .or_else(|| progressing.and_then(|it| time(&it["lastTransitionTime"])))
    } else {
        progressing.and_then(|it| time(&it["lastUpdateTime"]))
    };
    let state = if is_failed {
        ReportedState::Failed
    } else if is_stable && status["phase"] == "Healthy" {
        ReportedState::Available
    } else if status["phase"] == "Paused" || workload["spec"]["replicas"] == 0 {
        ReportedState::Waiting
    } else {
        ReportedState::Progressing
    };
    Reported {
        state,
        since,
        earlier_since: None,
        may_be_stale: false,
        updated,
        is_withdrawn: is_failed && is_aborted,
    }
}

/// A Flagger canary states its phase without a generation. While it is `Failed`, Flagger renews
/// `lastTransitionTime` and `lastAppliedSpec` at every interval: its condition alone has the time of the
/// failure, and equal hashes mean that people returned to what is promoted.
fn canary_states(canary: &Value, target: &Value, primary: Option<&Value>) -> Reported {
    let status = &canary["status"];
    let phase = text(&status["phase"]);
    let renewed = time(&status["lastTransitionTime"]);
    let begun = condition(status, "Promoted").filter(|it| it["reason"] == phase);
    let begun = begun.and_then(|it| time(&it["lastUpdateTime"])).or(renewed);
    let applied = &status["lastAppliedSpec"];
    let is_returned = applied.is_string() && *applied == status["lastPromotedSpec"];
    let promoted = primary.and_then(|primary| {
        let progressing = condition(&primary["status"], "Progressing")?;
        time(&progressing["lastUpdateTime"])
    });
    let (state, since) = match phase {
        "Failed" if is_returned => (ReportedState::Available, renewed),
        "Failed" => (ReportedState::Failed, begun),
        // A template that came during a promotion has to wait for its own.
        "Succeeded" | "Initialized" if runs_promoted(target, primary) => {
            (ReportedState::Available, begun)
        }
        "Waiting" | "WaitingPromotion" => (ReportedState::Waiting, begun),
        _ => (ReportedState::Progressing, begun),
    };
    Reported {
        state,
        since,
        earlier_since: promoted.filter(|_| state == ReportedState::Available),
        may_be_stale: true,
        updated: Some(updated_pods(target)),
        is_withdrawn: state == ReportedState::Failed,
    }
}

/// The pods that run the template of a canary's target.
fn updated_pods(target: &Value) -> u32 {
    let status = &target["status"];
    count(&status["updatedReplicas"]).max(count(&status["updatedNumberScheduled"]))
}

/// Whether the primary has release and configuration of the target. Flagger adds a suffix to the names of
/// its `ConfigMap`s and `Secret`s.
fn runs_promoted(target: &Value, primary: Option<&Value>) -> bool {
    let content = |workload: &Value| {
        let mut pods = workload["spec"]["template"]["spec"].clone();
        without_suffix(&mut pods);
        let hashes = hashes(&json!({ "spec": pods }));
        (hashes.release, hashes.config)
    };
    primary.is_none_or(|primary| content(primary) == content(target))
}

fn without_suffix(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_suffix(PRIMARY) {
                *text = name.to_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(without_suffix),
        Value::Object(fields) => fields.values_mut().for_each(without_suffix),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Other kinds, by the conditions that controllers share.
fn by_conditions(status: &Value) -> Reported {
    let exceeded = condition(status, "Progressing").is_some_and(|condition| {
        condition["status"] == "False" && condition["reason"] == "ProgressDeadlineExceeded"
    });
    let available = ["Available", "Ready"]
        .into_iter()
        .find(|kind| is_true(status, kind));
    let failed = ["Stalled", "Failed"]
        .into_iter()
        .find(|kind| is_true(status, kind));
    let kind = failed.or(exceeded.then_some("Progressing")).or(available);
    Reported {
        state: if failed.is_some() || exceeded {
            ReportedState::Failed
        } else if available.is_some() {
            ReportedState::Available
        } else {
            ReportedState::Progressing
        },
        since: kind
            .and_then(|kind| condition(status, kind))
            .and_then(|condition| time(&condition["lastTransitionTime"])),
        ..Reported::default()
    }
}
