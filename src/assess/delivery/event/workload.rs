//! The workload that an event names, and the workload of the cluster with that name. An event that two
//! workloads match belongs to neither.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::records::Record;
use crate::assess::object::kind::{WatchedKind, WorkloadId, short_name};

/// Longest name of an object, and longer than any kind.
const LONGEST: usize = 253;

/// A workload as an event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedWorkload {
    /// Its namespace.
    pub namespace: String,
    /// Its kind as kubectl accepts it, such as `deployment`; any kind where absent.
    pub kind: Option<String>,
    /// Its name.
    pub name: String,
}

impl NamedWorkload {
    /// Reads `namespace/kind/name`, `namespace/name`, or a name in `namespace`. A leading slash is
    /// dropped. None where a part is empty, or longer than a name can be.
    pub fn read(text: &str, namespace: Option<&str>) -> Option<Self> {
        let parts: Vec<&str> = text.trim().trim_start_matches('/').split('/').collect();
        let (namespace, kind, name) = match parts[..] {
            [namespace, kind, name] => (namespace, Some(kind), name),
            [namespace, name] => (namespace, None, name),
            [name] => (namespace?, None, name),
            _ => return None,
        };
        Self::of(namespace, kind, name)
    }

    /// None where a part is empty, or longer than a name can be.
    pub fn of(namespace: &str, kind: Option<&str>, name: &str) -> Option<Self> {
        let parts = [namespace, name, kind.unwrap_or("any")];
        let are_names = parts.iter().all(|part| (1..=LONGEST).contains(&part.len()));
        are_names.then(|| Self {
            namespace: namespace.to_owned(),
            kind: kind.map(str::to_owned),
            name: name.to_owned(),
        })
    }

    /// The workloads of these kinds that it may name.
    pub fn ids<'a>(
        &'a self,
        kinds: &'a [Arc<WatchedKind>],
    ) -> impl Iterator<Item = WorkloadId> + 'a {
        let named = kinds.iter().filter(|kind| self.is_of(kind));
        named.map(|kind| WorkloadId {
            namespace: self.namespace.as_str().into(),
            kind: kind.clone(),
            name: self.name.as_str().into(),
        })
    }

    fn is_of(&self, kind: &WatchedKind) -> bool {
        self.kind.as_deref().is_none_or(|wanted| {
            let wanted = wanted.to_ascii_lowercase();
            let (resource, group) = match wanted.split_once('.') {
                Some((resource, group)) => (resource, Some(group)),
                None => (wanted.as_str(), None),
            };
            let names = [
                kind.kind.to_ascii_lowercase(),
                kind.plural.to_ascii_lowercase(),
                short_name(&kind.kind),
            ];
            names.iter().any(|name| name == resource)
                && group.is_none_or(|group| group == kind.group)
        })
    }
}

impl fmt::Display for NamedWorkload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{}/{kind}/{}", self.namespace, self.name),
            None => write!(f, "{}/{}", self.namespace, self.name),
        }
    }
}

/// Why an event belongs to no workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoMatch {
    /// No workload has that name.
    Unknown,
    /// Workloads of several kinds have that name.
    Ambiguous,
}

/// The one workload with this name.
///
/// # Errors
/// When there is none, or more than one.
pub fn matching(named: &NamedWorkload, inventory: &Inventory) -> Result<WorkloadId, NoMatch> {
    let namespace = inventory.namespace(&named.namespace);
    let entries = namespace.into_iter().flat_map(|ns| ns.workloads.values());
    let mut ids = entries
        .map(|entry| &entry.workload.id)
        .filter(|id| *id.name == *named.name && named.is_of(&id.kind));
    match (ids.next(), ids.next()) {
        (Some(id), None) => Ok(id.clone()),
        (Some(_), Some(_)) => Err(NoMatch::Ambiguous),
        (None, _) => Err(NoMatch::Unknown),
    }
}

/// The workload whose record has an incident with this identity.
pub fn with_incident(id: &str, inventory: &Inventory) -> Option<WorkloadId> {
    inventory.namespaces().find_map(|(_, ns)| {
        let has_it = |record: &&Arc<Record>| record.packed.has_incident(id);
        let record = ns.records.values().find(has_it)?;
        let mut ids = ns.workloads.values().map(|entry| &entry.workload.id);
        ids.find(|id| record.is_of(&id.kind, &id.name)).cloned()
    })
}

