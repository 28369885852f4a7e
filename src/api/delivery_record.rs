//! `DeliveryRecord`: the rollouts of one workload, as far as the cluster can prove them. The operator
//! creates one per workload, writes its status on change only, and reads it back after a restart or a
//! failover. Nothing is counted here.

#![allow(clippy::duplicated_attributes)] // every printer column has a name, a type and a path
#![allow(clippy::struct_excessive_bools)] // each is a fact of its own

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Instant, schema};

mod marks;

pub use marks::{EarlierRevision, MOST_REVISIONS, Mark, OpenRollout, Progress, TemplateHashes};

/// Most rollouts listed in one record.
pub const MOST_ROLLOUTS: usize = 20;
/// Most incidents listed in one record.
pub const MOST_INCIDENTS: usize = 16;
/// Most daily counts in one record.
pub const MOST_DAYS: usize = 200;
/// Most durations listed in one daily count.
pub const MOST_DURATIONS: usize = 50;

/// The rollouts of one workload: the latest ones, and counts of 7, 30 and 90 days.
///
/// The operator creates and writes records. A record is deleted with its workload.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[kube(
    group = "goldenpath.dev",
    version = "v1alpha1",
    kind = "DeliveryRecord",
    plural = "deliveryrecords",
    namespaced,
    shortname = "dlv",
    category = "golden-path",
    status = "DeliveryRecordStatus",
    doc = "The rollouts of one workload: the latest ones, and counts of 7, 30 and 90 days.",
    printcolumn(name = "Workload", type_ = "string", json_path = ".status.workload"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.standing"),
    printcolumn(
        name = "Rollouts (30d)",
        type_ = "string",
        json_path = ".status.columns.rollouts"
    ),
    printcolumn(
        name = "Failed",
        type_ = "string",
        json_path = ".status.columns.failed"
    ),
    printcolumn(
        name = "Lead time",
        type_ = "string",
        json_path = ".status.columns.leadTime"
    ),
    printcolumn(
        name = "Recovery",
        type_ = "string",
        json_path = ".status.columns.recovery"
    ),
    printcolumn(name = "Last", type_ = "date", json_path = ".status.lastRolloutAt"),
    printcolumn(
        name = "Rollout",
        type_ = "string",
        json_path = ".status.state",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("self.workload == oldSelf.workload")
        .message("the workload of a record cannot change: delete the record and the operator creates another")
)]
pub struct DeliveryRecordSpec {
    /// The workload whose rollouts are recorded.
    pub workload: RecordedWorkload,
}

/// A workload in the namespace of the record.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct RecordedWorkload {
    /// API group, such as `apps`.
    #[schemars(length(max = 253))]
    pub group: String,
    /// Kind, such as `Deployment`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Name of the workload.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Observed rollouts of the workload.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryRecordStatus {
    /// Generation of the spec that this status describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Conditions: Ready.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schema::conditions")]
    pub conditions: Vec<Condition>,
    /// The workload as kind/name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 317))]
    pub workload: Option<String>,
    /// Status of the workload before its latest change: golden-path, deviating, unknown, unscoped or
    /// ignored. The next rollout counts under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub standing: Option<String>,
    /// State of the current template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RolloutState>,
    /// Texts of the columns that `kubectl get` prints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
    /// Time of the latest rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_rollout_at: Option<Instant>,
    /// The revision up to which rollouts are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// The rollout in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<OpenRollout>,
    /// The latest 20 rollouts, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub rollouts: Vec<Rollout>,
    /// Number of rollouts recorded so far.
    #[serde(default)]
    pub recorded: u32,
    /// The latest incidents, open ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub incidents: Vec<Incident>,
    /// The first time the workload was available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_deploy: Option<FirstDeploy>,
    /// Rollouts that cannot be counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untracked: Option<Untracked>,
    /// Counts by day (UTC) and status, for 90 days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub days: Vec<DayCount>,
    /// Figures of the last 7, 30 and 90 days (UTC), today included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    pub figures: Vec<WindowFigures>,
}

/// State of the current template.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutState {
    /// It is available.
    Available,
    /// Its rollout is in progress.
    Progressing,
    /// Its rollout waits: paused, suspended, or without replicas.
    Waiting,
    /// Its rollout exceeded the deadline.
    Failed,
}

/// Texts of the columns that `kubectl get` prints, for the last 30 days.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Columns {
    /// Releases and configuration changes.
    #[schemars(length(max = 32))]
    pub rollouts: String,
    /// How many of them failed, of those whose failure is visible.
    #[schemars(length(max = 32))]
    pub failed: String,
    /// Median lead time, and the number of rollouts it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub lead_time: Option<String>,
    /// Median recovery time, and the number of failures it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub recovery: Option<String>,
}

