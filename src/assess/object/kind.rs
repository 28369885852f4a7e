//! Watched kinds of workloads, and the identity of one workload. Kinds are data: built-in ones are listed
//! here, extra ones come from flags and discovery. No kind has behaviour of its own.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use crate::api::golden_path::KindRef;

/// A watched kind of workload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatchedKind {
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// API group, such as `apps`.
    pub group: String,
    /// Version in which objects are read.
    pub version: String,
    /// Name in URLs, such as `deployments`.
    pub plural: String,
}

impl WatchedKind {
    /// The kinds that every cluster has: Deployment, StatefulSet, DaemonSet and CronJob.
    pub fn built_in() -> Vec<Arc<Self>> {
        [
            ("Deployment", "apps", "deployments"),
            ("StatefulSet", "apps", "statefulsets"),
            ("DaemonSet", "apps", "daemonsets"),
            ("CronJob", "batch", "cronjobs"),
        ]
        .into_iter()
        .map(|(kind, group, plural)| {
            Arc::new(Self {
                kind: kind.into(),
                group: group.into(),
                version: "v1".into(),
                plural: plural.into(),
            })
        })
        .collect()
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

/// A name that kubectl accepts for a kind: its short name, such as `deploy`, else the lower-case kind.
pub(crate) fn short_name(kind: &str) -> String {
    match kind {
        "Deployment" => "deploy".to_owned(),
        "StatefulSet" => "sts".to_owned(),
        "DaemonSet" => "ds".to_owned(),
        "CronJob" => "cj".to_owned(),
        other => other.to_lowercase(),
    }
}

impl Ord for WatchedKind {
    fn cmp(&self, other: &Self) -> Ordering {
        (&self.kind, &self.group, &self.version).cmp(&(&other.kind, &other.group, &other.version))
    }
}

impl PartialOrd for WatchedKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The kinds that the scope of a golden path names, as it is written.
pub(crate) fn named_by(path: &Value) -> impl Iterator<Item = KindRef> + '_ {
    let kinds = path.pointer("/spec/scope/kinds").and_then(Value::as_array);
    kinds
        .into_iter()
        .flatten()
        .filter_map(|named| serde_json::from_value(named.clone()).ok())
}

/// Identity of a workload. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkloadId {
    /// Namespace of the object.
    pub namespace: Arc<str>,
    /// Kind, shared by all workloads of that kind.
    pub kind: Arc<WatchedKind>,
    /// Name of the object.
    pub name: Arc<str>,
}

impl WorkloadId {
    /// `Deployment/web`, as statuses list it within one namespace.
    pub fn local(&self) -> String {
        format!("{}/{}", self.kind.kind, self.name)
    }
}

impl fmt::Display for WorkloadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.kind.kind, self.name)
    }
}

/// A kind of workload to watch besides the built-in ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtraKind {
    /// Name in URLs, such as `rollouts`.
    pub plural: String,
    /// API group, such as `argoproj.io`.
    pub group: String,
    /// Version, such as `v1alpha1`.
    pub version: String,
}

/// The text does not name a kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{0}' does not name a kind: write PLURAL.GROUP/VERSION, such as rollouts.argoproj.io/v1alpha1"
)]
pub struct InvalidKind(String);

impl fmt::Display for ExtraKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}/{}", self.plural, self.group, self.version)
    }
}

impl FromStr for ExtraKind {
    type Err = InvalidKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .split_once('/')
            .and_then(|(name, version)| Some((name.split_once('.')?, version)))
            .filter(|((plural, group), version)| {
                !plural.is_empty() && !group.is_empty() && version.starts_with('v')
            });
        let ((plural, group), version) =
            parts.ok_or_else(|| InvalidKind(text.chars().take(80).collect()))?;
        Ok(Self {
            plural: plural.to_ascii_lowercase(),
            group: group.to_owned(),
            version: version.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_named_as_in_urls() {
        let kind: ExtraKind = "rollouts.argoproj.io/v1alpha1".parse().unwrap();
        assert_eq!(
            (kind.plural.as_str(), kind.group.as_str()),
            ("rollouts", "argoproj.io")
        );
        for text in ["Rollout", "rollouts/v1", "rollouts.argoproj.io", ".x/v1"] {
            assert!(text.parse::<ExtraKind>().is_err(), "{text}");
        }
    }
}
