//! Status of a GoldenPath: whether it takes part, which expressions cannot be used, the states of its
//! services, and two records that exist only in a status: the measurement at the adoption deadline and
//! one point of history a week. Services are counted elsewhere.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::day;
use crate::api::condition::{
    ANNOUNCED, CHECKS_VALID, EXCEPTIONS_FOLLOWED, READY, STALLED, Statement, settle, stored,
};
use crate::api::golden_path::{AtDeadline, Enforced, HistoryPoint, NewServices, TopDeviation};
use crate::api::{GoldenPathStatus, Period};
use crate::assess::adoption::MEASURED_WITHIN;
use crate::assess::path::{ExpressionPlace, Invalid, Path, indexes};
use crate::assess::wording::{first_few, quoted};

#[cfg(test)]
mod tests;

const WEEK: Period = Period::days(7);
/// Points of history: a little more than a year of weeks.
const POINTS: usize = 60;
/// Most frequently failing checks in the status.
const TOP: usize = 10;
/// Reason of `Announced` after an edit that made services deviate at once.
const EDITED: &str = "EditedWithoutNotice";

/// Why a deadline has no measurement.
const NOT_MEASURED: &str = "The operator did not run at the deadline.";

/// Findings on a path.
#[derive(Clone, Debug, PartialEq, Default)]
pub(in crate::assess::planner) struct PathFindings {
    /// Why it does not take part; none when it does.
    pub preview: Option<NotTakingPart>,
    /// Expressions that cannot be used, in the order of the spec.
    pub invalid: Vec<Invalid>,
    /// Checks not enforced yet, with the start of enforcement.
    pub announced: Vec<(String, Timestamp)>,
    /// None of its checks can be used.
    pub nothing_usable: bool,
    /// Services in its scope, whichever path judges them.
    pub services: u32,
    /// Those of them that satisfy it.
    pub on_path: u32,
    /// Services judged by it, by state.
    pub counts: BTreeMap<&'static str, u32>,
    /// Services judged by it that a launched path would judge if this one, a starter path, did not.
    pub launched_beside: u32,
    /// Services that the edit to this generation made deviate.
    pub deviating_at_once: u32,
    /// What it enforces, to be recorded.
    pub enforced: Option<Enforced>,
    /// Services created after its launch. None until every watched kind is listed, because the
    /// measurement at the deadline is written only once.
    pub new_services: Option<NewServicesNow>,
    /// Target share of new services on the path, in percent.
    pub target_percent: u8,
    /// Checks and the number of services that fail them.
    pub top_deviations: Vec<(String, u32)>,
    /// The condition about warnings on apply; none without `warnOnApply`.
    pub warning: Option<Statement>,
    /// The definition of exceptions was removed; the last known exceptions stay in force.
    pub exceptions_kept: bool,
}

impl PathFindings {
    /// Findings that follow from the path alone at `now`; the caller adds its services.
    pub fn of(path: &Path, now: Timestamp) -> Self {
        let at = path.at(now);
        let announced = indexes(at.announced).filter_map(|index| {
            let check = path.spec.checks.get(index)?;
            Some((check.name.clone(), check.enforce_from.as_ref()?.0))
        });
        Self {
            preview: (!at.takes_part).then(|| NotTakingPart::of(path.launched_at(), now)),
            invalid: path.invalid.clone(),
            announced: announced.collect(),
            nothing_usable: path.programs.iter().all(|check| check.expression.is_none()),
            target_percent: path.spec.adoption.target_percent,
            ..Self::default()
        }
    }
}

/// Why a path is shown, but not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assess::planner) enum NotTakingPart {
    /// It launches at this instant.
    LaunchAhead(Timestamp),
    /// It is on the roadmap, without a date.
    OnRoadmap,
    /// No usable required check is in force.
    NoRequiredCheck,
}

impl NotTakingPart {
    /// The reason for a path that does not take part at `now`.
    fn of(launched_at: Option<Timestamp>, now: Timestamp) -> Self {
        match launched_at {
            None => Self::OnRoadmap,
            Some(launch) if launch > now => Self::LaunchAhead(launch),
            Some(_) => Self::NoRequiredCheck,
        }
    }
}

/// The services created after a path's launch, counted now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::assess::planner) struct NewServicesNow {
    /// Number of new services.
    pub total: u32,
    /// Number of them on the path.
    pub on_path: u32,
    /// Services whose birth is unknown.
    pub births_unknown: u32,
    /// Time of the measurement.
    pub deadline: Timestamp,
}

