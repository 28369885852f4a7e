//! Runs the checks of every path in whose scope an object is. One evaluation an object and path:
//! the object is borrowed, variables are evaluated at most once.

use std::sync::Arc;

use goldenpath_cel::{EvalError, Evaluation};
use serde_json::Value;

use crate::assess::object::kind::WatchedKind;
use crate::assess::object::labels::LabelSet;
use crate::assess::object::namespace::Namespace;
use crate::assess::path::set::PathSet;
use crate::assess::path::{Checks, ExpressionPlace, Path, bit};
use crate::assess::settings::Settings;

/// What a workload is read with.
#[derive(Clone, Copy)]
pub struct ReadContext<'a> {
    /// How workloads are read.
    pub settings: &'a Settings,
    /// The paths to judge by.
    pub paths: &'a Arc<PathSet>,
    /// The workload's namespace, where it is known.
    pub namespace: Option<&'a Namespace>,
    /// Whether to keep the messages of checks that did not pass.
    pub messages: bool,
}

/// What the checks of one path say, one bit a check. A check that neither passed nor errored failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathResult {
    /// Index of the path in its set.
    pub path: u16,
    /// Checks that passed.
    pub passed: Checks,
    /// Checks that could not be evaluated.
    pub errored: Checks,
}

/// What one object's checks said.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    pub results: Vec<PathResult>,
    pub messages: Vec<CheckMessage>,
    pub faults: Vec<Fault>,
}

/// Why a check did not pass, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckMessage {
    /// Index of the path in its set.
    pub path: u16,
    /// Index of the check in its path.
    pub check: u16,
    /// One line.
    pub text: String,
}

/// An expression that failed while it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Index of the path in its set.
    pub path: u16,
    /// Index of the check in its path.
    pub check: u16,
    /// A `PascalCase` word for machines.
    pub reason: &'static str,
    /// What happened.
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
        if !in_scope(path, &mut evaluation) {
            continue;
        }
        let (passed, errored) = run_checks(index, path, &mut evaluation, &mut judged.faults);
        judged.results.push(PathResult {
            path: index,
            passed,
            errored,
        });
        if read.messages {
            collect_messages(
                index,
                path,
                (passed, errored),
                (&mut evaluation, &mut judged),
            );
        }
    }
    judged
}

fn in_scope(path: &Path, evaluation: &mut Evaluation<'_>) -> bool {
    path.conditions().iter().all(|condition| {
        condition
            .as_ref()
            .is_some_and(|program| evaluation.run_bool(program).unwrap_or(false))
    })
}

fn run_checks(
    index: u16,
    path: &Path,
    evaluation: &mut Evaluation<'_>,
    faults: &mut Vec<Fault>,
) -> (Checks, Checks) {
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
                faults.push(Fault::new(index, check, &error));
            }
        }
    }
    (passed, errored)
}

impl Fault {
    fn new(path: u16, check: usize, error: &EvalError) -> Self {
        let message = error.to_string().chars().take(300).collect();
        Self {
            path,
            check: u16::try_from(check).unwrap_or(u16::MAX),
            reason: error.reason(),
            message,
        }
    }
}

fn collect_messages(
    index: u16,
    path: &Path,
    bits: (Checks, Checks),
    into: (&mut Evaluation<'_>, &mut Judged),
) {
    let ((passed, errored), (evaluation, judged)) = (bits, into);
    for (number, (check, programs)) in (0_u16..).zip(path.spec.checks.iter().zip(&path.programs)) {
        let bit = bit(number.into());
        if passed & bit != 0 {
            continue;
        }
        let text = if errored & bit != 0 {
            error_text(path, number, &judged.faults, index)
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
        judged.messages.push(CheckMessage {
            path: index,
            check: number,
            text,
        });
    }
}

fn error_text(path: &Path, check: u16, faults: &[Fault], index: u16) -> String {
    let name = &path.spec.checks[usize::from(check)].name;
    let fault = faults
        .iter()
        .find(|fault| fault.path == index && fault.check == check);
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
