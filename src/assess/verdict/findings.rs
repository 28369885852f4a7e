//! Findings of a policy report on one workload: one of the five policy results per check. An approved
//! exception turns a failure into `skip`, or into `warn` when it needs a review. The report itself is
//! rendered in [`crate::report::policy_report`], not here.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::api::golden_path::{Check, Level};
use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::path::{Path, bit};
use crate::assess::state::{Outcome, Standing, State};
use crate::assess::verdict::standing::CheckStanding;
use crate::assess::verdict::{JudgeContext, Verdict, judge};
use crate::assess::workload::{PathResult, Workload};

/// Result of a check in a policy report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyResult {
    /// The check passes.
    Pass,
    /// The check fails without an exception.
    Fail,
    /// The check fails; its exception needs a review, or the check only advises.
    Warn,
    /// The check could not be evaluated.
    Error,
    /// The check does not count now: excepted, older than the path, or only announced.
    Skip,
}

impl PolicyResult {
    /// Every result, in the order summaries list them.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Fail, Self::Warn, Self::Error, Self::Skip];

    /// The word used in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }

    /// The result of a failing required check with this standing.
    pub const fn of_standing(standing: Standing) -> Self {
        match standing {
            Standing::Undocumented | Standing::Expired | Standing::Pending => Self::Fail,
            Standing::ReviewOverdue | Standing::ReviewDue => Self::Warn,
            Standing::Predates | Standing::Documented => Self::Skip,
        }
    }

    /// The result of a check with this level and outcome. `standing` matters only if a required check
    /// fails.
    pub const fn of(level: Level, outcome: Outcome, standing: Option<Standing>) -> Self {
        match (outcome, level) {
            (Outcome::Pass, _) => Self::Pass,
            (Outcome::Error, _) => Self::Error,
            (Outcome::Announced, _) => Self::Skip,
            (Outcome::Fail, Level::Recommended) => Self::Warn,
            (Outcome::Fail, Level::Required) => match standing {
                Some(standing) => Self::of_standing(standing),
                None => Self::Fail,
            },
        }
    }
}

/// Finding on one check.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The check.
    pub check: &'a Check,
    /// Outcome now.
    pub outcome: Outcome,
    /// Outcome of the expression, whether it counts yet or not.
    pub evaluated: Outcome,
    /// The result in the report.
    pub result: PolicyResult,
    /// Standing of the failure, if the check is required, counts and fails.
    pub standing: Option<Standing>,
    /// The exception that gives it this standing.
    pub exception: Option<(&'a Exception, Life)>,
}

impl Finding<'_> {
    /// Whether the result decides about the workload's status.
    pub(crate) const fn is_scored(&self) -> bool {
        match self.result {
            PolicyResult::Pass | PolicyResult::Fail | PolicyResult::Error => {
                matches!(self.check.level, Level::Required)
            }
            PolicyResult::Warn | PolicyResult::Skip => false,
        }
    }
}

/// Findings on one workload.
#[derive(Clone, Debug)]
pub struct Findings<'a> {
    /// The workload.
    pub workload: &'a Workload,
    /// Its uid.
    pub uid: Box<str>,
    /// Its team.
    pub team: &'a str,
    /// The path it is judged by.
    pub path: &'a Path,
    /// The state of a service that consists of this workload.
    pub state: State,
    /// One per check of the path, in order.
    pub checks: Vec<Finding<'a>>,
}

impl Findings<'_> {
    /// A hash that changes with the content of the report. Comparable only within one process. A path
    /// or exception enters it by generation, which grows with its spec.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let path = self.path;
        (self.team, self.state).hash(&mut hasher);
        (&path.name, &path.uid, path.generation).hash(&mut hasher);
        for finding in &self.checks {
            (finding.outcome, finding.evaluated, finding.standing).hash(&mut hasher);
            if let Some((exception, life)) = &finding.exception {
                (&exception.name, &exception.uid, exception.generation).hash(&mut hasher);
                (life.phase, life.renewal_open, life.is_review_missed()).hash(&mut hasher);
                (life.effective_expiry, life.next_review_at).hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}

/// The findings on a workload. None if it is unscoped, ignored, or not a stored object.
pub fn findings<'a>(
    workload: &'a Workload,
    ns: &'a NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<Findings<'a>> {
    let verdict = judge(workload, ns, ctx);
    let index = verdict.path?;
    let result = workload
        .attributes
        .results
        .iter()
        .find(|result| usize::from(result.path) == index)?;
    let path = workload.paths.get(index);
    let judged = JudgedWorkload {
        workload,
        verdict: &verdict,
        result,
        ns,
        ctx,
    };
    let checks = path.spec.checks.iter().enumerate();
    Some(Findings {
        workload,
        uid: workload.uid.as_ref()?.text(),
        team: ns.team_of(workload),
        path,
        state: verdict.state()?,
        checks: checks
            .map(|(index, check)| judged.finding(index, check))
            .collect(),
    })
}

/// A workload with its verdict and the result of its path.
struct JudgedWorkload<'v, 'a> {
    workload: &'a Workload,
    verdict: &'v Verdict,
    result: &'a PathResult,
    ns: &'a NamespaceIndex,
    ctx: &'v JudgeContext<'v>,
}

impl<'a> JudgedWorkload<'_, 'a> {
    fn finding(&self, index: usize, check: &'a Check) -> Finding<'a> {
        let at = self.ctx.as_of.paths(&self.workload.paths)[usize::from(self.result.path)];
        let outcome = Verdict::outcome(self.result, &at, index);
        let known = self
            .verdict
            .standings
            .iter()
            .find(|standing| standing.check == index);
        let standing = known.map(|known| known.standing);
        Finding {
            check,
            outcome,
            evaluated: evaluated(self.result, index),
            result: PolicyResult::of(check.level, outcome, standing),
            standing,
            exception: known.and_then(|known| self.exception_of(known)),
        }
    }

    fn exception_of(&self, standing: &CheckStanding) -> Option<(&'a Exception, Life)> {
        let exception = self.ns.exception(standing.exception.as_deref()?)?;
        Some((exception, self.ctx.life(self.ns, exception)))
    }
}

fn evaluated(result: &PathResult, check: usize) -> Outcome {
    let bit = bit(check);
    if result.errored & bit != 0 {
        Outcome::Error
    } else if result.passed & bit != 0 {
        Outcome::Pass
    } else {
        Outcome::Fail
    }
}