/// The status to store for a path. The measurement at the deadline and the history continue from
/// `before`; every other field is built anew.
pub(in crate::assess::planner) fn path_status(
    generation: Option<i64>,
    findings: &PathFindings,
    before: Option<&GoldenPathStatus>,
    now: Timestamp,
) -> GoldenPathStatus {
    let conditions = before.map_or(&[][..], |status| &status.conditions);
    let new_services = before.and_then(|status| status.new_services.as_ref());
    let counts: BTreeMap<String, u32> = findings
        .counts
        .iter()
        .map(|(state, services)| ((*state).to_owned(), *services))
        .collect();
    GoldenPathStatus {
        observed_generation: generation,
        conditions: settle(
            conditions,
            statements(findings, edited(findings, conditions, generation).as_ref()),
            generation,
            now,
        ),
        services: Some(findings.services),
        on_path: Some(findings.on_path),
        new_services: new_services_at(findings, new_services, now),
        top_deviations: top_deviations(findings),
        enforced: findings.enforced.clone(),
        history: history(findings, before, &counts, now),
        announced: before.map_or_else(Vec::new, |status| status.announced.clone()),
        counts,
    }
}

fn new_services_at(
    findings: &PathFindings,
    before: Option<&NewServices>,
    now: Timestamp,
) -> Option<NewServices> {
    let recorded = before.and_then(|before| before.at_deadline.clone());
    let Some(seen) = findings.new_services else {
        // Unknown now; the recorded measurement stays.
        return before.filter(|_| recorded.is_some()).cloned();
    };
    let is_due = now >= seen.deadline;
    // A deadline that moved ahead can still be measured.
    let recorded =
        recorded.filter(|record| record.not_measured.is_none() || record.at.0 > seen.deadline);
    let at_deadline = recorded.or_else(|| is_due.then(|| at_deadline(seen, now)));
    let target_met = at_deadline
        .as_ref()
        .and_then(|measured| measured.on_path.zip(measured.total))
        .filter(|(_, total)| is_due && *total > 0)
        .map(|(on_path, total)| {
            u64::from(on_path) * 100 >= u64::from(total) * u64::from(findings.target_percent)
        });
    Some(NewServices {
        total: seen.total,
        on_path: seen.on_path,
        ratio: ratio(seen),
        births_unknown: Some(seen.births_unknown).filter(|services| *services > 0),
        deadline: stored(seen.deadline),
        at_deadline,
        target_met,
    })
}

/// The measurement, where `now` is soon after the deadline; later services have come and gone, and no
/// figure is invented.
fn at_deadline(seen: NewServicesNow, now: Timestamp) -> AtDeadline {
    let is_seen = now <= MEASURED_WITHIN.after(seen.deadline);
    AtDeadline {
        total: is_seen.then_some(seen.total),
        on_path: is_seen.then_some(seen.on_path),
        at: stored(now),
        not_measured: (!is_seen).then(|| NOT_MEASURED.to_owned()),
    }
}

/// The share of new services on the path, to four decimals, so that it survives a JSON round trip.
fn ratio(seen: NewServicesNow) -> Option<f64> {
    (seen.total > 0)
        .then(|| (f64::from(seen.on_path) / f64::from(seen.total) * 10_000.0).round() / 10_000.0)
}

fn top_deviations(findings: &PathFindings) -> Vec<TopDeviation> {
    let mut top: Vec<_> = findings
        .top_deviations
        .iter()
        .filter(|(_, services)| *services > 0)
        .collect();
    top.sort_by(|(a, more), (b, fewer)| fewer.cmp(more).then_with(|| a.cmp(b)));
    top.into_iter()
        .take(TOP)
        .map(|(check, services)| TopDeviation {
            check: check.clone(),
            services: *services,
        })
        .collect()
}

fn history(
    findings: &PathFindings,
    before: Option<&GoldenPathStatus>,
    counts: &BTreeMap<String, u32>,
    now: Timestamp,
) -> Vec<HistoryPoint> {
    let mut points = before.map_or_else(Vec::new, |status| status.history.clone());
    let is_due = points
        .last()
        .is_none_or(|last| WEEK.after(last.at.0) <= now);
    if is_due && findings.preview.is_none() && findings.services > 0 {
        points.push(HistoryPoint {
            at: stored(now),
            counts: counts.clone(),
        });
    }
    points.split_off(points.len().saturating_sub(POINTS))
}

/// What the condition `Announced` says of the edit to this generation, if it made services deviate. It
/// stays until the next edit: also when the operator restarts, or services have come back.
fn edited(
    findings: &PathFindings,
    conditions: &[Condition],
    generation: Option<i64>,
) -> Option<Statement> {
    if findings.deviating_at_once > 0 {
        let number = findings.deviating_at_once;
        let services = if number == 1 { "service" } else { "services" };
        return Some(Statement::new(
            ANNOUNCED,
            false,
            EDITED,
            format!(
                "The last edit made {number} {services} deviate at once. Next: set \
                 enforceFrom on the new or stricter checks, 90 days ahead, so that teams can take \
                 the step first."
            ),
        ));
    }
    let said = conditions
        .iter()
        .find(|condition| condition.type_ == ANNOUNCED && condition.reason == EDITED)?;
    (said.observed_generation == generation)
        .then(|| Statement::new(ANNOUNCED, false, EDITED, said.message.clone()))
}