/// One rollout: a template that became available, or failed.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Number of the rollout in this record, from 1.
    pub number: u32,
    /// Revision as the workload's controller counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// What changed.
    pub cause: RolloutCause,
    /// Time of the change.
    pub started_at: Instant,
    /// Time from which its template ran, if it waited first: without replicas, paused, held by a partition,
    /// or for the schedule of a CronJob. An incident before that is not linked to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_from: Option<Instant>,
    /// Time at which all replicas were updated and available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_at: Option<Instant>,
    /// Whether `availableAt` is only the time at which the operator noticed it, after it had not watched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noticed_late: bool,
    /// Whether it failed, at any time.
    pub result: RolloutResult,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RolloutFailure>,
    /// Whether Flagger or Argo Rollouts took it back when it failed: from then on, the revision before it runs
    /// alone, and incidents are of that one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
    /// Time of the failure: the deadline, the start of the incident, or the rollout's own availability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Instant>,
    /// End of the failure: the next availability, or the end of the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_at: Option<Instant>,
    /// Whether the failure has no recovery time, because it began or ended while the operator did not
    /// watch: `failedAt` or `recoveredAt` is only the time at which it noticed that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recovery_unknown: bool,
    /// Whether a failure would be visible: by a readiness or startup probe, by the end of a job, by the analysis
    /// of a canary, or by incidents, if one older than this rollout had arrived from its namespace.
    pub failure_visible: bool,
    /// Time of the oldest commit in this rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_time: Option<Instant>,
    /// Why the stamped commit time was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_time_refused: Option<RefusedCommitTime>,
    /// Seconds from `commitTime` to `availableAt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_time: Option<u32>,
    /// Status of the workload before the change, such as golden-path or deviating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub standing: Option<String>,
    /// Number of the rollout that this one repairs. Only the controller's revision is known of a
    /// rollout before the record: then it is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rework_of: Option<u32>,
}

impl Rollout {
    /// Seconds from the failure to its end, once both are known.
    pub fn recovery_time(&self) -> Option<u32> {
        let failure = self.failed_at.zip(self.recovered_at);
        let (failed, recovered) = failure.filter(|_| !self.recovery_unknown)?;
        let seconds = recovered.0.as_second() - failed.0.as_second();
        Some(u32::try_from(seconds.max(0)).unwrap_or(u32::MAX))
    }
}

/// What a rollout changes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RolloutCause {
    /// An image or a command that did not run before.
    Release,
    /// Environment, volumes, probes, resources or another field.
    Config,
    /// Only what the platform sets: sidecars, mesh annotations, a digest of the same tag.
    Platform,
    /// Nothing but a restart.
    Restart,
    /// A return to an earlier revision.
    Rollback,
}

impl RolloutCause {
    /// Every cause.
    pub const ALL: [Self; 5] = [
        Self::Release,
        Self::Config,
        Self::Platform,
        Self::Restart,
        Self::Rollback,
    ];

    /// The word in objects, metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Config => "config",
            Self::Platform => "platform",
            Self::Restart => "restart",
            Self::Rollback => "rollback",
        }
    }

    /// Whether it is a change of the service: the denominator of the change fail rate.
    pub const fn is_change(self) -> bool {
        match self {
            Self::Release | Self::Config => true,
            Self::Platform | Self::Restart | Self::Rollback => false,
        }
    }
}

/// Result of a rollout.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum RolloutResult {
    /// It became available and has not failed.
    Available,
    /// It failed, even if it became available later.
    Failed,
}

impl RolloutResult {
    /// Every result.
    pub const ALL: [Self; 2] = [Self::Available, Self::Failed];

    /// The word in objects, metrics and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Failed => "failed",
        }
    }
}

/// Why a rollout failed.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutFailure {
    /// It exceeded its progress deadline.
    Deadline,
    /// A rollback replaced it within the failure window.
    Undone,
    /// An incident began after it.
    Incident,
}

/// Why a commit time was refused.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedCommitTime {
    /// The stamp is not a date.
    Unreadable,
    /// The commit is younger than the availability of its rollout.
    Negative,
    /// The commit time is in the future.
    Future,
    /// The commit is older than any plausible lead time.
    Absurd,
}

impl RefusedCommitTime {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Unreadable, Self::Negative, Self::Future, Self::Absurd];

    /// The word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Negative => "negative",
            Self::Future => "future",
            Self::Absurd => "absurd",
        }
    }
}

/// An incident of the workload.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Incident {
    /// Identity of the incident at its source.
    #[schemars(length(max = 256))]
    pub id: String,
    /// Start; absent if only the end was reported so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// End; absent while the incident is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Instant>,
    /// Number of the rollout that the incident is linked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<u32>,
}

/// The first time the workload was available.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct FirstDeploy {
    /// Time at which all replicas were available.
    pub at: Instant,
    /// Seconds since `goldenpath.dev/scaffolded-at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_scaffolded: Option<u32>,
    /// Seconds since `goldenpath.dev/started-at`, else since the creation of the namespace if this is
    /// its first workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_started: Option<u32>,
    /// The clock of `sinceStarted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<FirstDeployClock>,
    /// Status of the workload when it was first available, such as golden-path or deviating. Its times
    /// count under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub standing: Option<String>,
}

