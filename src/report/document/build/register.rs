//! The lines of the register, and the problems of golden paths and exceptions.

use jiff::Timestamp;

use super::{Sources, View};
use crate::assess::exception::past::Rejection;
use crate::assess::goal_objects::shipped::closing_items;
use crate::assess::inventory::Inventory;
use crate::assess::path::ExpressionPlace;
use crate::assess::path::set::PathSet;
use crate::assess::register::next::{Next, waiting_since};
use crate::assess::register::{ExceptionView, Usage, Useless, UselessCheck};
use crate::assess::source::{Problem, Source};
use crate::assess::state::Phase;
use crate::assess::wording::nearest;
use crate::report::document;

pub(super) fn line(view: &ExceptionView<'_>, within: &View<'_>) -> document::Exception {
    let (inventory, sources, now) = (within.inventory, within.sources, within.as_of.now);
    let spec = &view.exception.spec;
    let next = Next::of(view, inventory, now);
    document::Exception {
        namespace: view.namespace.to_owned(),
        name: view.exception.name.to_string(),
        path: view.path_name().to_owned(),
        checks: spec.checks.clone(),
        phase: view.life.phase,
        effective_expiry: view.life.effective_expiry,
        next_review_at: view.life.next_review_at,
        in_use: Some(view.usage.is_in_use()),
        needed: view.needed,
        matched: view.matched.len(),
        owner: spec.owner.team.clone(),
        category: spec.category.map(|category| category.as_str().to_owned()),
        reason: spec.reason.clone(),
        would_return_if: spec.would_return_if.clone(),
        waits_for: spec.waits_for.clone(),
        shipped_items: closing_items(view.exception, &view.life, inventory.goals(), now)
            .map(document::ShippedItem::of)
            .collect(),
        hours_per_month: spec.ownership_cost.hours_per_month + 0.0, // -0 becomes 0
        next,
        turn: next.turn(),
        requested_at: requested_at(view, sources),
        waiting_since: waiting_since(spec, view.exception.created, &view.life),
        still_needed_because: spec
            .renewal
            .as_ref()
            .filter(|_| view.life.renewal_open)
            .map(|renewal| renewal.still_needed_because.clone()),
        requested_by: spec.requested_by.clone(),
        ticket: spec.ticket.clone(),
        decided_by: decided_by(view).map(str::to_owned),
        rejected_at: rejected_at(view),
        previous: view.exception.past.previous.clone(),
        approval: view.assurance,
        source: source(view, sources).cloned(),
    }
}

/// When it was first asked for or decided. A re-created object is younger than its decisions.
fn requested_at(view: &ExceptionView<'_>, sources: &Sources) -> Option<Timestamp> {
    let spec = &view.exception.spec;
    let approved = spec.approval.as_ref().map(|approval| approval.at.0);
    let reviewed = spec.reviews.iter().map(|review| review.at.0);
    // A manifest has no creation.
    let created = source(view, sources)
        .is_none()
        .then_some(view.exception.created);
    reviewed.chain(approved).chain(created).min()
}

/// Expressions of golden paths that do not compile, and conditions of scopes that fail on workloads.
pub(super) fn path_problems(view: &View<'_>) -> Vec<Problem> {
    let paths = view.inventory.paths().iter();
    let counts = view.contributions.faults();
    let invalid = paths.flat_map(|path| {
        let source = view.sources.paths.get(&*path.name);
        let place = place(source, || format!("goldenpath/{}", path.name));
        let failing = view.inventory.failures_while_running(path, &counts);
        // A check that fails shows at its workloads.
        let failing = failing
            .into_iter()
            .filter(|one| matches!(one.place, ExpressionPlace::MatchCondition(_)));
        let invalid = path.invalid.iter().cloned().chain(failing);
        invalid.map(move |invalid| {
            let message = format!("path {}, {}: {}", path.name, invalid.place, invalid.message);
            Problem::new(&place, message)
        })
    });
    invalid.collect()
}

/// Why an exception covers nothing, or less than it names.
pub(super) fn exception_problems(exception: &ExceptionView<'_>, view: &View<'_>) -> Vec<Problem> {
    let name = &exception.exception.name;
    let place = place(source(exception, view.sources), || {
        format!("{}/deviationexception/{name}", exception.namespace)
    });
    // Files may leave out the roadmap, and its readers may lack the right to list it.
    let has_roadmap = !view.inventory.goals().roadmap.is_empty();
    let unknown = exception.unknown_items.iter().filter(|_| has_roadmap);
    let unknown = unknown.map(|item| {
        let meant = did_you_mean(item.nearest);
        format!("there is no roadmap item '{}'{meant}", item.name)
    });
    findings(exception, view.inventory.paths())
        .into_iter()
        .chain(unknown)
        .map(|finding| Problem::new(&place, format!("exception {name}: {finding}")))
        .collect()
}

