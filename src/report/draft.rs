//! Drafts an exception that the API server accepts. Defaults come from the workload, missing fields
//! are reported, and bounds are read from the CRD's schema. Nothing is asked or written here.

mod bounds;
mod subject;

use crate::api::Instant;
use jiff::Timestamp;
use kube::core::ObjectMeta;

use crate::api::deviation_exception::{Category, OwnershipCost, Target};
use crate::api::golden_path::Owner;
use crate::api::{DeviationException, DeviationExceptionSpec, Period};
use crate::assess::exception::record::EVERY_CHECK;
use crate::report::document::{Report, Workload};
use crate::report::voice;

pub use subject::Subject;

/// The longest name made up here; it also fits into a label.
const LONGEST_NAME: usize = 63;

/// Fields given by a person; absent ones were not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DraftInput {
    /// The path to leave.
    pub path: Option<String>,
    /// The checks to except; empty means not given.
    pub checks: Vec<String>,
    /// Why the deviation is right.
    pub reason: Option<String>,
    /// Hours a month.
    pub hours_per_month: Option<f64>,
    /// Hours once.
    pub one_off_hours: Option<f64>,
    /// When it expires.
    pub end: Option<End>,
    /// The team that carries the cost.
    pub owner: Option<String>,
    /// Where that team is reached.
    pub contact: Option<String>,
    /// Why teams deviate.
    pub category: Option<Category>,
    pub ticket: Option<String>,
    /// What the platform lacks.
    pub would_return_if: Option<String>,
    /// Names of roadmap items it waits for.
    pub waits_for: Vec<String>,
    /// The exception's name.
    pub name: Option<String>,
    /// The requester.
    pub requested_by: Option<String>,
}

/// When an exception expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// This long after the draft.
    After(Period),
    /// At this instant.
    At(Timestamp),
}

/// A field that only a person can fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingField {
    /// Why.
    Reason,
    /// Hours a month.
    Cost,
    /// The team, where the workload names none.
    Owner,
}

impl MissingField {
    /// The flag that answers it.
    pub const fn flag(self) -> &'static str {
        match self {
            Self::Reason => "--reason",
            Self::Cost => "--cost",
            Self::Owner => "--owner",
        }
    }

    /// The question, for people.
    pub const fn asks(self) -> &'static str {
        match self {
            Self::Reason => {
                "Why is the deviation right? Two or three sentences for a reader in a year"
            }
            Self::Cost => "How many hours a month does it cost you? An honest guess, such as 6h",
            Self::Owner => "Which team carries the cost?",
        }
    }

    /// The field its answer goes into.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Reason => "spec.reason",
            Self::Cost => "spec.ownershipCost.hoursPerMonth",
            Self::Owner => "spec.owner.team",
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Reason => "--reason 'The vendor licenses one replica until May.'",
            Self::Cost => "--cost 6h",
            Self::Owner => "--owner team-shop",
        }
    }
}

/// Why no exception can be drafted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No path judges the workload, and none is named.
    #[error("no golden path judges {0} yet: name the path to deviate from with --path")]
    NoPath(String),
    /// Its workloads are judged by different paths.
    #[error("{0} are judged by different paths: draft an exception for each path")]
    SeveralPaths(String),
    /// No workload is named.
    #[error("name a workload, such as deploy/web, or workloads by label with --selector")]
    NoWorkload,
    /// The workloads fail no step that may be excepted.
    #[error(
        "{0} fails no step that needs an exception: name one with --check to except it in advance"
    )]
    NothingToExcept(String),
    /// The named path is not the workload's own, and no check is named.
    #[error(
        "name the steps of path '{0}' to except with --check: the workload is judged by another path"
    )]
    OtherPath(String),
    /// Fields that only a person can fill are missing.
    #[error("{}", missing(.target, .open))]
    Missing {
        /// The workload, as commands take it.
        target: String,
        /// The missing fields.
        open: Vec<MissingField>,
    },
    /// An answer that the API server would reject.
    #[error("{}", .0.join("\n"))]
    Invalid(Vec<String>),
}

impl Refusal {
    /// The refusal, whose example has the flags that the answer depends on.
    #[must_use]
    pub fn with_flags(mut self, flags: &str) -> Self {
        if let Self::Missing { target, .. } = &mut self {
            let more = format!(" {flags}");
            target.push_str(more.trim_end());
        }
        self
    }
}

fn missing(target: &str, open: &[MissingField]) -> String {
    let flags: Vec<_> = open.iter().map(|question| question.flag()).collect();
    let examples: Vec<_> = open.iter().map(|question| question.example()).collect();
    format!(
        "missing: {}; for example: goldenpath except {target} {}",
        flags.join(", "),
        examples.join(" ")
    )
}

/// Hours as `6`, `6h` or `1.5h`.
///
/// # Errors
/// When the text is not a number of hours.
pub fn hours(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches(['h', 'H']);
    let hours = number.parse::<f64>().ok();
    hours
        .filter(|hours| hours.is_finite() && *hours >= 0.0)
        .ok_or_else(|| "write hours, such as 6h or 1.5h".to_owned())
}

impl End {
    /// The instant it means at `now`.
    pub fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::After(period) => period.after(now),
            Self::At(instant) => instant,
        }
    }
}

