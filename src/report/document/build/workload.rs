//! One workload's line: its verdict, and the details of every check of its path.

use std::cmp::Reverse;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::View;
use crate::assess::goal_objects::shipped::closing_items;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::path::Path;
use crate::assess::register::next::{Closable, Next};
use crate::assess::source::Problem;
use crate::assess::state::{Outcome, Standing, Status, Turn};
use crate::assess::verdict::standing::CheckStanding;
use crate::assess::verdict::{Choice, Verdict};
use crate::assess::wording::nearest;
use crate::assess::workload::{PathResult, Workload};
use crate::report::document::{self, Delivery, StandingDates, Steps};

pub(super) fn line(
    workload: &Workload,
    ns: &NamespaceIndex,
    verdict: &Verdict,
    view: &View<'_>,
) -> document::Workload {
    let chosen = chosen(workload, verdict);
    let worst = verdict.worst();
    let id = &workload.id;
    let spec = chosen.map(|(path, _)| &path.spec);
    let asked_for_a_path = (verdict.status == Status::Unscoped)
        .then(|| foremost(view))
        .flatten();
    document::Workload {
        kind: id.kind.kind.clone(),
        namespace: id.namespace.to_string(),
        name: id.name.to_string(),
        team: ns.team_of(workload).to_owned(),
        service: workload.service.as_deref().map(str::to_owned),
        path: chosen.map(|(path, _)| path.name.to_string()),
        path_title: spec.and_then(|spec| spec.title.clone()),
        advice: chosen.is_some_and(|(path, _)| path.only_advises()),
        chosen_because: chosen.map(|_| because(workload, verdict, view)),
        status: verdict.status,
        deviation: verdict.standing,
        turn: verdict.turn,
        born_at: workload.birth(),
        dates: worst.map_or_else(StandingDates::default, |worst| dates(worst, ns, view)),
        next_change: chosen.and_then(|(path, _)| next_change(verdict, path, ns, view)),
        steps: Steps {
            passed: count(verdict.steps.passed),
            of: count(verdict.steps.of),
        },
        checks: chosen.map_or(Vec::new(), |chosen| {
            checks(chosen, workload, verdict, ns, view)
        }),
        problems: notes(workload, verdict, view)
            .into_iter()
            .chain(scope_errors(workload))
            .collect(),
        ignore_reason: workload.attributes.ignore.as_deref().map(str::to_owned),
        template_hash: workload.template.as_ref().map(ToString::to_string),
        contact: asked_for_a_path
            .or_else(|| asked_to_act(chosen, verdict))
            .and_then(|path| path.spec.owner.contact.clone()),
        feedback_url: match (chosen, asked_for_a_path) {
            (Some((path, _)), _) => feedback(path, &path.name, workload, verdict),
            (None, Some(path)) => feedback(path, "", workload, verdict),
            (None, None) => None,
        },
        delivery: delivery(workload, ns).map(Box::new),
        source: view.sources.workloads.get(id).cloned(),
    }
}

/// Rollouts in the line of a workload.
const LATEST_ROLLOUTS: usize = 5;

fn delivery(workload: &Workload, ns: &NamespaceIndex) -> Option<Delivery> {
    let record = ns.record(&workload.id.kind, &workload.id.name)?;
    let status = record.status();
    let latest_first = status.rollouts.into_iter().rev();
    Some(Delivery {
        rollouts: latest_first.take(LATEST_ROLLOUTS).collect(),
        figures: status.figures,
    })
}

/// The problems of this workload, as the whole report lists them. Conditions of scopes are listed once
/// a path.
pub(super) fn problems(workload: &Workload, verdict: &Verdict, view: &View<'_>) -> Vec<Problem> {
    let id = &workload.id;
    let source = view.sources.workloads.get(id);
    let place = source.map_or_else(|| id.to_string(), ToString::to_string);
    notes(workload, verdict, view)
        .into_iter()
        .map(|note| Problem::of_workload(&place, format!("{} {}: {note}", id.kind.kind, id.name)))
        .collect()
}

/// The path whose owner speaks for the platform: the one with the highest priority, then the first by
/// name.
fn foremost<'a>(view: &View<'a>) -> Option<&'a Path> {
    let paths = view.inventory.paths().iter();
    paths.min_by_key(|path| (Reverse(path.spec.priority), path.name.clone()))
}

