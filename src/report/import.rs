//! From what other tools were told to ignore to draft exceptions: which path and steps are meant is
//! read off the judgement, what only a person can say is left open and marked, and what finds no
//! step of ours is said, never lost. First looks are spread, so that no day gets all of them.
//! Nothing is read or written here; formats of other tools are read elsewhere.

mod manifest;
mod spread;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Instant;
use jiff::Timestamp;
use kube::core::ObjectMeta;
use serde::Serialize;

use crate::api::deviation_exception::{Disposition, OwnershipCost, Target};
use crate::api::golden_path::{ExceptionPolicy, Owner};
use crate::api::{API_VERSION, DeviationException, DeviationExceptionSpec};
use crate::assess::inventory::namespace_index::UNKNOWN_TEAM;
use crate::assess::source::Problem;
use crate::report::document::{Report, Workload};
use crate::report::draft::{self, Question};
use crate::report::voice::{self, counted, day};

pub use manifest::{Manifest, yaml};
pub use steps::Steps;

/// `kind` of an import.
pub const KIND: &str = "ExceptionImport";

/// A tool whose ignores are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// kube-linter.
    KubeLinter,
    /// kube-score.
    KubeScore,
    /// Polaris.
    Polaris,
    /// Kyverno.
    Kyverno,
}

impl Tool {
    /// The name checks of this tool are prefixed with.
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
pub struct Named {
    /// Its namespace.
    pub namespace: String,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// What another tool was told to ignore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Where it was found.
    pub source: String,
    /// The tool.
    pub tool: Tool,
    /// How it is written, such as the annotation's key.
    pub written: String,
    /// The workloads it is about.
    pub workloads: BTreeSet<Named>,
    /// The tool's checks; none means all of them.
    pub checks: Vec<String>,
    /// Why, where somebody said so.
    pub reason: Option<String>,
    /// Until when, where somebody said so.
    pub until: Option<Timestamp>,
    /// A ticket.
    pub ticket: Option<String>,
}

/// What an import came to.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Import {
    /// Always [`API_VERSION`].
    pub api_version: &'static str,
    /// Always [`KIND`].
    pub kind: &'static str,
    /// One draft for each workload, in order.
    pub drafts: Vec<Draft>,
    /// What found no step, or needs none; and what could not be read.
    pub problems: Vec<Problem>,
}

/// A drafted exception.
#[derive(Serialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// The exception; fields that are open are absent.
    pub exception: Manifest,
    /// What only a person can say: the fields that are open.
    pub todo: Vec<&'static str>,
    /// What it was drafted from.
    pub sources: Vec<String>,
}

/// By what drafts are made.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// The report on the workloads.
    pub report: &'a Report,
    /// The rules of the paths, by name.
    pub policies: BTreeMap<String, ExceptionPolicy>,
    /// Which of our steps another tool's check means.
    pub steps: &'a Steps,
    /// Who asks, where that is known.
    pub requested_by: Option<String>,
}