/// The clock of `sinceStarted`.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstDeployClock {
    /// `goldenpath.dev/started-at`.
    StartedAt,
    /// Creation of the namespace.
    Namespace,
}

/// Rollouts that cannot be counted.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Untracked {
    /// Number of rollouts.
    pub rollouts: u32,
    /// Time at which the latest of them were noticed.
    pub at: Instant,
    /// Why they cannot be counted.
    pub reason: UntrackedReason,
}

/// Why rollouts cannot be counted.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UntrackedReason {
    /// Later revisions replaced them before the operator saw them.
    Replaced,
    /// Their hashes were written by another version of the operator.
    OtherHashes,
}

/// Counts of one day and one status.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct DayCount {
    /// The day in UTC, such as 2026-03-01.
    #[schemars(length(max = 10))]
    pub day: String,
    /// Status of the workload before the rollouts.
    #[schemars(length(max = 32))]
    pub standing: String,
    /// The numbers.
    pub counts: DeliveryCounts,
    /// Lead times in seconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub lead_times: Vec<u32>,
    /// Recovery times in seconds, on the day of the recovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub recovery_times: Vec<u32>,
}

/// Numbers of rollouts.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryCounts {
    /// Releases and configuration changes.
    pub rollouts: u32,
    /// Rollbacks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rollbacks: u32,
    /// Restarts and changes by the platform.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub others: u32,
    /// Releases and configuration changes that failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u32,
    /// Releases and configuration changes whose failure would be visible.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub visible: u32,
    /// How many of the visible ones failed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub visible_failed: u32,
    /// Rollbacks, and releases and configuration changes while a failure was open.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rework: u32,
    /// Rollouts that cannot be counted.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub untracked: u32,
    /// Commit times that were refused.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub refused: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde passes a reference
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// Figures of one window.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct WindowFigures {
    /// Length of the window in days (UTC), today included.
    pub days: u32,
    /// The numbers.
    pub counts: DeliveryCounts,
    /// Median lead time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_time: Option<u32>,
    /// Number of rollouts with a lead time.
    pub lead_times: u32,
    /// Median recovery time in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_time: Option<u32>,
    /// Number of failures with a recovery time.
    pub recovery_times: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use kube::CustomResourceExt;
    use serde_json::{Value, json};

    fn definition() -> Value {
        serde_json::to_value(schema::tidied(DeliveryRecord::crd())).unwrap()
    }

    /// Fields of a schema that the API server refuses in a structural schema, or that are unbounded.
    fn faults(schema: &Value, at: &str, found: &mut Vec<String>) {
        let kind = schema["type"].as_str();
        let is_bounded = match kind {
            Some("string") => ["maxLength", "enum", "format"]
                .iter()
                .any(|key| !schema[*key].is_null()),
            Some("array") => schema["maxItems"].is_u64(),
            Some("integer") => !schema["minimum"].is_null() && !schema["maximum"].is_null(),
            Some("object" | "boolean") => true,
            Some(_) | None => false,
        };
        if !is_bounded || schema["nullable"] == json!(true) {
            found.push(format!("{at}: {schema}"));
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            faults(property, &format!("{at}.{name}"), found);
        }
        if kind == Some("array") {
            faults(&schema["items"], &format!("{at}[]"), found);
        }
    }

    #[test]
    fn the_definition_is_structural_and_bounded() {
        let definition = definition();
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let mut found = Vec::new();
        faults(&schema["properties"]["spec"], "spec", &mut found);
        faults(&schema["properties"]["status"], "status", &mut found);
        assert_eq!(found, [""; 0]);
        for keyword in ["$ref", "oneOf", "anyOf", "definitions"] {
            assert!(
                !schema.to_string().contains(&format!("\"{keyword}\"")),
                "{keyword}"
            );
        }
    }

    #[test]
    fn teams_read_it_with_kubectl_get_dlv() {
        let definition = definition();
        let version = &definition["spec"]["versions"][0];
        let columns: Vec<_> = version["additionalPrinterColumns"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|column| column["priority"].is_null() || column["priority"] == json!(0))
            .map(|column| column["name"].as_str().unwrap().to_uppercase())
            .collect();
        let wanted = "WORKLOAD,STATUS,ROLLOUTS (30D),FAILED,LEAD TIME,RECOVERY,LAST";
        assert_eq!(columns.join(","), wanted);
        assert_eq!(definition["spec"]["names"]["shortNames"], json!(["dlv"]));
        assert_eq!(
            definition["spec"]["names"]["categories"],
            json!(["golden-path"])
        );
        assert_eq!(definition["spec"]["scope"], json!("Namespaced"));
        assert_eq!(version["subresources"], json!({"status": {}}));
    }
}
