//! Status of a DeviationException: its phase and dates, whether it is in use and still needed, and which
//! parts of its spec cover nothing. Every message gives the state and the next step. The findings are
//! made elsewhere.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::api::DeviationExceptionStatus;
use crate::api::condition::{APPROVED, PATH_FOUND, READY, STALLED, Statement, settle, stored};
use crate::assess::exception::Life;
use crate::assess::exception::assurance::Assurance;
use crate::assess::exception::past::Rejection;
use crate::assess::exception::record::Exception;
use crate::assess::state::Phase;

mod approval;
#[cfg(test)]
mod properties;
mod reach;
#[cfg(test)]
pub(super) mod tests;

/// The reason for a deleted path. It is read back from stored statuses.
const DELETED: &str = "Deleted";
/// Workloads that a status lists.
const LISTED: usize = 20;

/// Findings on an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::assess::planner) struct ExceptionFindings {
    /// Namespace of the exception.
    pub namespace: String,
    /// Phase and dates now.
    pub life: Life,
    /// Assurance of the decision that counts.
    pub assurance: Assurance,
    /// Whether the path it names exists.
    pub path_found: PathFound,
    /// Checks it names that its path does not have.
    pub unknown_checks: Vec<UnknownName>,
    /// Checks it names that allow no exception.
    pub not_exemptible: Vec<String>,
    /// Names in its `waitsFor` that no roadmap item has.
    pub unknown_items: Vec<UnknownName>,
    /// The shipped item in its `waitsFor` for which its next action is to close it.
    pub shipped_item: Option<String>,
    /// Workloads it names that its path judges, as `Deployment/web`, in order.
    pub matched: Vec<String>,
    /// Failing checks it covers, over all its workloads.
    pub covered_failures: u32,
    /// The other path that judges its workloads, if any.
    pub on_other_path: Option<String>,
    /// Whether one of its workloads still fails a check it excepts. Unknown while such a check cannot
    /// be evaluated, or is only announced.
    pub still_failing: Option<bool>,
    /// It names more workloads than `maxWorkloads`.
    pub over_max_workloads: bool,
}

/// Whether the path an exception names exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::assess::planner) enum PathFound {
    /// It exists under this name.
    Found,
    /// It now has this other name.
    FormerName(String),
    /// No path has this name.
    Missing {
        /// The most similar name of a path, if any is close.
        nearest: Option<String>,
    },
    /// It existed and was deleted.
    Deleted,
}

/// A check or roadmap item that an exception names and that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::assess::planner) struct UnknownName {
    /// The name as written.
    pub name: String,
    /// The most similar name, if any is close.
    pub nearest: Option<String>,
}

/// The status to store for an exception. Recorded reminders stay unchanged.
pub(in crate::assess::planner) fn exception_status(
    exception: &Exception,
    findings: &ExceptionFindings,
    now: Timestamp,
) -> DeviationExceptionStatus {
    let before = exception.status.as_ref();
    let conditions = before.map_or(&[][..], |status| &status.conditions);
    let life = &findings.life;
    let messages = Messages {
        exception,
        findings,
        life,
        path_found: deleted_or(exception, &findings.path_found),
        now,
    };
    let mut conditions = settle(conditions, messages.statements(), exception.generation, now);
    if is_requested_again(exception, life) {
        for approved in conditions.iter_mut().filter(|c| c.type_ == APPROVED) {
            approved.last_transition_time = Time(stored(now).0);
        }
    }
    let rejection = recorded_rejection(exception, now);
    DeviationExceptionStatus {
        observed_generation: exception.generation,
        phase: Some(life.phase.as_str().to_owned()),
        conditions,
        effective_expiry: life.effective_expiry.map(stored),
        next_review_at: life.next_review_at.map(stored),
        renewals: Some(life.renewals),
        rejected_at: rejection.as_ref().map(|rejection| stored(rejection.at)),
        rejected_by: rejection.and_then(|rejection| rejection.by),
        previous: exception.past.previous.clone(),
        matched: findings.matched.iter().take(LISTED).cloned().collect(),
        matched_count: Some(u32::try_from(findings.matched.len()).unwrap_or(u32::MAX)),
        covered_failures: Some(findings.covered_failures),
        notified: before.map_or_else(Vec::new, |status| status.notified.clone()),
        notifying: before.map_or_else(Vec::new, |status| status.notifying.clone()),
    }
}

