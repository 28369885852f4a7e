//! Maps checks of other tools to the steps of a path. The built-in table uses the names of the
//! starter paths; users extend or replace its rows. A check that maps to no step is reported with
//! the step of the nearest name.

use std::collections::{BTreeMap, BTreeSet};

use super::Waiver;
use crate::api::golden_path::Level;
use crate::assess::source::Problem;
use crate::assess::state::{Outcome, Standing};
use crate::assess::wording::nearest;
use crate::report::document::{Check, Workload};
use crate::report::voice::{self, Calendar};

/// Checks of other tools and the steps of the starter paths that ask the same.
const BUILT_IN: [(&str, &[&str]); 31] = [
    ("kube-linter/latest-tag", &["pinned-image"]),
    ("kube-linter/no-readiness-probe", &["readiness-probe"]),
    (
        "kube-linter/unset-memory-requirements",
        &["memory-limit", "memory-request"],
    ),
    ("kube-linter/privileged-container", &["not-privileged"]),
    ("kube-linter/host-network", &["not-privileged"]),
    ("kube-linter/host-pid", &["not-privileged"]),
    ("kube-linter/minimum-three-replicas", &["replicas"]),
    ("kube-linter/run-as-non-root", &["non-root"]),
    ("kube-linter/required-label-owner", &["owner"]),
    ("kube-linter/no-anti-affinity", &["spread"]),
    ("kube-score/container-image-tag", &["pinned-image"]),
    ("kube-score/pod-probes", &["readiness-probe"]),
    (
        "kube-score/container-resources",
        &["memory-limit", "memory-request"],
    ),
    (
        "kube-score/container-security-context",
        &["not-privileged", "non-root"],
    ),
    (
        "kube-score/container-security-context-privileged",
        &["not-privileged"],
    ),
    (
        "kube-score/container-security-context-user-group-id",
        &["non-root"],
    ),
    (
        "kube-score/deployment-has-host-podantiaffinity",
        &["spread"],
    ),
    ("kube-score/deployment-replicas", &["replicas"]),
    ("polaris/tagNotSpecified", &["pinned-image"]),
    ("polaris/readinessProbeMissing", &["readiness-probe"]),
    ("polaris/memoryLimitsMissing", &["memory-limit"]),
    ("polaris/memoryRequestsMissing", &["memory-request"]),
    ("polaris/runAsPrivileged", &["not-privileged"]),
    ("polaris/hostNetworkSet", &["not-privileged"]),
    ("polaris/hostPIDSet", &["not-privileged"]),
    ("polaris/deploymentMissingReplicas", &["replicas"]),
    ("polaris/runAsRootAllowed", &["non-root"]),
    ("kyverno/disallow-latest-tag", &["pinned-image"]),
    ("kyverno/require-pod-probes", &["readiness-probe"]),
    (
        "kyverno/disallow-privileged-containers",
        &["not-privileged"],
    ),
    ("kyverno/require-run-as-nonroot", &["non-root"]),
];

/// The table from other tools' checks to our steps.
#[derive(Clone, Debug)]
pub struct CheckMap(BTreeMap<String, Vec<String>>);

impl Default for CheckMap {
    fn default() -> Self {
        let owned = |steps: &[&str]| steps.iter().map(ToString::to_string).collect();
        let rows = BUILT_IN.iter();
        Self(
            rows.map(|(check, steps)| ((*check).to_owned(), owned(steps)))
                .collect(),
        )
    }
}

/// The steps that one waiver maps to for one workload.
#[derive(Debug, Default)]
pub(super) struct MappedChecks {
    /// Steps to except.
    pub checks: BTreeSet<String>,
    /// Checks that map to no step, or need no exception.
    pub unmet: Vec<Problem>,
}

impl CheckMap {
    /// The table with further rows; a row replaces the earlier one of the same check.
    #[must_use]
    pub fn with(mut self, rows: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        self.0.extend(rows);
        self
    }