impl DraftInput {
    /// Sets one field from an answer.
    ///
    /// # Errors
    /// When the answer is not valid; the message names the bounds.
    pub fn answer(&mut self, question: MissingField, text: &str) -> Result<(), String> {
        let text = text.trim();
        let field = match question {
            MissingField::Reason => "/reason",
            MissingField::Cost => {
                self.hours_per_month = Some(hours(text)?);
                return Ok(());
            }
            MissingField::Owner => "/owner/team",
        };
        match bounds::slip_at(field, text) {
            Some(slip) => return Err(slip),
            None if question == MissingField::Reason => self.reason = Some(text.to_owned()),
            None => self.owner = Some(text.to_owned()),
        }
        Ok(())
    }

    /// Fills path, checks and owner from the workloads.
    ///
    /// # Errors
    /// When the workloads do not determine them.
    pub fn filled(mut self, subject: &Subject) -> Result<Self, Refusal> {
        let path = match self.path.take() {
            Some(given) => given,
            None => subject.path()?,
        };
        if self.checks.is_empty() {
            let is_own = |workload: &Workload| workload.path.as_ref() == Some(&path);
            if !subject.workloads().all(is_own) {
                return Err(Refusal::OtherPath(path));
            }
            self.checks = subject.excusable();
        }
        if self.checks.is_empty() {
            return Err(Refusal::NothingToExcept(subject.targets()));
        }
        self.path = Some(path);
        self.owner = self.owner.or_else(|| subject.team());
        Ok(self)
    }

    /// The missing fields that only a person can fill.
    pub fn open(&self) -> Vec<MissingField> {
        let questions = [
            (MissingField::Reason, self.reason.is_none()),
            (MissingField::Cost, self.hours_per_month.is_none()),
            (MissingField::Owner, self.owner.is_none()),
        ];
        let open = questions.into_iter().filter(|(_, is_open)| *is_open);
        open.map(|(question, _)| question).collect()
    }
}

/// The exception for the answers and workloads, at the report's instant.
///
/// # Errors
/// When a field is missing, or the API server would reject one.
pub fn draft(
    answers: &DraftInput,
    subject: &Subject,
    report: &Report,
) -> Result<DeviationException, Refusal> {
    let answers = answers.clone().filled(subject)?;
    let workload = subject.first().ok_or(Refusal::NoWorkload)?;
    let spec = spec(&answers, subject, report.as_of).ok_or_else(|| Refusal::Missing {
        target: format!(
            "{} -n {}",
            subject.targets(),
            voice::shell_word(&workload.namespace)
        ),
        open: answers.open(),
    })?;
    let name = answers
        .name
        .clone()
        .unwrap_or_else(|| free_name(workload, &spec, report));
    let mut slips = bounds::slips(&spec);
    slips.extend(bounds::name_slip(&name));
    slips.extend(past(&spec, report.as_of));
    if !slips.is_empty() {
        return Err(Refusal::Invalid(slips));
    }
    Ok(DeviationException {
        metadata: ObjectMeta {
            name: Some(name),
            namespace: Some(workload.namespace.clone()),
            ..ObjectMeta::default()
        },
        spec,
        status: None,
    })
}

/// The spec, if no field is open.
fn spec(answers: &DraftInput, subject: &Subject, now: Timestamp) -> Option<DeviationExceptionSpec> {
    let input = answers.clone();
    let targets = subject.named.iter().map(|workload| Target {
        group: None,
        kind: workload.kind.clone(),
        name: workload.name.clone(),
    });
    Some(DeviationExceptionSpec {
        path: input.path?,
        checks: input.checks,
        targets: targets.collect(),
        selector: subject.selector.clone(),
        max_workloads: None,
        category: input.category,
        disposition: None,
        reason: input.reason?.trim().to_owned(),
        owner: Owner {
            team: input.owner?,
            contact: input.contact,
        },
        ticket: input.ticket,
        requested_by: input.requested_by,
        ownership_cost: OwnershipCost {
            hours_per_month: input.hours_per_month?,
            one_off_hours: input.one_off_hours,
            description: None,
        },
        would_return_if: input.would_return_if,
        waits_for: input.waits_for,
        review_every: None,
        expires_at: input.end.map(|end| Instant(end.at(now))),
        bound_to: None,
        approval: None,
        reviews: Vec::new(),
        renewal: None,
    })
}

/// Whether the API server accepts a text as a reason.
pub(super) fn is_reason(text: &str) -> bool {
    bounds::slip_at("/reason", text).is_none()
}

fn past(spec: &DeviationExceptionSpec, now: Timestamp) -> Option<String> {
    let end = spec.expires_at.as_ref().map(|end| end.0)?;
    (end <= now).then(|| format!("--expires: {end} is past"))
}

/// Workload and first check, with a number if that name is taken.
fn free_name(workload: &Workload, spec: &DeviationExceptionSpec, report: &Report) -> String {
    let check = spec.checks.first().map_or("", String::as_str);
    let check = if check == EVERY_CHECK { "all" } else { check };
    let is_taken = |name: &str| {
        let mut others = report.exceptions.iter();
        others.any(|other| other.namespace == workload.namespace && other.name == name)
    };
    let mut name = dns_name(&format!("{}-{check}", workload.name), "");
    let mut number = 2;
    while is_taken(&name) {
        name = dns_name(&format!("{}-{check}", workload.name), &format!("-{number}"));
        number += 1;
    }
    name
}

/// A DNS label from any text, with an ending.
pub(super) fn dns_name(text: &str, ending: &str) -> String {
    let letters = text.chars().map(|c| match c.to_ascii_lowercase() {
        c @ ('a'..='z' | '0'..='9') => c,
        _ => '-',
    });
    let cut: String = letters.take(LONGEST_NAME - ending.len()).collect();
    format!("{}{ending}", cut.trim_matches('-'))
}

#[cfg(test)]
mod tests;