/// Stored objects that cannot be decoded.
pub(super) fn undecodable(inventory: &Inventory) -> Vec<Problem> {
    let paths = inventory.undecodable_paths().map(|(name, why)| {
        let message = format!("path {name} cannot be decoded, so it takes part in nothing: {why}");
        Problem::new(format!("goldenpath/{name}"), message)
    });
    let exceptions = inventory
        .undecodable_exceptions()
        .map(|((namespace, name), why)| {
            let message =
                format!("exception {name} cannot be decoded, so it excuses nothing: {why}");
            Problem::new(format!("{namespace}/deviationexception/{name}"), message)
        });
    let goals = inventory.goals().undecodable();
    let goals = goals.into_iter().map(|(kind, name, why)| {
        let kind = kind.as_str();
        let message = format!("{kind} {name} cannot be decoded, so it has no effect: {why}");
        Problem::new(format!("{}/{name}", kind.to_lowercase()), message)
    });
    paths.chain(exceptions).chain(goals).collect()
}

/// Notes to the owner of an exception, beyond its phase.
fn findings(view: &ExceptionView<'_>, paths: &PathSet) -> Vec<String> {
    let useless = view.useless_checks.iter().map(|check| explain(check, view));
    let ahead = view.life.ignored_decisions.iter().map(|at| {
        format!("a decision is dated {at}, which is still ahead, so it does not count yet")
    });
    let unused = unused(view, paths);
    unused.into_iter().chain(useless).chain(ahead).collect()
}

/// Why a running or pending exception covers nothing.
fn unused(view: &ExceptionView<'_>, paths: &PathSet) -> Option<String> {
    let path = &view.exception.spec.path;
    if !view.path_found() {
        let names = paths.iter().filter(|path| path.deleted.is_none());
        let meant = nearest(path, names.map(|path| &*path.name));
        return Some(format!(
            "the path '{path}' does not exist, so this exception covers nothing{}",
            did_you_mean(meant)
        ));
    }
    match view.life.phase {
        Phase::Pending | Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue => {}
        Phase::Expired | Phase::Rejected | Phase::Closed => return None,
    }
    let why = match view.usage {
        Usage::InUse | Usage::PathNotFound => return None,
        Usage::NoTarget => "no workload it names was found".to_owned(),
        Usage::OtherPath => {
            format!("the workloads it names are judged by another path than {path}")
        }
        Usage::NotJudged => "the workloads it names are judged by no path".to_owned(),
    };
    Some(format!("{why}, so it covers nothing"))
}

fn rejected_at(view: &ExceptionView<'_>) -> Option<Timestamp> {
    let in_spec = Rejection::in_spec(&view.exception.spec).map(|rejection| rejection.at);
    let counting = in_spec.filter(|at| !view.life.ignored_decisions.contains(at));
    counting.max(view.exception.past.rejected_at())
}

/// Who made the latest decision that counts.
fn decided_by<'a>(view: &'a ExceptionView<'_>) -> Option<&'a str> {
    let spec = &view.exception.spec;
    let approval = spec.approval.iter();
    let decisions = approval
        .map(|approval| (approval.at.0, &*approval.by))
        .chain(spec.reviews.iter().map(|review| (review.at.0, &*review.by)));
    let counts = |at: &Timestamp| !view.life.ignored_decisions.contains(at);
    let counting = decisions.filter(|(at, _)| counts(at));
    counting.max_by_key(|(at, _)| *at).map(|(_, by)| by)
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map_or(String::new(), |name| format!("; did you mean '{name}'?"))
}

fn explain(check: &UselessCheck<'_>, exception: &ExceptionView<'_>) -> String {
    let path = exception.path_name();
    match check.because {
        Useless::Unknown { nearest } => {
            let meant = did_you_mean(nearest);
            format!("the path {path} has no check '{}'{meant}", check.name)
        }
        Useless::NotExemptible => {
            format!("the check '{}' of {path} has no off-ramp", check.name)
        }
    }
}

fn source<'a>(view: &ExceptionView<'_>, sources: &'a Sources) -> Option<&'a Source> {
    let key = (view.namespace.to_owned(), view.exception.name.to_string());
    sources.exceptions.get(&key)
}

fn place(source: Option<&Source>, otherwise: impl FnOnce() -> String) -> String {
    source.map_or_else(otherwise, ToString::to_string)
}