/// The path whose owner has to act next.
fn asked_to_act<'a>(chosen: Option<Chosen<'a>>, verdict: &Verdict) -> Option<&'a Path> {
    let (path, _) = chosen?;
    (verdict.turn == Some(Turn::Platform)).then_some(path)
}

type Chosen<'a> = (&'a Path, &'a PathResult);

fn chosen<'a>(workload: &'a Workload, verdict: &Verdict) -> Option<Chosen<'a>> {
    let index = verdict.path?;
    let mut results = workload.attributes.results.iter();
    let result = results.find(|result| usize::from(result.path) == index)?;
    Some((workload.paths.get(index), result))
}

fn because(workload: &Workload, verdict: &Verdict, view: &View<'_>) -> String {
    let at = view.as_of.paths(&workload.paths);
    let results = workload.attributes.results.iter();
    let candidates = results.filter(|result| at[usize::from(result.path)].takes_part);
    match (verdict.choice, candidates.count()) {
        (Choice::Declared, _) => "the team declared it".to_owned(),
        (_, 0 | 1) => "the only one for it".to_owned(),
        (_, several) => format!("the closest of {several}"),
    }
}

/// Notes on this workload alone.
fn notes(workload: &Workload, verdict: &Verdict, view: &View<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    let declared = workload
        .attributes
        .declared_path
        .as_deref()
        .unwrap_or_default();
    match verdict.choice {
        Choice::Declared | Choice::ClosestFit => {}
        Choice::DeclaredMissing => {
            let names = view.inventory.paths().iter().map(|path| &*path.name);
            let meant = nearest(declared, names).map(|name| format!("; did you mean '{name}'?"));
            notes.push(format!(
                "the declared path '{declared}' does not exist, so it is judged as if none were \
                 declared{}",
                meant.unwrap_or_default()
            ));
        }
        Choice::DeclaredNotApplicable => notes.push(format!(
            "the declared path '{declared}' is not for this workload, or does not take part yet, \
             so it is judged as if none were declared"
        )),
    }
    if workload.attributes.ignore.is_some() && verdict.status != Status::Ignored {
        notes.push(
            "it asks to be left out, which its namespace does not allow; it stays counted"
                .to_owned(),
        );
    }
    notes
}

/// Why the workload is out of the scope of a path that may be meant for it.
fn scope_errors(workload: &Workload) -> impl Iterator<Item = String> {
    workload.attributes.scope_errors.iter().map(|error| {
        let path = workload.paths.get(error.path.into());
        let conditions = &path.spec.scope.match_conditions;
        let condition = conditions.get(usize::from(error.condition));
        format!(
            "the matchCondition '{}' of path {} fails on it, so it is not in the path's scope{}",
            condition.map_or("", |condition| &condition.name),
            path.name,
            error
                .message
                .as_ref()
                .map_or(String::new(), |message| format!(": {message}"))
        )
    })
}

fn dates(standing: &CheckStanding, ns: &NamespaceIndex, view: &View<'_>) -> StandingDates {
    StandingDates {
        until: standing.until,
        next_review_at: next_review(standing, ns, view),
        since: asked(standing, ns, view),
    }
}

/// When the review is due that the standing asks for.
fn next_review(
    standing: &CheckStanding,
    ns: &NamespaceIndex,
    view: &View<'_>,
) -> Option<Timestamp> {
    match standing.standing {
        Standing::ReviewDue | Standing::ReviewOverdue => {
            let exception = ns.exception(standing.exception.as_deref()?)?;
            let ctx = view.inventory.judge_context(view.as_of);
            ctx.life(ns, exception).next_review_at
        }
        Standing::Undocumented
        | Standing::Expired
        | Standing::Pending
        | Standing::Predates
        | Standing::Documented => None,
    }
}

/// Start of the wait for a decision, if known.
fn asked(standing: &CheckStanding, ns: &NamespaceIndex, view: &View<'_>) -> Option<Timestamp> {
    let is_waiting = standing.standing == Standing::Pending || standing.renewal_open;
    let exception = ns.exception(standing.exception.as_deref().filter(|_| is_waiting)?)?;
    let renewal = exception
        .spec
        .renewal
        .as_ref()
        .filter(|_| standing.renewal_open);
    let asked = renewal.map_or(exception.created, |renewal| renewal.requested_at.0);
    // A manifest has no creation time: the instant of the report stands in for it.
    (asked > Timestamp::MIN && asked < view.as_of.now).then_some(asked)
}

