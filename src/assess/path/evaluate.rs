//! Runs the checks of every path that has an object in scope: one evaluation per object and path, in
//! which each variable is evaluated at most once. No path is chosen here.

use std::sync::Arc;

use goldenpath_cel::{EvalError, Evaluation};
use serde_json::Value;

use crate::assess::object::kind::WatchedKind;
use crate::assess::object::labels::LabelSet;
use crate::assess::object::namespace::Namespace;
use crate::assess::path::set::PathSet;
use crate::assess::path::{Checks, ExpressionPlace, Path, bit};
use crate::assess::settings::Settings;

/// Inputs for reading a workload.
#[derive(Clone, Copy)]
pub struct ReadContext<'a> {
    /// Settings for reading workloads.
    pub settings: &'a Settings,
    /// The paths that judge.
    pub paths: &'a Arc<PathSet>,
    /// The workload's namespace, if known.
    pub namespace: Option<&'a Namespace>,
    /// Whether to return messages of checks that did not pass.
    pub messages: bool,
}

/// Results of one path's checks, one bit per check. A check that neither passed nor errored failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PathResult {
    /// Index of the path in its set.
    pub path: u16,
    /// Checks that passed.
    pub passed: Checks,
    /// Checks that could not be evaluated.
    pub errored: Checks,
}

/// Results of one object's checks, by every path that has it in scope.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub results: Vec<PathResult>,
    pub messages: Vec<CheckMessage>,
    pub scope_errors: Vec<ScopeError>,
    pub faults: Vec<Fault>,
}

/// A condition of a path's scope that failed on an object, which leaves it out of the scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScopeError {
    /// Index of the path in its set.
    pub path: u16,
    /// Index of the condition in the path's scope.
    pub condition: u16,
    /// The error, if messages are requested.
    pub message: Option<Box<str>>,
}

/// Why a check did not pass, for people.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CheckMessage {
    /// Index of the path in its set.
    pub path: u16,
    /// Index of the check in its path.
    pub check: u16,
    /// One line of text.
    pub text: String,
}

/// Which expression of a path failed at run time, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultPlace {
    /// The expression of a check.
    Check(u16),
    /// A condition of the scope.
    MatchCondition(u16),
}

/// An expression that failed at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Index of the path in its set.
    pub path: u16,
    /// The expression.
    pub place: FaultPlace,
    /// A `PascalCase` word.
    pub reason: &'static str,
    /// The error, in at most 300 characters.
    pub message: String,
}

pub(crate) fn judge_object(
    object: &Value,
    kind: &WatchedKind,
    labels: &LabelSet,
    read: &ReadContext<'_>,
) -> Judged {
    let no_labels = LabelSet::default();
    let namespace_labels = read
        .namespace
        .map_or(&no_labels, |namespace| &namespace.labels);
    let mut judged = Judged::default();
    for (index, path) in (0_u16..).zip(read.paths.iter()) {
        if !path.admits(kind, labels, namespace_labels) {
            continue;
        }
        let namespace = read.namespace.map(|namespace| namespace.object.as_ref());
        let mut evaluation = Evaluation::new(&path.env, object, namespace);
        match scope(path, &mut evaluation) {
            InScope::Yes => {}
            InScope::No => continue,
            InScope::Failed(condition, error) => {
                let fault = Fault::new(index, FaultPlace::MatchCondition(condition), &error);
                judged.scope_errors.push(ScopeError {
                    path: index,
                    condition,
                    message: read.messages.then(|| fault.message.as_str().into()),
                });
                judged.faults.push(fault);
                continue;
            }
        }
        let result = run_checks(index, path, &mut evaluation, &mut judged.faults);
        judged.results.push(result);
        if read.messages {
            let messages = messages(path, result, &mut evaluation, &judged.faults);
            judged.messages.extend(messages);
        }
    }
    judged
}

enum InScope {
    Yes,
    No,
    /// The first condition that failed, by index.
    Failed(u16, EvalError),
}

/// As admission policies match: a false condition decides, even if another one fails.
fn scope(path: &Path, evaluation: &mut Evaluation<'_>) -> InScope {
    let mut failed = None;
    for (index, condition) in (0_u16..).zip(path.conditions()) {
        let Some(program) = condition else {
            return InScope::No;
        };
        match evaluation.run_bool(program) {
            Ok(true) => {}
            Ok(false) => return InScope::No,
            Err(error) => failed = failed.or(Some((index, error))),
        }
    }
    failed.map_or(InScope::Yes, |(index, error)| InScope::Failed(index, error))
}

fn run_checks(
    index: u16,
    path: &Path,
    evaluation: &mut Evaluation<'_>,
    faults: &mut Vec<Fault>,
) -> PathResult {
    let (mut passed, mut errored) = (0, 0);
    for (check, programs) in path.programs.iter().enumerate() {
        let Some(program) = &programs.expression else {
            errored |= bit(check);
            continue;
        };
        match evaluation.run_bool(program) {
            Ok(true) => passed |= bit(check),
            Ok(false) => {}
            Err(error) => {
                errored |= bit(check);
                let place = FaultPlace::Check(u16::try_from(check).unwrap_or(u16::MAX));
                faults.push(Fault::new(index, place, &error));
            }
        }
    }
    PathResult {
        path: index,
        passed,
        errored,
    }
}

impl Fault {
    fn new(path: u16, place: FaultPlace, error: &EvalError) -> Self {
        let message = error.to_string().chars().take(300).collect();
        Self {
            path,
            place,
            reason: error.reason(),
            message,
        }
    }
}

/// Messages of the checks that did not pass.
fn messages(
    path: &Path,
    result: PathResult,
    evaluation: &mut Evaluation<'_>,
    faults: &[Fault],
) -> Vec<CheckMessage> {
    let mut messages = Vec::new();
    for (number, (check, programs)) in (0_u16..).zip(path.spec.checks.iter().zip(&path.programs)) {
        let bit = bit(number.into());
        if result.passed & bit != 0 {
            continue;
        }
        let text = if result.errored & bit != 0 {
            error_text(path, number, faults, result.path)
        } else {
            let evaluated = programs
                .message
                .as_ref()
                .and_then(|program| evaluation.run_string(program).ok());
            let one_line = evaluated.filter(|text| !text.trim().is_empty() && !text.contains('\n'));
            one_line
                .or_else(|| check.message.clone())
                .unwrap_or_else(|| default_message(check))
        };
        messages.push(CheckMessage {
            path: result.path,
            check: number,
            text,
        });
    }
    messages
}

fn error_text(path: &Path, check: u16, faults: &[Fault], index: u16) -> String {
    let name = &path.spec.checks[usize::from(check)].name;
    let fault = faults
        .iter()
        .find(|fault| fault.path == index && fault.place == FaultPlace::Check(check));
    let broken = || {
        path.invalid.iter().find(
            |invalid| matches!(&invalid.place, ExpressionPlace::Check(broken) if broken == name),
        )
    };
    match (fault, broken()) {
        (Some(fault), _) => format!("could not be evaluated: {}", fault.message),
        (None, Some(invalid)) => format!("cannot be used: {}", invalid.message),
        (None, None) => "could not be evaluated".to_owned(),
    }
}

pub(crate) fn default_message(check: &crate::api::golden_path::Check) -> String {
    format!(
        "{} is not met yet",
        check.title.as_deref().unwrap_or(&check.name)
    )
}
