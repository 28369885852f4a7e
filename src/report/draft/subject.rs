//! The workloads one exception is for, and what they have in common: a path, steps, a team.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::Refusal;
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::report::document::Workload;
use crate::report::voice;

/// The workloads an exception is for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subject {
    /// Those named, in the order they were named.
    pub named: Vec<Workload>,
    /// How further ones are found, where that was asked for.
    pub selector: Option<LabelSelector>,
    /// Those the selector finds now.
    pub selected: Vec<Workload>,
}

impl Subject {
    /// All of them: those named first.
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

    /// The path all of them are judged by.
    pub(super) fn path(&self) -> Result<String, Refusal> {
        let paths: BTreeSet<_> = self.workloads().map(|w| w.path.as_deref()).collect();
        let mut paths = paths.into_iter();
        match (paths.next().flatten(), paths.next()) {
            (Some(path), None) => Ok(path.to_owned()),
            (None, None) => Err(Refusal::NoPath(self.targets())),
            (_, Some(_)) => Err(Refusal::SeveralPaths(self.targets())),
        }
    }

    /// The steps any of them fails that may be excepted, in the path's order.
    pub(super) fn excusable(&self) -> Vec<String> {
        let mut checks = Vec::new();
        for check in self.workloads().flat_map(Workload::excusable) {
            if !checks.contains(&check.name) {
                checks.push(check.name.clone());
            }
        }
        checks
    }

    /// The team they belong to, where it is one.
    pub(super) fn team(&self) -> Option<String> {
        let teams: BTreeSet<_> = self.workloads().map(|w| w.team.as_str()).collect();
        let mut teams = teams.into_iter();
        let team = teams.next().filter(|team| *team != UNKNOWN_TEAM)?;
        teams.next().is_none().then(|| team.to_owned())
    }
}