/// The drafts for what other tools were told to ignore.
pub fn import(waivers: &[Waiver], ground: &Ground<'_>) -> Import {
    let mut problems = Vec::new();
    let mut openings = BTreeMap::<Named, Opening<'_>>::new();
    for waiver in waivers {
        for named in &waiver.workloads {
            match opened(waiver, named, ground) {
                Ok((workload, found)) => {
                    problems.extend(found.unmet);
                    if !found.checks.is_empty() {
                        let opening = openings.entry(named.clone());
                        let opening = opening.or_insert_with(|| Opening::of(workload));
                        opening.checks.extend(found.checks);
                        opening.waivers.push(waiver);
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    problems.sort();
    problems.dedup();
    let openings: Vec<_> = openings.into_values().collect();
    Import {
        api_version: API_VERSION,
        kind: KIND,
        drafts: drafted(&openings, ground),
        problems,
    }
}

/// What is drafted for one workload.
struct Opening<'a> {
    workload: &'a Workload,
    checks: BTreeSet<String>,
    waivers: Vec<&'a Waiver>,
}

impl<'a> Opening<'a> {
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

/// What one waiver comes to for one workload.
fn opened<'a>(
    waiver: &Waiver,
    named: &Named,
    ground: &Ground<'a>,
) -> Result<(&'a Workload, steps::Found), Problem> {
    let workloads = ground.report.workloads.iter();
    let mut same = workloads.filter(|workload| {
        workload.namespace == named.namespace
            && workload.kind == named.kind
            && workload.name == named.name
    });
    let refused = |why: &str| Problem::new(&waiver.source, format!("{}: {why}", waiver.written));
    let as_of = ground.report.as_of;
    if let Some(ended) = waiver.until.filter(|until| *until <= as_of) {
        let on = day(ended, as_of);
        return Err(refused(&format!("ended {on}, so it excuses nothing")));
    }
    let Some(workload) = same.next() else {
        let Named { kind, name, .. } = named;
        return Err(refused(&format!("{kind} {name} is not judged")));
    };
    if workload.path.is_none() {
        let target = voice::target(workload);
        return Err(refused(&format!(
            "no golden path is for {target}, so there is nothing to except"
        )));
    }
    Ok((workload, ground.steps.found(waiver, workload)))
}

fn drafted(openings: &[Opening<'_>], ground: &Ground<'_>) -> Vec<Draft> {
    let ends = first_looks(openings, ground);
    let mut taken: BTreeSet<(String, String)> = ground
        .report
        .exceptions
        .iter()
        .map(|line| (line.namespace.clone(), line.name.clone()))
        .collect();
    let drafts = openings.iter().zip(ends).map(|(opening, end)| {
        let name = free_name(opening, &mut taken);
        draft_of(opening, (name, end), ground)
    });
    drafts.collect()
}

/// When each draft is looked at first: spread over the time its path lets pass between reviews,
/// or when the tool's own exception ends, if that is earlier.
fn first_looks(openings: &[Opening<'_>], ground: &Ground<'_>) -> Vec<Timestamp> {
    let mut by_path = BTreeMap::<&str, Vec<usize>>::new();
    for (index, opening) in openings.iter().enumerate() {
        by_path.entry(opening.path()).or_default().push(index);
    }
    let mut ends = vec![ground.report.as_of; openings.len()];
    for (path, indexes) in by_path {
        let policy = ground.policies.get(path).cloned().unwrap_or_default();
        let keys: Vec<String> = indexes.iter().map(|index| openings[*index].key()).collect();
        let spread = spread::first_looks(&keys, &policy, ground.report.as_of);
        for (index, end) in indexes.into_iter().zip(spread) {
            let stated = openings[index].waivers.iter().filter_map(|w| w.until).min();
            ends[index] = stated.map_or(end, |stated| stated.min(end));
        }
    }
    ends
}

/// Workload and `imported`, with a number where that name is taken.
fn free_name(opening: &Opening<'_>, taken: &mut BTreeSet<(String, String)>) -> String {
    let workload = opening.workload;
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

fn draft_of(opening: &Opening<'_>, meant: (String, Timestamp), ground: &Ground<'_>) -> Draft {
    let workload = opening.workload;
    let reason = reason(&opening.waivers);
    let is_owned = workload.team != UNKNOWN_TEAM;
    let open = [
        (Question::Reason, draft::is_reason(&reason)),
        (Question::Cost, false),
        (Question::Owner, is_owned),
    ];
    let open: Vec<Question> = open
        .into_iter()
        .filter(|(_, is_said)| !is_said)
        .map(|(question, _)| question)
        .collect();
    let (name, end) = meant;
    let exception = DeviationException {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some(workload.namespace.clone()),
            ..ObjectMeta::default()
        },
        spec: DeviationExceptionSpec {
            requested_by: ground.requested_by.clone(),
            expires_at: Some(Instant(end)),
            ticket: opening.waivers.iter().find_map(|w| w.ticket.clone()),
            ..spec(opening, reason)
        },
        status: None,
    };
    let sources = opening.waivers.iter();
    let sources = sources.map(|waiver| {
        let said = waiver.reason.as_ref().filter(|said| !said.is_empty());
        let said = said.map_or_else(String::new, |said| format!(" (“{said}”)"));
        format!("{}: {}{said}", waiver.source, waiver.written)
    });
    Draft {
        todo: open.iter().map(|question| question.field()).collect(),
        exception: Manifest::new(&exception, &open),
        sources: sources.collect(),
    }
}

fn spec(opening: &Opening<'_>, reason: String) -> DeviationExceptionSpec {
    let workload = opening.workload;
    let checks = workload.checks.iter().map(|check| &check.name);
    let checks = checks.filter(|name| opening.checks.contains(*name));
    DeviationExceptionSpec {
        path: opening.path().to_owned(),
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
        review_every: None,
        expires_at: None,
        bound_to: None,
        approval: None,
        reviews: Vec::new(),
        renewal: None,
    }
}

/// What was said, each sentence once.
fn reason(waivers: &[&Waiver]) -> String {
    let mut said: Vec<&str> = Vec::new();
    for reason in waivers.iter().filter_map(|w| w.reason.as_deref()) {
        let reason = reason.trim().trim_end_matches('.');
        if !reason.is_empty() && !said.contains(&reason) {
            said.push(reason);
        }
    }
    if said.is_empty() {
        return String::new();
    }
    said.join("; ") + "."
}

/// What there is to do with the drafts, for people.
pub fn summary(import: &Import) -> String {
    let open: usize = import.drafts.iter().map(|draft| draft.todo.len()).sum();
    let drafts = counted(import.drafts.len(), "draft");
    let unmet = counted(import.problems.len(), "note");
    match open {
        0 => format!("{drafts}, {unmet}"),
        open => format!(
            "{drafts}, {unmet}; still to be said by their owners: {}, each marked # TODO",
            counted(open, "thing")
        ),
    }
}

/// What precedes a draft in a file: where it comes from, and when it is looked at first.
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
