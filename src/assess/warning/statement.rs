//! The condition of a path about its warnings: the state, and the next step.

use serde_json::Value;

use super::{MOST_COST, Obstacle, Warning};
use crate::api::condition::{Statement, WARN_ON_APPLY};
use crate::assess::wording::{first_few, quoted};

/// How a path that asks for warnings stands with them.
pub(in crate::assess) enum WarningState<'a> {
    /// Policy and binding are stored as they should be.
    Installed {
        warning: &'a Warning,
        policy: &'a Value,
    },
    /// They are about to be.
    Waiting,
    /// They cannot be followed or written.
    OutOfReach {
        reason: &'static str,
        message: &'a str,
    },
    /// The API server does not take them.
    Refused(&'a str),
    /// None was generated.
    Blocked(&'a Obstacle),
}

impl WarningState<'_> {
    pub(in crate::assess) fn statement(&self) -> Statement {
        match self {
            Self::Installed { warning, policy } => installed(warning, policy),
            Self::Waiting => Statement {
                kind: WARN_ON_APPLY,
                status: None,
                reason: "Pending",
                message: "The policy is about to be written. Nothing to do.".to_owned(),
            },
            Self::OutOfReach { reason, message } => out_of_reach(reason, message),
            Self::Refused(said) => no(
                "Refused",
                format!(
                    "The API server does not take the policy: {}. Next: correct the expression it \
                     names; what this server does not know yet cannot be warned about.",
                    quoted(said)
                ),
            ),
            Self::Blocked(obstacle) => blocked(obstacle),
        }
    }
}

fn no(reason: &'static str, message: impl Into<String>) -> Statement {
    Statement::new(WARN_ON_APPLY, false, reason, message)
}

fn installed(warning: &Warning, policy: &Value) -> Statement {
    let warnings = type_warnings(warning, policy);
    if warnings.is_empty() {
        return Statement::new(
            WARN_ON_APPLY,
            true,
            "Installed",
            "Whoever applies a workload is told what is missing; nothing is refused. Nothing to do.",
        );
    }
    Statement::new(
        WARN_ON_APPLY,
        true,
        "InstalledWithTypeWarnings",
        format!(
            "Installed, and the API server's type checker doubts {}. Next: see whether the \
             expression means a field that exists.",
            first_few(&warnings, "; ")
        ),
    )
}

/// Findings of the type checker on each check, in its words.
fn type_warnings(warning: &Warning, policy: &Value) -> Vec<String> {
    let found = policy["status"]["typeChecking"]["expressionWarnings"].as_array();
    let found = found.into_iter().flatten();
    let warnings = found.map(|found| {
        let place = found["fieldRef"].as_str().unwrap_or_default();
        let said = found["warning"].as_str().unwrap_or_default();
        match number_in(place).and_then(|number| warning.checks.get(number.checked_sub(1)?)) {
            Some(check) => format!("check '{check}': {}", quoted(problem(said))),
            None => format!("{place}: {}", quoted(problem(said))),
        }
    });
    warnings.collect()
}

/// The 2 of `spec.validations[2].expression`.
fn number_in(place: &str) -> Option<usize> {
    let (_, rest) = place.split_once('[')?;
    rest.split_once(']')?.0.parse().ok()
}

/// The problem itself, without the place in an expression that is wrapped in another one, and
/// without the line that draws it.
fn problem(said: &str) -> &str {
    let first = said.lines().find(|line| line.contains("ERROR:"));
    let line = first.unwrap_or(said);
    match line.split_once("<input>:") {
        Some((_, rest)) => rest.splitn(3, ':').nth(2).unwrap_or(rest).trim(),
        None => line,
    }
}

fn out_of_reach(reason: &'static str, message: &str) -> Statement {
    let said = match message {
        "" => String::new(),
        message => format!(": {}", quoted(message)),
    };
    match reason {
        "Forbidden" | "Unauthorized" => no(
            "NotGranted",
            format!(
                "The operator may not write ValidatingAdmissionPolicies{said}. Next: set \
                 warnOnApply.enabled in the chart, or leave it and use goldenpath scan in CI."
            ),
        ),
        "NotFound" => no(
            "NotServed",
            format!(
                "This API server has no ValidatingAdmissionPolicies{said}. Next: Kubernetes 1.30 or \
                 newer; until then goldenpath scan in CI says the same."
            ),
        ),
        other => Statement {
            kind: WARN_ON_APPLY,
            status: None,
            reason: "Pending",
            message: format!(
                "The policy could not be written yet ({other}){said}. It is tried again."
            ),
        },
    }
}

fn blocked(obstacle: &Obstacle) -> Statement {
    match obstacle {
        Obstacle::NotEnabled => no(
            "NotEnabled",
            "The operator does not write policies here. Next: set warnOnApply.enabled in the chart \
             (--warn-on-apply=on), or leave it and use goldenpath scan in CI.",
        ),
        Obstacle::LabelsOff => no(
            "LabelsOff",
            "Labels are off, and without them the API server cannot know which deviations were \
             agreed. Next: turn labels on.",
        ),
        Obstacle::Preview => no(
            "Preview",
            "The path does not take part yet, so nobody is told what is missing. Ready says why.",
        ),
        Obstacle::NoKind => no(
            "NoKind",
            "None of the kinds in its scope is watched. Next: name them with --extra-kind, or \
             correct scope.kinds.",
        ),
        Obstacle::ChecksInvalid => no(
            "ChecksInvalid",
            "A required check, a variable or a condition of its scope cannot be used. Next: correct \
             what ChecksValid lists.",
        ),
        Obstacle::Unreadable(path) => no(
            "ScopeUnreadable",
            format!(
                "The scope of path '{path}' calls a macro's own variable 'variables', so it cannot \
                 be told here which of the two paths a workload is on. Next: rename that variable."
            ),
        ),
        Obstacle::TooExpensive(cost) => no(
            "TooExpensive",
            format!(
                "Its expressions are estimated to cost {cost} units on one request, and the bound \
                 is {MOST_COST}. Labels and reports go on. Next: fewer loops within loops."
            ),
        ),
    }
}