fn statements(findings: &PathFindings, edited: Option<&Statement>) -> Vec<Statement> {
    let mut statements = vec![ready(findings)];
    if findings.nothing_usable {
        statements.push(Statement::new(
            STALLED,
            true,
            "NoCheckUsable",
            "Waiting for a correction. Next: see ChecksValid.",
        ));
    }
    let announced = edited.cloned().unwrap_or_else(|| announced(findings));
    statements.extend([checks_valid(&findings.invalid), announced]);
    statements.extend(findings.warning.clone());
    if findings.exceptions_kept {
        statements.push(Statement::new(
            EXCEPTIONS_FOLLOWED,
            false,
            "DefinitionRemoved",
            "The DeviationException definition was removed. The last known exceptions stay in \
             force until the operator restarts. Next: install the definition and the exceptions \
             again; from then on only those count.",
        ));
    }
    statements
}

fn ready(findings: &PathFindings) -> Statement {
    if findings.nothing_usable {
        return Statement::new(
            READY,
            false,
            "NoCheckUsable",
            "No check can be used, so the path judges no service. Next: correct what ChecksValid \
             lists.",
        );
    }
    let (reason, message) = match findings.preview {
        None if findings.launched_beside > 0 => ("TakesPart", beside(findings.launched_beside)),
        None => (
            "TakesPart",
            "Launched: the operator judges and counts the services in scope. Nothing to do."
                .to_owned(),
        ),
        Some(NotTakingPart::LaunchAhead(at)) => (
            "NotTakingPart",
            format!(
                "Preview until its launch on {}: shown, not counted. Nothing to do.",
                day(at)
            ),
        ),
        Some(NotTakingPart::OnRoadmap) => (
            "NotTakingPart",
            "On the roadmap: shown, not counted. Next: set launchedAt when teams can use it."
                .to_owned(),
        ),
        Some(NotTakingPart::NoRequiredCheck) => (
            "NotTakingPart",
            "Preview: no required check is in force, so it is shown, not counted. Next: add one, \
             or wait until an announced check counts."
                .to_owned(),
        ),
    };
    Statement::new(READY, true, reason, message)
}

/// A starter path beside launched ones.
fn beside(number: u32) -> String {
    let services = if number == 1 { "service" } else { "services" };
    format!(
        "Starter paths only advise. This one judges {number} {services} that a launched path would judge \
         otherwise. Next: delete it."
    )
}

fn checks_valid(invalid: &[Invalid]) -> Statement {
    let Some(first) = invalid.first() else {
        return Statement::new(
            CHECKS_VALID,
            true,
            "Valid",
            "Every expression is valid. Nothing to do.",
        );
    };
    let problems: Vec<String> = invalid
        .iter()
        .map(|one| format!("{}: {}", one.place, quoted(&one.message)))
        .collect();
    let named = first_few(&problems, "; ");
    let (scope, checks): (Vec<_>, Vec<_>) = invalid
        .iter()
        .partition(|one| matches!(one.place, ExpressionPlace::MatchCondition(_)));
    let until_then = match (scope.is_empty(), checks.is_empty()) {
        (false, true) => "the workloads that a condition fails on stay out of the scope",
        (false, false) => {
            "the affected services show as unknown or stay out of the scope; the fix is the \
             platform team's, not theirs"
        }
        (true, _) => {
            "the affected services show as unknown; the fix is the platform team's, not theirs"
        }
    };
    Statement::new(
        CHECKS_VALID,
        false,
        first.reason,
        format!("{named}. Next: correct them. Until then {until_then}."),
    )
}

fn announced(findings: &PathFindings) -> Statement {
    let mut ahead: Vec<_> = findings.announced.iter().collect();
    ahead.sort_by(|(a, at), (b, later)| at.cmp(later).then_with(|| a.cmp(b)));
    if ahead.is_empty() {
        return Statement::new(
            ANNOUNCED,
            false,
            "NothingAnnounced",
            "Every check is in force. Nothing to do.",
        );
    }
    let dates: Vec<String> = ahead
        .iter()
        .map(|(name, at)| format!("'{name}' counts from {}", day(*at)))
        .collect();
    let named = first_few(&dates, "; ");
    Statement::new(
        ANNOUNCED,
        true,
        "ChecksAnnounced",
        format!("{named}. Until then shown, not counted. Next: teams can already take the step."),
    )
}
