//! Drafts exceptions from the ignores of other tools. Path and steps come from the judgement; fields
//! that only a person can fill stay open and are marked; an ignore that maps to no step is reported.
//! First reviews are spread over time. Nothing is read or written here.

mod check_map;
mod manifest;
mod spread;

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Instant;
use jiff::Timestamp;
use kube::core::ObjectMeta;
use serde::Serialize;

use crate::api::deviation_exception::{Disposition, OwnershipCost, Target};
use crate::api::golden_path::{ExceptionPolicy, Owner};
use crate::api::{API_VERSION, DeviationException, DeviationExceptionSpec};
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::assess::source::Problem;
use crate::report::document::{Report, Workload};
use crate::report::draft::{self, MissingField};
use crate::report::voice::{self, counted, day};

pub use check_map::CheckMap;
pub use manifest::{Manifest, yaml};

/// `kind` of an import.
pub const KIND: &str = "ExceptionImport";

/// A tool whose ignores can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// kube-linter.
    KubeLinter,
    /// kube-score.
    KubeScore,
    Polaris,
    Kyverno,
}

impl Tool {
    /// Prefix of this tool's checks.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KubeLinter => "kube-linter",
            Self::KubeScore => "kube-score",
            Self::Polaris => "polaris",
            Self::Kyverno => "kyverno",
        }
    }
}

/// A workload, as the report names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadRef {
    pub namespace: String,
    pub kind: String,
    pub name: String,
}

/// An ignore of another tool, for some workloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Where it was found.
    pub source: String,
    pub tool: Tool,
    /// Its form in the manifest, such as the annotation's key.
    pub written: String,
    /// The workloads it is about.
    pub workloads: BTreeSet<WorkloadRef>,
    /// The tool's checks; none means all of them.
    pub checks: Vec<String>,
    /// The reason, if given.
    pub reason: Option<String>,
    /// The end, if given.
    pub until: Option<Timestamp>,
    pub ticket: Option<String>,
}

/// Result of an import.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always [`KIND`].
    pub kind: &'static str,
    /// One draft for each workload, in order.
    pub drafts: Vec<Draft>,
    /// Ignores that map to no step or need no exception, and files that could not be read.
    pub problems: Vec<Problem>,
}

/// A drafted exception.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The exception; fields that are open are absent.
    pub exception: Manifest,
    /// The open fields, which only a person can fill.
    pub todo: Vec<&'static str>,
    /// What it was drafted from.
    pub sources: Vec<String>,
}

/// Inputs of an import.
#[derive(Clone, Debug)]
pub struct ImportInputs<'a> {
    /// The report on the workloads.
    pub report: &'a Report,
    /// The rules of the paths, by name.
    pub policies: BTreeMap<String, ExceptionPolicy>,
    /// Maps checks of other tools to our steps.
    pub steps: &'a CheckMap,
    /// The user who asks, if known.
    pub requested_by: Option<String>,
}

