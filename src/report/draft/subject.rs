//! The workloads of one exception, and what they have in common: path, steps and team.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::Refusal;
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::report::document::Workload;
use crate::report::voice;

/// The workloads an exception is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Named workloads, in that order.
    pub named: Vec<Workload>,
    /// Selector of further workloads, if given.
    pub selector: Option<LabelSelector>,
    /// The workloads it selects now.
    pub selected: Vec<Workload>,
}

impl Subject {
    /// All workloads, named ones first.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> {
        self.named.iter().chain(&self.selected)
    }

    /// As commands take them.
    pub(super) fn targets(&self) -> String {
        let targets: Vec<_> = self.workloads().map(voice::target).collect();
        targets.join(" ")
    }

    pub(super) fn first(&self) -> Option<&Workload> {
        self.workloads().next()
    }

    /// The path that judges all of them.
    pub(super) fn path(&self) -> Result<String, Refusal> {
        let mut paths = self
            .workloads()
            .map(|workload| workload.path.as_deref())
            .collect::<BTreeSet<_>>()
            .into_iter();
        match (paths.next().flatten(), paths.next()) {
            (Some(path), None) => Ok(path.to_owned()),
            (None, None) => Err(Refusal::NoPath(self.targets())),
            (_, Some(_)) => Err(Refusal::SeveralPaths(self.targets())),
        }
    }

    /// Steps that any of them fails and that may be excepted, in the path's order.
    pub(super) fn excusable(&self) -> Vec<String> {
        let mut checks = Vec::new();
        for check in self.workloads().flat_map(Workload::excusable) {
            if !checks.contains(&check.name) {
                checks.push(check.name.clone());
            }
        }
        checks
    }

    /// Their team, if it is one and known.
    pub(super) fn team(&self) -> Option<String> {
        let mut teams = self
            .workloads()
            .map(|workload| workload.team.as_str())
            .collect::<BTreeSet<_>>()
            .into_iter();
        let team = teams.next().filter(|team| *team != UNKNOWN_TEAM)?;
        teams.next().is_none().then(|| team.to_owned())
    }
}