/// The rejection to record: the one in the spec, else the latest recorded one. The approval policy
/// compares the record when a user removes the rejection. One dated in the future does not count yet.
fn recorded_rejection(exception: &Exception, now: Timestamp) -> Option<Rejection> {
    let in_spec = Rejection::in_spec(&exception.spec);
    let counting = in_spec.filter(|rejection| rejection.counts(now));
    counting.or_else(|| exception.past.rejected.clone())
}

/// Whether a rejected request is made again. `Approved` stays False; its transition time moves, because
/// the new request waits from now on.
fn is_requested_again(exception: &Exception, life: &Life) -> bool {
    let phase_before = exception
        .status
        .as_ref()
        .and_then(|status| status.phase.as_deref());
    phase_before == Some(Phase::Rejected.as_str()) && life.phase == Phase::Pending
}

/// `Deleted` instead of `Missing` if the same spec once found its path, so that an exception never
/// reports a typo that it does not have.
fn deleted_or<'a>(exception: &Exception, found: &'a PathFound) -> &'a PathFound {
    let PathFound::Missing { .. } = found else {
        return found;
    };
    let was_found = exception.status.as_ref().is_some_and(|before| {
        before.observed_generation == exception.generation
            && before.conditions.iter().any(|condition| {
                condition.type_ == PATH_FOUND
                    && (condition.status == "True" || condition.reason == DELETED)
            })
    });
    if was_found {
        &PathFound::Deleted
    } else {
        found
    }
}

/// Inputs of the condition messages of one exception.
struct Messages<'a> {
    exception: &'a Exception,
    findings: &'a ExceptionFindings,
    life: &'a Life,
    path_found: &'a PathFound,
    now: Timestamp,
}

impl Messages<'_> {
    fn statements(&self) -> Vec<Statement> {
        let mut statements = vec![self.ready()];
        statements.extend(self.stalled());
        statements.extend([
            self.approved(),
            self.review_current(),
            self.in_use(),
            self.needed(),
            self.checks_known(),
            self.path_found(),
        ]);
        statements.extend(self.waits_for_known());
        statements
    }

    fn path(&self) -> &str {
        &self.exception.spec.path
    }

    fn renew_command(&self) -> String {
        self.command("renew")
    }

    fn close_command(&self) -> String {
        self.command("close")
    }

    /// A command on this exception, ready to copy.
    fn command(&self, verb: &str) -> String {
        let (name, namespace) = (&self.exception.name, &self.findings.namespace);
        format!("kubectl goldenpath {verb} {name} -n {namespace}")
    }

    fn path_exists(&self) -> bool {
        match self.path_found {
            PathFound::Found | PathFound::FormerName(_) => true,
            PathFound::Missing { .. } | PathFound::Deleted => false,
        }
    }

    fn covers(&self, check: &String) -> bool {
        let unknown = &self.findings.unknown_checks;
        !unknown.iter().any(|unknown| unknown.name == *check)
            && !self.findings.not_exemptible.contains(check)
    }

    /// Why no part of the spec can be used. A deleted path is not a mistake in the spec: the phases
    /// continue.
    fn unusable(&self) -> Option<&'static str> {
        match self.path_found {
            PathFound::Missing { .. } => Some("PathNotFound"),
            PathFound::Deleted => None,
            PathFound::Found | PathFound::FormerName(_) => {
                let usable = self
                    .exception
                    .spec
                    .checks
                    .iter()
                    .any(|name| self.covers(name));
                (!usable).then_some("NoCheckUsable")
            }
        }
    }

    fn ready(&self) -> Statement {
        if let Some(reason) = self.unusable() {
            return Statement::new(
                READY,
                false,
                reason,
                "It covers nothing as written. Next: correct what PathFound and ChecksKnown report.",
            );
        }
        let whole = self.path_exists()
            && self.findings.unknown_checks.is_empty()
            && self.findings.not_exemptible.is_empty();
        let message = if whole {
            "Accepted. Nothing to do."
        } else {
            "Accepted; part of it covers nothing. Next: correct what PathFound and ChecksKnown report."
        };
        Statement::new(READY, true, "Read", message)
    }

    fn stalled(&self) -> Option<Statement> {
        let reason = self.unusable()?;
        Some(Statement::new(
            STALLED,
            true,
            reason,
            "Waiting for a correction, or for the path it names to exist.",
        ))
    }
}

/// A condition with status Unknown.
fn unknown(kind: &'static str, reason: &'static str, message: &str) -> Statement {
    Statement {
        kind,
        status: None,
        reason,
        message: message.to_owned(),
    }
}