/// Drafts one exception for each workload with waivers.
pub fn import(waivers: &[Waiver], inputs: &ImportInputs<'_>) -> Import {
    let mut problems = Vec::new();
    let mut grouped = BTreeMap::<WorkloadRef, WorkloadWaivers<'_>>::new();
    for waiver in waivers {
        for named in &waiver.workloads {
            match opened(waiver, named, inputs) {
                Ok((workload, found)) => {
                    problems.extend(found.unmet);
                    if !found.checks.is_empty() {
                        let group = grouped
                            .entry(named.clone())
                            .or_insert_with(|| WorkloadWaivers::of(workload));
                        group.checks.extend(found.checks);
                        group.waivers.push(waiver);
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems.sort();
    problems.dedup();
    let grouped: Vec<_> = grouped.into_values().collect();
    Import {
        api_version: API_VERSION,
        kind: KIND,
        drafts: drafted(&grouped, inputs),
        problems,
    }
}

/// The waivers of one workload.
struct WorkloadWaivers<'a> {
    workload: &'a Workload,
    checks: BTreeSet<String>,
    waivers: Vec<&'a Waiver>,
}

impl<'a> WorkloadWaivers<'a> {
    fn of(workload: &'a Workload) -> Self {
        Self {
            workload,
            checks: BTreeSet::new(),
            waivers: Vec::new(),
        }
    }

    fn path(&self) -> &'a str {
        self.workload.path.as_deref().unwrap_or_default()
    }

    fn key(&self) -> String {
        let workload = self.workload;
        format!("{}/{}/{}", workload.namespace, workload.kind, workload.name)
    }
}

/// The workload a waiver names, and the steps it maps to.
fn opened<'a>(
    waiver: &Waiver,
    named: &WorkloadRef,
    inputs: &ImportInputs<'a>,
) -> Result<(&'a Workload, check_map::MappedChecks), Problem> {
    let workloads = inputs.report.workloads.iter();
    let mut same = workloads.filter(|workload| {
        workload.namespace == named.namespace
            && workload.kind == named.kind
            && workload.name == named.name
    });
    let refused = |why: &str| Problem::new(&waiver.source, format!("{}: {why}", waiver.written));
    let as_of = inputs.report.as_of;
    if let Some(ended) = waiver.until.filter(|until| *until <= as_of) {
        let on = day(ended, as_of);
        return Err(refused(&format!("ended {on}, so it excuses nothing")));
    }
    let Some(workload) = same.next() else {
        let WorkloadRef { kind, name, .. } = named;
        return Err(refused(&format!("{kind} {name} is not judged")));
    };
    if workload.path.is_none() {
        let target = voice::target(workload);
        return Err(refused(&format!(
            "no golden path applies to {target}, so there is nothing to except"
        )));
    }
    Ok((workload, inputs.steps.found(waiver, workload)))
}

fn drafted(grouped: &[WorkloadWaivers<'_>], inputs: &ImportInputs<'_>) -> Vec<Draft> {
    let ends = first_reviews(grouped, inputs);
    let mut taken: BTreeSet<(String, String)> = inputs
        .report
        .exceptions
        .iter()
        .map(|line| (line.namespace.clone(), line.name.clone()))
        .collect();
    let drafts = grouped.iter().zip(ends).map(|(group, end)| {
        let name = free_name(group, &mut taken);
        draft_of(group, name, end, inputs)
    });
    drafts.collect()
}

/// First review of each draft: spread over the review interval of its path, or the end of the
/// tool's own ignore if that is earlier.
fn first_reviews(grouped: &[WorkloadWaivers<'_>], inputs: &ImportInputs<'_>) -> Vec<Timestamp> {
    let mut by_path = BTreeMap::<&str, Vec<usize>>::new();
    for (index, group) in grouped.iter().enumerate() {
        by_path.entry(group.path()).or_default().push(index);
    }
    let mut ends = vec![inputs.report.as_of; grouped.len()];
    for (path, indexes) in by_path {
        let policy = inputs.policies.get(path).cloned().unwrap_or_default();
        let keys: Vec<String> = indexes.iter().map(|index| grouped[*index].key()).collect();
        let spread = spread::first_reviews(&keys, &policy, inputs.report.as_of);
        for (index, end) in indexes.into_iter().zip(spread) {
            let stated = grouped[index].waivers.iter().filter_map(|w| w.until).min();
            ends[index] = stated.map_or(end, |stated| stated.min(end));
        }
    }
    ends
}

/// Workload and `imported`, with a number where that name is taken.
fn free_name(group: &WorkloadWaivers<'_>, taken: &mut BTreeSet<(String, String)>) -> String {
    let workload = group.workload;
    let stem = format!("{}-imported", workload.name);
    let mut number = 1;
    loop {
        let ending = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let name = draft::dns_name(&stem, &ending);
        if taken.insert((workload.namespace.clone(), name.clone())) {
            return name;
        }
        number += 1;
    }
}

fn draft_of(
    group: &WorkloadWaivers<'_>,
    name: String,
    end: Timestamp,
    inputs: &ImportInputs<'_>,
) -> Draft {
    let workload = group.workload;
    let reason = reason(&group.waivers);
    let is_owned = workload.team != UNKNOWN_TEAM;
    let open: Vec<MissingField> = [
        (MissingField::Reason, draft::is_reason(&reason)),
        (MissingField::Cost, false),
        (MissingField::Owner, is_owned),
    ]
    .into_iter()
    .filter(|(_, is_given)| !is_given)
    .map(|(question, _)| question)
    .collect();
    let exception = DeviationException {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some(workload.namespace.clone()),
            ..ObjectMeta::default()
        },
        spec: DeviationExceptionSpec {
            requested_by: inputs.requested_by.clone(),
            expires_at: Some(Instant(end)),
            ticket: group.waivers.iter().find_map(|w| w.ticket.clone()),
            ..spec(group, reason)
        },
        status: None,
    };
    let sources = group.waivers.iter().map(|waiver| {
        let quoted = waiver
            .reason
            .as_ref()
            .filter(|reason| !reason.is_empty())
            .map_or_else(String::new, |reason| format!(" (“{reason}”)"));
        format!("{}: {}{quoted}", waiver.source, waiver.written)
    });
    Draft {
        todo: open.iter().map(|question| question.field()).collect(),
        exception: Manifest::new(&exception, &open),
        sources: sources.collect(),
    }
}

fn spec(group: &WorkloadWaivers<'_>, reason: String) -> DeviationExceptionSpec {
    let workload = group.workload;
    let checks = workload
        .checks
        .iter()
        .map(|check| &check.name)
        .filter(|name| group.checks.contains(*name));
    DeviationExceptionSpec {
        path: group.path().to_owned(),
        checks: checks.cloned().collect(),
        targets: vec![Target {
            group: None,
            kind: workload.kind.clone(),
            name: workload.name.clone(),
        }],
        selector: None,
        max_workloads: None,
        category: None,
        disposition: Some(Disposition::Waiver),
        reason,
        owner: Owner {
            team: workload.team.clone(),
            contact: None,
        },
        ticket: None,
        requested_by: None,
        ownership_cost: OwnershipCost {
            hours_per_month: 0.0,
            one_off_hours: None,
            description: None,
        },
        would_return_if: None,
        waits_for: Vec::new(),
        review_every: None,
        expires_at: None,
        bound_to: None,
        approval: None,
        reviews: Vec::new(),
        renewal: None,
    }
}

/// The reasons of all waivers, each once.
fn reason(waivers: &[&Waiver]) -> String {
    let mut reasons: Vec<&str> = Vec::new();
    for reason in waivers.iter().filter_map(|w| w.reason.as_deref()) {
        let reason = reason.trim().trim_end_matches('.');
        if !reason.is_empty() && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() {
        return String::new();
    }
    reasons.join("; ") + "."
}

/// One line that counts drafts and open fields.
pub fn summary(import: &Import) -> String {
    let open: usize = import.drafts.iter().map(|draft| draft.todo.len()).sum();
    let drafts = counted(import.drafts.len(), "draft");
    let unmet = counted(import.problems.len(), "note");
    match open {
        0 => format!("{drafts}, {unmet}"),
        open => format!(
            "{drafts}, {unmet}; missing: {}, each marked # TODO",
            counted(open, "field")
        ),
    }
}

/// Comments above a draft: its sources and its first review.
fn preamble(draft: &Draft, as_of: Timestamp) -> Vec<String> {
    let mut lines: Vec<String> = draft
        .sources
        .iter()
        .map(|source| format!("imported from {source}"))
        .collect();
    lines.extend(draft.exception.ends.map(|end| {
        format!(
            "expires {}: review it then, and renew it or return to the path",
            day(end, as_of)
        )
    }));
    lines
}

#[cfg(test)]
mod tests;
