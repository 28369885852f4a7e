//! The `WarnOnApply` condition of a path: the state, and the next step. Policies are neither generated
//! nor compared here.

use serde_json::Value;

use super::{MOST_COST, Obstacle, Warning};
use crate::api::condition::{Statement, WARN_ON_APPLY};
use crate::assess::wording::{first_few, quoted};

/// State of the policy of a path that asks for warnings.
pub(in crate::assess) enum WarningState<'a> {
    /// Policy and binding are stored as they should be.
    Installed {
        warning: &'a Warning,
        policy: &'a Value,
    },
    /// The operator is about to write them.
    Waiting,
    /// The operator cannot watch or write them.
    OutOfReach {
        reason: &'static str,
        message: &'a str,
    },
    /// The API server rejects them, with this message.
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
                message: "The operator is about to write the policy. Nothing to do.".to_owned(),
            },
            Self::OutOfReach { reason, message } => out_of_reach(reason, message),
            Self::Refused(message) => no(
                "Refused",
                format!(
                    "The API server rejects the policy: {}. Next: correct the expression it names, \
                     or use one that this version of Kubernetes knows.",
                    quoted(message)
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
            "The API server warns about missing steps on apply and denies nothing. Nothing to do.",
        );
    }
    Statement::new(
        WARN_ON_APPLY,
        true,
        "InstalledWithTypeWarnings",
        format!(
            "Installed; the API server's type checker reports {}. Next: check that the expression \
             reads fields that exist.",
            first_few(&warnings, "; ")
        ),
    )
}

/// The type checker's findings, by check.
fn type_warnings(warning: &Warning, policy: &Value) -> Vec<String> {
    let findings = policy["status"]["typeChecking"]["expressionWarnings"]
        .as_array()
        .into_iter()
        .flatten();
    let warnings = findings.map(|found| {
        let place = found["fieldRef"].as_str().unwrap_or_default();
        let message = found["warning"].as_str().unwrap_or_default();
        match number_in(place).and_then(|number| warning.checks.get(number.checked_sub(1)?)) {
            Some(check) => format!("check '{check}': {}", quoted(problem(message))),
            None => format!("{place}: {}", quoted(problem(message))),
        }
    });
    warnings.collect()
}

/// The 2 of `spec.validations[2].expression`.
fn number_in(place: &str) -> Option<usize> {
    let (_, rest) = place.split_once('[')?;
    rest.split_once(']')?.0.parse().ok()
}

/// The problem itself: without its position, which counts from the wrapped expression, and without
/// the line that draws it.
fn problem(message: &str) -> &str {
    let first = message.lines().find(|line| line.contains("ERROR:"));
    let line = first.unwrap_or(message);
    match line.split_once("<input>:") {
        Some((_, rest)) => rest.splitn(3, ':').nth(2).unwrap_or(rest).trim(),
        None => line,
    }
}

fn out_of_reach(reason: &'static str, message: &str) -> Statement {
    let detail = match message {
        "" => String::new(),
        message => format!(": {}", quoted(message)),
    };
    match reason {
        "Forbidden" | "Unauthorized" => no(
            "NotGranted",
            format!(
                "The operator may not write ValidatingAdmissionPolicies{detail}. Next: set \
                 warnOnApply.enabled in the chart, or use goldenpath scan in CI."
            ),
        ),
        "NotFound" => no(
            "NotServed",
            format!(
                "This API server does not serve ValidatingAdmissionPolicies{detail}. Next: upgrade \
                 to Kubernetes 1.30 or newer, or use goldenpath scan in CI."
            ),
        ),
        other => Statement {
            kind: WARN_ON_APPLY,
            status: None,
            reason: "Pending",
            message: format!(
                "The operator could not write the policy yet ({other}){detail}. It retries; nothing \
                 to do."
            ),
        },
    }
}

fn blocked(obstacle: &Obstacle) -> Statement {
    match obstacle {
        Obstacle::NotEnabled => no(
            "NotEnabled",
            "The operator is not configured to write policies. Next: set warnOnApply.enabled in the \
             chart (--warn-on-apply=on), or use goldenpath scan in CI.",
        ),
        Obstacle::LabelsOff => no(
            "LabelsOff",
            "Labels are off, so the API server cannot know which deviations are approved. Next: \
             turn labels on.",
        ),
        Obstacle::Preview => no(
            "Preview",
            "The path is not counted yet, so the API server warns about nothing. Next: see Ready.",
        ),
        Obstacle::NoKind => no(
            "NoKind",
            "The operator watches none of the kinds in scope. Next: add them with --extra-kind, or \
             correct scope.kinds.",
        ),
        Obstacle::ChecksInvalid => no(
            "ChecksInvalid",
            "A required check, a variable or a condition of the scope cannot be used. Next: correct \
             what ChecksValid lists.",
        ),
        Obstacle::Unreadable(path) => no(
            "ScopeUnreadable",
            format!(
                "The scope of path '{path}' names the variable of a macro 'variables', so this \
                 policy cannot decide between the two paths. Next: rename that variable."
            ),
        ),
        Obstacle::TooExpensive(cost) => no(
            "TooExpensive",
            format!(
                "The expressions cost an estimated {cost} units per request; the limit is \
                 {MOST_COST}. Labels and reports are not affected. Next: use fewer nested loops."
            ),
        ),
    }
}