    pub(super) fn found(&self, waiver: &Waiver, workload: &Workload) -> MappedChecks {
        let mut found = MappedChecks::default();
        if waiver.checks.is_empty() {
            let open = workload.missing().filter(|check| obstacle(check).is_none());
            found.checks = open.map(|check| check.name.clone()).collect();
            if found.checks.is_empty() {
                let why = "passes every exemptible step, or its exceptions are requested already";
                let message = format!(
                    "{} on {}: it {why}",
                    waiver.written,
                    voice::target(workload)
                );
                found.unmet.push(Problem::new(&waiver.source, message));
            }
            return found;
        }
        for foreign in &waiver.checks {
            self.meet(foreign, waiver, workload, &mut found);
        }
        found
    }

    fn meet(&self, foreign: &str, waiver: &Waiver, workload: &Workload, found: &mut MappedChecks) {
        let note = |why: &str| {
            let (tool, target) = (waiver.tool.as_str(), voice::target(workload));
            let message = format!("{tool}/{foreign} on {target}: {why}");
            Problem::new(&waiver.source, message)
        };
        let meant = self.meant(foreign, waiver, workload);
        if meant.is_empty() {
            let why = unknown(foreign, waiver, workload);
            found.unmet.push(note(&why));
        }
        let open: BTreeSet<String> = meant
            .iter()
            .filter(|check| obstacle(check).is_none())
            .map(|check| check.name.clone())
            .collect();
        // If one of the mapped steps fails, the others need no note.
        let others = meant.iter().filter(|_| open.is_empty());
        for check in others {
            let why = obstacle(check).unwrap_or_default();
            let why = format!("step '{}' {why}", check.name);
            found.unmet.push(note(&why));
        }
        found.checks.extend(open);
    }

    /// The steps of the workload's path that a check maps to: by the table, else by name.
    fn meant<'a>(&self, foreign: &str, waiver: &Waiver, workload: &'a Workload) -> Vec<&'a Check> {
        let key = format!("{}/{foreign}", waiver.tool.as_str());
        let policy = key.rsplit_once('/').map(|(policy, _)| policy);
        let row = self.0.get(&key);
        // A rule of a Kyverno policy means what its policy means.
        let row = row.or_else(|| policy.and_then(|policy| self.0.get(policy)));
        let by_name = [foreign.rsplit('/').next().unwrap_or(foreign).to_owned()];
        let names = row.map_or(&by_name[..], Vec::as_slice);
        let checks = workload.checks.iter();
        checks.filter(|check| names.contains(&check.name)).collect()
    }
}

/// Why an exception from a step is not needed, or not possible.
fn obstacle(check: &Check) -> Option<String> {
    if check.level == Level::Recommended {
        return Some("is only recommended, so it needs no exception".to_owned());
    }
    match check.outcome {
        Outcome::Pass => Some("passes now, so the ignore can be removed".to_owned()),
        Outcome::Announced => {
            let when = check.enforce_from.map_or_else(
                || "does not count yet".to_owned(),
                |from| format!("does not count until {}", Calendar::Stored.day(from)),
            );
            Some(format!(
                "{when}, so it needs no exception yet: import again then"
            ))
        }
        Outcome::Error => Some("could not be evaluated".to_owned()),
        Outcome::Fail if !check.exemptible => {
            Some("has no off-ramp: its path does not allow exceptions from it".to_owned())
        }
        Outcome::Fail if check.standing.is_some_and(Standing::is_excused) => {
            let by = check.exception.as_deref().unwrap_or("an exception");
            Some(format!("is approved already, in {by}"))
        }
        Outcome::Fail if check.standing == Some(Standing::Pending) => {
            let by = check.exception.as_deref().unwrap_or("an exception");
            Some(format!("is requested already, in {by}"))
        }
        Outcome::Fail => None,
    }
}

fn unknown(foreign: &str, waiver: &Waiver, workload: &Workload) -> String {
    let path = workload.path.as_deref().unwrap_or_default();
    let names = || workload.checks.iter().map(|check| check.name.as_str());
    let plain = foreign.rsplit('/').next().unwrap_or(foreign);
    let nearest = nearest(plain, names());
    let step = nearest.unwrap_or("STEP");
    let idea = nearest.map_or_else(
        || format!("its steps are {}", names().collect::<Vec<_>>().join(", ")),
        |name| format!("the nearest is '{name}'"),
    );
    let tool = waiver.tool.as_str();
    format!("path {path} has no step for it; {idea}: set --map {tool}/{foreign}={step}")
}
