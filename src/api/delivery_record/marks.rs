//! Durable marks of a `DeliveryRecord`: what the operator must know after a restart to count every
//! rollout once and to recognise a rollback. They mean nothing to users.

#![allow(clippy::struct_excessive_bools)] // each is a fact of its own

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::RolloutCause;
use crate::api::Instant;

/// Most earlier revisions in one record.
pub const MOST_REVISIONS: usize = 10;

/// The revision up to which rollouts are counted.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Uid of the workload.
    #[schemars(length(max = 64))]
    pub uid: String,
    /// Creation of the workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Instant>,
    /// Generation of the workload. It may be older than the last one seen: one that is not a rollout,
    /// such as scaling, is not written.
    pub generation: i64,
    /// Revision as the workload's controller counts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// Template changes seen since `revision`, while the controller has not counted them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<u32>,
    /// Time up to which rollouts are counted.
    pub at: Instant,
    /// The latest template.
    pub template: TemplateHashes,
    /// The template that was available last; absent before the first availability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<TemplateHashes>,
    /// Number of the rollout that made `available` available; absent if it ran before the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<u32>,
    /// Number of the rollout of `template`, if it exceeded its deadline and did not become available
    /// since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<u32>,
    /// Commit time in force since the last availability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_time: Option<Instant>,
    /// Earlier revisions, oldest first, `available` included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub revisions: Vec<EarlierRevision>,
}

/// Hashes of the parts of a pod template.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct TemplateHashes {
    /// Version of the hashes; those of different versions cannot be compared.
    pub version: u32,
    /// Names, images, commands and arguments of containers.
    #[schemars(length(max = 16))]
    pub release: String,
    /// Digests of images that also have a tag; `-` stands for a missing one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 300))]
    pub digests: String,
    /// Everything that belongs to no other part.
    #[schemars(length(max = 16))]
    pub config: String,
    /// Resources of containers.
    #[schemars(length(max = 16))]
    pub resources: String,
    /// What the platform adds: sidecars and mesh annotations.
    #[schemars(length(max = 16))]
    pub platform: String,
    /// Keys that only restart pods.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 16))]
    pub restart: String,
}

/// A revision that ran before.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct EarlierRevision {
    /// Its `release` hash.
    #[schemars(length(max = 16))]
    pub release: String,
    /// Its image digests.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 300))]
    pub digests: String,
    /// Its `config` hash.
    #[schemars(length(max = 16))]
    pub config: String,
    /// Its `resources` hash.
    #[schemars(length(max = 16))]
    pub resources: String,
    /// Whether it exceeded its deadline or was replaced by a rollback.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
}

/// The rollout in progress.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct OpenRollout {
    /// What it changes; absent if it repeats a failed revision, which is not counted again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<RolloutCause>,
    /// Time of the change.
    pub started_at: Instant,
    /// Time from which its template runs; absent while it runs nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs_from: Option<Instant>,
    /// Whether its template ran nowhere at the latest look: it waits without replicas, or for its schedule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub idle: bool,
    /// Commit time of the current template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_time: Option<Instant>,
    /// Oldest commit time of the templates that this one replaced before they were available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_commit_time: Option<Instant>,
    /// Status of the workload before the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    pub standing: Option<String>,
    /// Number of the rollout that this one repairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rework_of: Option<u32>,
    /// Whether it replaced a rollout that never became available.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replaces: bool,
    /// Whether it waited at zero replicas, so that its availability has no time in the workload's status.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waited: bool,
    /// Whether the operator saw it in progress.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen_in_progress: bool,
    /// Whether an incident older than this rollout had arrived from its namespace when the rollout began.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incidents_arrive: bool,
    /// Latest gain of updated or available replicas, for kinds without a deadline of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// Latest gain of updated or available replicas.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Sum of updated and available replicas.
    pub replicas: u32,
    /// Time of the gain.
    pub at: Instant,
}
