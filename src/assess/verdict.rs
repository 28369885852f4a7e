//! The verdict on one workload at one instant: its path, its status, and the standing of each failing
//! check under its exceptions. **Invariant:** an exception never turns a deviating workload golden.

use std::cmp::Reverse;

use super::path::{Checks, Path, PathAt};
use super::state::{Outcome, Standing, State, Status, Turn};
use super::workload::{OwnLabels, PathResult, Workload};
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::verdict::standing::{CheckStanding, Deviation};

pub mod birth;
pub mod context;
pub mod findings;
pub mod standing;

pub use context::{AsOf, JudgeContext};

/// Verdict on one workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// On the path, deviating, unknown, unscoped or ignored.
    pub status: Status,
    /// The path it was judged by, as an index into the workload's path set.
    pub path: Option<usize>,
    /// Why that path was chosen.
    pub choice: Choice,
    /// Standing of the deviation; only when deviating.
    pub standing: Option<Standing>,
    /// Enforced required checks that fail.
    pub failing: Checks,
    /// Enforced required checks that could not be evaluated.
    pub errored: Checks,
    /// Enforced required checks, passed and in total.
    pub steps: Steps,
    /// One entry per failing check, in order of check.
    pub standings: Vec<CheckStanding>,
    /// Who has to act next; absent when golden.
    pub turn: Option<Turn>,
}

/// Steps taken, such as "7 of 8".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Enforced required checks that pass.
    pub passed: u32,
    /// Enforced required checks.
    pub of: u32,
}

/// Why a path was chosen for a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The workload declares it.
    Declared,
    /// It has the fewest missing steps; ties are broken by priority, then name.
    ClosestFit,
    /// Closest fit, because the declared path does not exist.
    DeclaredMissing,
    /// Closest fit, because the declared path does not have the workload in scope, or does not take
    /// part.
    DeclaredNotApplicable,
}

impl Verdict {
    /// The state of a service that consists of this workload; none when unscoped or ignored.
    pub fn state(&self) -> Option<State> {
        match self.status {
            Status::GoldenPath => Some(State::GoldenPath),
            Status::Unknown => Some(State::Unknown),
            Status::Deviating => Some(State::Deviating(
                self.standing.unwrap_or(Standing::Undocumented),
            )),
            Status::Unscoped | Status::Ignored => None,
        }
    }

    /// The labels that the workload should carry.
    pub fn labels(&self, workload: &Workload) -> OwnLabels {
        if !self.status.is_labelled() {
            return OwnLabels::default();
        }
        OwnLabels {
            status: Some(self.status.as_str().to_owned()),
            path: self
                .path
                .map(|path| workload.paths.get(path).name.to_string()),
            deviation: self.standing.map(|standing| standing.as_str().to_owned()),
        }
    }

    /// Outcome of one check of a path at the instant of `at`.
    pub fn outcome(result: &PathResult, at: &PathAt, check: usize) -> Outcome {
        let bit = super::path::bit(check);
        if at.announced & bit != 0 {
            Outcome::Announced
        } else if result.errored & bit != 0 {
            Outcome::Error
        } else if result.passed & bit != 0 {
            Outcome::Pass
        } else {
            Outcome::Fail
        }
    }

    /// The worst check standing, which is the workload's standing.
    pub fn worst(&self) -> Option<&CheckStanding> {
        standing::worst(&self.standings)
    }

    fn without_path(status: Status, choice: Choice) -> Self {
        Self {
            status,
            path: None,
            choice,
            standing: None,
            failing: 0,
            errored: 0,
            steps: Steps::default(),
            standings: Vec::new(),
            turn: Some(Turn::AtRest),
        }
    }
}

/// The result by the path that judges a workload: its verdict without exceptions. None when it is
/// unscoped or ignored.
pub(crate) fn judging_result<'a>(
    workload: &'a Workload,
    ns: &NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<&'a PathResult> {
    if is_ignored(workload, ns, ctx) {
        return None;
    }
    choose(workload, &ctx.as_of.paths(&workload.paths)).0
}

fn is_ignored(workload: &Workload, ns: &NamespaceIndex, ctx: &JudgeContext<'_>) -> bool {
    workload.attributes.ignore.is_some() && ns.may_ignore(ctx.settings)
}

