//! Findings of a policy report on one workload: one result per check, in the five words such reports
//! have. An exception that excuses makes a result `skip`, so that nobody is pushed to act on what
//! is agreed; what ends or waits for a look stays visible. How a report is written down is the
//! business of [`crate::report::policy_report`].

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

/// The result of a check, as policy reports know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyResult {
    /// The step is taken.
    Pass,
    /// It fails without an exception.
    Fail,
    /// It fails; its exception needs a review, or the check only advises.
    Warn,
    /// The check could not be evaluated.
    Error,
    /// It does not count now: excepted, older than the path, or only announced.
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

    /// The result of a required check that fails, by how the failure stands.
    pub const fn of_standing(standing: Standing) -> Self {
        match standing {
            Standing::Undocumented | Standing::Expired | Standing::Pending => Self::Fail,
            Standing::ReviewOverdue | Standing::ReviewDue => Self::Warn,
            Standing::Predates | Standing::Documented => Self::Skip,
        }
    }

    /// The result of a check with this level and outcome; `standing` is that of a required check
    /// that fails.
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
    /// What it comes to now.
    pub outcome: Outcome,
    /// Result of its expression, whether it counts yet or not.
    pub evaluated: Outcome,
    /// The result in the report.
    pub result: PolicyResult,
    /// How its failure stands, where it is required, counts and fails.
    pub standing: Option<Standing>,
    /// The exception that gives it this standing.
    pub exception: Option<(&'a Exception, Life)>,
}

impl Finding<'_> {
    /// Whether the result decides if the workload is on its path.
    pub const fn is_scored(&self) -> bool {
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
    pub uid: &'a str,
    /// Its team.
    pub team: &'a str,
    /// The path it is judged by.
    pub path: &'a Path,
    /// The state of a service with this workload alone.
    pub state: State,
    /// One a check of the path, in order.
    pub checks: Vec<Finding<'a>>,
}

impl Findings<'_> {
    /// A number that changes with whatever is written down of this workload; only to be compared
    /// within one process. An object of ours is known by its generation, which grows with its spec.
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

/// What is said of a workload; nothing where no path is for it, where it is taken out, and of one
/// that is not stored.
pub fn findings<'a>(
    workload: &'a Workload,
    ns: &'a NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<Findings<'a>> {
    let verdict = judge(workload, ns, ctx);
    let index = verdict.path?;
    let mut results = workload.results.iter();
    let result = results.find(|result| usize::from(result.path) == index)?;
    let path = workload.paths.get(index);
    let about = About {
        verdict: &verdict,
        result,
        ns,
    };
    let checks = path.spec.checks.iter().enumerate();
    Some(Findings {
        workload,
        uid: workload.uid.as_deref()?,
        team: ns.team_of(workload),
        path,
        state: verdict.state()?,
        checks: checks
            .map(|check| about.finding(check, workload, ctx))
            .collect(),
    })
}

/// What a check is looked up in.
struct About<'v, 'a> {
    verdict: &'v Verdict,
    result: &'a PathResult,
    ns: &'a NamespaceIndex,
}

impl<'a> About<'_, 'a> {
    fn finding(
        &self,
        (index, check): (usize, &'a Check),
        workload: &Workload,
        ctx: &JudgeContext<'_>,
    ) -> Finding<'a> {
        let at = ctx.as_of.paths(&workload.paths)[usize::from(self.result.path)];
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
            exception: known.and_then(|known| self.exception_of(known, ctx)),
        }
    }

    fn exception_of(
        &self,
        standing: &CheckStanding,
        ctx: &JudgeContext<'_>,
    ) -> Option<(&'a Exception, Life)> {
        let exception = self.ns.exception(standing.exception.as_deref()?)?;
        Some((exception, ctx.life(self.ns, exception)))
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