/// The next instant at which time alone changes an answer about this workload.
fn next_change(
    verdict: &Verdict,
    path: &Path,
    ns: &NamespaceIndex,
    view: &View<'_>,
) -> Option<Timestamp> {
    let now = view.as_of.now;
    let ctx = view.inventory.judge_context(view.as_of);
    let standings = verdict.standings.iter();
    let lives = standings.clone().filter_map(|standing| {
        let exception = ns.exception(standing.exception.as_deref()?)?;
        ctx.life(ns, exception).next_change
    });
    let ends = standings.filter_map(|standing| standing.until);
    let checks = path.spec.checks.iter();
    let enforced = checks.filter_map(|check| check.enforce_from.as_ref().map(|from| from.0));
    let dates = lives.chain(ends).chain(enforced);
    dates.filter(|date| *date > now).min()
}

fn checks(
    (path, result): Chosen<'_>,
    workload: &Workload,
    verdict: &Verdict,
    ns: &NamespaceIndex,
    view: &View<'_>,
) -> Vec<document::Check> {
    let at = view.as_of.paths(&workload.paths)[usize::from(result.path)];
    let checks = path.spec.checks.iter().enumerate();
    checks
        .map(|(index, check)| {
            let outcome = Verdict::outcome(result, &at, index);
            let standing = verdict
                .standings
                .iter()
                .find(|standing| standing.check == index);
            let wants_help = outcome != Outcome::Pass;
            document::Check {
                name: check.name.clone(),
                title: check.title.clone(),
                action: check.action.clone().filter(|_| wants_help),
                level: check.level,
                outcome,
                message: message(workload, result, index, check),
                remediation: check.remediation.clone().filter(|_| wants_help),
                docs_url: check.docs_url.clone().filter(|_| wants_help),
                enforce_from: check.enforce_from.as_ref().map(|from| from.0),
                exemptible: check.exemptible,
                exception: standing.and_then(|e| e.exception.as_deref().map(str::to_owned)),
                shipped_item: standing.and_then(|of| shipped_item(of, ns, view)),
                standing: standing.map(|standing| standing.standing),
                dates: standing.map_or_else(StandingDates::default, |of| dates(of, ns, view)),
            }
        })
        .collect()
}

/// What the exception of a failing check waits for and has shipped, where its next action is to close it.
fn shipped_item(
    standing: &CheckStanding,
    ns: &NamespaceIndex,
    view: &View<'_>,
) -> Option<document::ShippedItem> {
    let exception = ns.exception(standing.exception.as_deref()?)?;
    if exception.spec.waits_for.is_empty() {
        return None;
    }
    let life = view.inventory.judge_context(view.as_of).life(ns, exception);
    let goals = view.inventory.goals();
    let shipped = closing_items(exception, &life, goals, view.as_of.now).next()?;
    // It is in use, and needed: this check fails.
    let next = Next::asked(life.phase, life.renewal_open, Closable::ItemShipped);
    (next == Next::Close).then(|| document::ShippedItem::of(shipped))
}

/// The missing step. The evaluated message of a sensitive check may quote the object, so only its
/// written message is shown.
fn message(
    workload: &Workload,
    result: &PathResult,
    index: usize,
    check: &crate::api::golden_path::Check,
) -> Option<String> {
    let mut messages = workload.attributes.messages.iter();
    let found = messages.find(|m| m.path == result.path && usize::from(m.check) == index)?;
    if check.sensitive {
        return check.message.clone();
    }
    Some(found.text.clone())
}

/// The path's feedback address, filled in; `name` is empty where the path is not the workload's.
fn feedback(path: &Path, name: &str, workload: &Workload, verdict: &Verdict) -> Option<String> {
    let template = path.spec.feedback_url.as_ref()?;
    let missing = verdict.failing | verdict.errored;
    let check = crate::assess::path::indexes(missing)
        .next()
        .and_then(|index| path.spec.checks.get(index))
        .map_or("", |check| &check.name);
    let service = workload.service_name();
    let filled = template
        .replace("{path}", &encode(name))
        .replace("{check}", &encode(check))
        .replace("{service}", &encode(service));
    Some(filled)
}

/// All but the unreserved characters of RFC 3986.
const RESERVED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes a part of an address.
fn encode(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