/// Judges one workload of a namespace.
pub fn judge(workload: &Workload, ns: &NamespaceIndex, ctx: &JudgeContext<'_>) -> Verdict {
    if is_ignored(workload, ns, ctx) {
        return Verdict::without_path(Status::Ignored, Choice::ClosestFit);
    }
    let at = ctx.as_of.paths(&workload.paths);
    let (chosen, choice) = choose(workload, &at);
    match chosen {
        Some(result) => judge_by_path(workload, result, choice, ns, ctx),
        None => Verdict::without_path(Status::Unscoped, choice),
    }
}

/// The result of the path that judges a workload: the declared one, else the closest fit.
fn choose<'a>(workload: &'a Workload, at: &[PathAt]) -> (Option<&'a PathResult>, Choice) {
    let takes_part = |result: &&PathResult| at[usize::from(result.path)].takes_part;
    let candidates = || workload.attributes.results.iter().filter(takes_part);
    let mut choice = Choice::ClosestFit;
    if let Some(declared) = &workload.attributes.declared_path {
        let index = workload.paths.resolve(declared);
        let found =
            index.and_then(|index| candidates().find(|result| usize::from(result.path) == index));
        if found.is_some() {
            return (found, Choice::Declared);
        }
        choice = if index.is_some() {
            Choice::DeclaredNotApplicable
        } else {
            Choice::DeclaredMissing
        };
    }
    (closest(workload, at, candidates()), choice)
}

/// The candidate with the fewest missing steps, then of the highest priority, then the first by name.
fn closest<'a>(
    workload: &'a Workload,
    at: &[PathAt],
    candidates: impl Iterator<Item = &'a PathResult>,
) -> Option<&'a PathResult> {
    candidates.min_by_key(|result| {
        let index = usize::from(result.path);
        let path = workload.paths.get(index);
        let missing = (at[index].required & !result.passed).count_ones();
        (missing, Reverse(path.spec.priority), path.name.clone())
    })
}

/// The launched path that would judge the workload if the starter path that does were not there. None
/// where a launched path judges it, and where the team declared the starter path.
pub(crate) fn launched_beside<'a>(
    workload: &'a Workload,
    verdict: &Verdict,
    as_of: &AsOf,
) -> Option<&'a Path> {
    let path = |index: usize| workload.paths.get(index);
    let is_advised = verdict.path.is_some_and(|index| path(index).only_advises());
    if !is_advised || verdict.choice == Choice::Declared {
        return None;
    }
    let at = as_of.paths(&workload.paths);
    let launched = workload.attributes.results.iter().filter(|result| {
        let index = usize::from(result.path);
        at[index].takes_part && !path(index).only_advises()
    });
    let closest = closest(workload, &at, launched)?;
    Some(path(closest.path.into()))
}

/// The verdict by one path that has the workload in scope, whether or not it was chosen.
pub(crate) fn judge_by_path(
    workload: &Workload,
    result: &PathResult,
    choice: Choice,
    ns: &NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Verdict {
    let at = ctx.as_of.paths(&workload.paths)[usize::from(result.path)];
    let path = workload.paths.get(result.path.into());
    let (failing, errored) = (at.failing(result), at.errored(result));
    let deviation = Deviation {
        workload,
        path,
        ns,
        ctx,
    };
    let standings = match failing {
        0 => Vec::new(),
        _ => deviation.standings(failing),
    };
    let standing = standings.iter().map(|standing| standing.standing).min();
    let status = match (standing, errored) {
        (Some(_), _) => Status::Deviating,
        (None, 0) => Status::GoldenPath,
        (None, _) => Status::Unknown,
    };
    Verdict {
        status,
        path: Some(result.path.into()),
        choice,
        standing,
        failing,
        errored,
        steps: Steps {
            passed: (at.required & result.passed).count_ones(),
            of: at.required.count_ones(),
        },
        turn: turn(status, &standings),
        standings,
    }
}

fn turn(status: Status, standings: &[CheckStanding]) -> Option<Turn> {
    match status {
        Status::GoldenPath => None,
        Status::Unknown => Some(Turn::Platform),
        Status::Unscoped | Status::Ignored => Some(Turn::AtRest),
        Status::Deviating => standing::worst(standings).map(CheckStanding::turn),
    }
}
