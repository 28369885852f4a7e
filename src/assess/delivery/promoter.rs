//! Objects that decide when a new template of a workload takes over: Flagger's `Canary` and an Argo
//! `Rollout` with a `workloadRef`. The template is the workload's, the outcome is theirs. How far a rollout
//! is, `seen` reads.

use serde_json::Value;

use crate::assess::object::kind::{ExtraKind, WatchedKind, WorkloadId};
use crate::assess::settings::Settings;

/// What Flagger appends to the names of what it generates.
pub const PRIMARY: &str = "-primary";

/// A kind of promoter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PromoterKind {
    /// Flagger's `Canary`.
    Canary,
    /// An Argo `Rollout`.
    Rollout,
}

impl PromoterKind {
    /// The promoter that a watched kind may be.
    pub fn of(kind: &WatchedKind) -> Option<Self> {
        let is_rollout = kind.group == "argoproj.io" && kind.kind == "Rollout";
        is_rollout.then_some(Self::Rollout)
    }

    /// The promoter that a kind to be discovered may be.
    pub fn of_extra(kind: &ExtraKind) -> Option<Self> {
        let is_rollout = kind.group == "argoproj.io" && kind.plural == "rollouts";
        is_rollout.then_some(Self::Rollout)
    }

    /// Whether it promotes workloads of this kind.
    pub fn promotes(self, kind: &WatchedKind) -> bool {
        let kinds: &[&str] = match self {
            Self::Canary => &["Deployment", "DaemonSet"],
            Self::Rollout => &["Deployment"],
        };
        kind.group == "apps" && kinds.contains(&kind.kind.as_str())
    }

    /// The workload that a promoter names. None if it names none, or one of another kind.
    pub fn target(self, promoter: &Value, settings: &Settings) -> Option<WorkloadId> {
        let named = match self {
            Self::Canary => &promoter["spec"]["targetRef"],
            Self::Rollout => &promoter["spec"]["workloadRef"],
        };
        let version = named["apiVersion"].as_str().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = settings.kind(Some(group), named["kind"].as_str()?)?;
        self.promotes(kind).then(|| WorkloadId {
            namespace: promoter["metadata"]["namespace"]
                .as_str()
                .unwrap_or_default()
                .into(),
            kind: kind.clone(),
            name: named["name"].as_str().unwrap_or_default().into(),
        })
    }
}

/// A promoter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Promoter {
    /// Its kind.
    pub kind: PromoterKind,
    /// Its namespace, which is that of its target.
    pub namespace: Box<str>,
    /// Its name.
    pub name: Box<str>,
}