/// A label of alerts that holds the name of a workload, and the kind it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadLabel {
    /// Name of the label.
    pub label: String,
    /// The kind; any where absent.
    pub kind: Option<String>,
}

/// Labels that name their kind, as kube-state-metrics has them.
const KINDS: [&str; 4] = ["deployment", "statefulset", "daemonset", "cronjob"];

impl WorkloadLabel {
    /// The labels that name workloads by default.
    pub fn defaults() -> Vec<Self> {
        let labels = KINDS.iter().chain(&["workload"]);
        labels.filter_map(|label| label.parse().ok()).collect()
    }
}

/// The text names no label.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' does not name a label: write LABEL or LABEL=KIND, such as rollout=Rollout")]
pub struct InvalidLabel(String);

impl FromStr for WorkloadLabel {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidLabel(text.chars().take(80).collect());
        let (label, kind) = match text.split_once('=') {
            Some((label, kind)) => (label.trim(), Some(kind.trim())),
            None => (text.trim(), None),
        };
        if label.is_empty() || kind == Some("") {
            return Err(invalid());
        }
        let kind = kind.or_else(|| KINDS.into_iter().find(|known| *known == label));
        Ok(Self {
            label: label.to_owned(),
            kind: kind.map(str::to_owned),
        })
    }
}

impl fmt::Display for WorkloadLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Some(kind) if *kind != self.label => write!(f, "{}={kind}", self.label),
            Some(_) | None => f.write_str(&self.label),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_is_named_in_three_ways() {
        let read =
            |text, namespace| NamedWorkload::read(text, namespace).map(|named| named.to_string());
        for (text, namespace, named) in [
            (
                "shop/deployment/checkout",
                None,
                Some("shop/deployment/checkout"),
            ),
            ("/shop/checkout", None, Some("shop/checkout")),
            ("checkout", Some("shop"), Some("shop/checkout")),
            ("other/checkout", Some("shop"), Some("other/checkout")),
            ("checkout", None, None),
            ("", Some("shop"), None),
            ("a//b", None, None),
            ("a/b/c/d", None, None),
        ] {
            assert_eq!(read(text, namespace).as_deref(), named, "{text}");
        }
        let longest = "a".repeat(LONGEST);
        assert!(read(&longest, Some("shop")).is_some());
        assert_eq!(read(&format!("{longest}a"), Some("shop")), None);
    }

    #[test]
    fn a_kind_is_named_as_kubectl_accepts_it() {
        let kinds = WatchedKind::built_in();
        let is = |kind: &str| {
            let named = NamedWorkload {
                namespace: "shop".to_owned(),
                kind: Some(kind.to_owned()),
                name: "web".to_owned(),
            };
            let of: Vec<_> = kinds
                .iter()
                .filter(|known| named.is_of(known))
                .map(|known| known.kind.clone())
                .collect();
            of.join(",")
        };
        for kind in ["Deployment", "deployments", "deploy", "deployment.apps"] {
            assert_eq!(is(kind), "Deployment", "{kind}");
        }
        assert_eq!(is("sts"), "StatefulSet");
        assert_eq!(is("deployment.batch"), "");
        assert_eq!(is("pod"), "");
    }

    #[test]
    fn labels_may_name_their_kind() {
        let kind = |text: &str| text.parse::<WorkloadLabel>().map(|label| label.kind);
        assert_eq!(kind("deployment"), Ok(Some("deployment".to_owned())));
        assert_eq!(kind("workload"), Ok(None));
        assert_eq!(kind("rollout=Rollout"), Ok(Some("Rollout".to_owned())));
        for text in ["", "=x", "x=", " "] {
            assert!(kind(text).is_err(), "{text}");
        }
        let defaults: Vec<_> = WorkloadLabel::defaults()
            .iter()
            .map(WorkloadLabel::to_string)
            .collect();
        assert_eq!(
            defaults.join(","),
            "deployment,statefulset,daemonset,cronjob,workload"
        );
    }
}
