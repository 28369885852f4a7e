//! Families about exceptions. Instants are exposed, never spans: how much is left is a query's business.

use jiff::Timestamp;
use prometheus::proto::MetricFamily;

use super::family::{self, Series};
use super::{Teams, count, owner, seconds};
use crate::assess::exception::assurance::{Assurance, Doubt};
use crate::assess::inventory::Inventory;
use crate::assess::register::ExceptionView;
use crate::assess::register::next;
use crate::assess::state::Phase;

pub(super) fn families(register: &[ExceptionView<'_>], teams: &Teams<'_>) -> Vec<MetricFamily> {
    vec![
        family::EXCEPTIONS.of(in_phases(register, teams)),
        family::EXCEPTION_INFO.of(info(register, teams)),
        phases(register),
        family::EXCEPTION_CREATED.of(each(register, |view| Some(seconds(view.exception.created)))),
        family::EXCEPTION_REVIEW.of(each(register, |view| view.life.next_review_at.map(seconds))),
        family::EXCEPTION_EXPIRY.of(each(register, |view| {
            view.life.effective_expiry.map(seconds)
        })),
        family::EXCEPTION_WAITING_SINCE.of(each(register, |view| waiting(view).map(seconds))),
        family::EXCEPTION_DECISION.of(decisions(register)),
        family::EXCEPTION_MATCHED.of(each(register, |view| Some(count(view.matched.len())))),
        family::EXCEPTION_NEEDED.of(each(register, |view| {
            view.needed.map(|needed| f64::from(u8::from(needed)))
        })),
        family::EXCEPTIONS_UNVERIFIED.single(unverified(register)),
    ]
}

pub(super) fn undecodable(inventory: &Inventory) -> MetricFamily {
    let counts = [
        (["GoldenPath"], count(inventory.undecodable_paths().len())),
        (
            ["DeviationException"],
            count(inventory.undecodable_exceptions().len()),
        ),
    ];
    family::UNDECODABLE.of(counts.into_iter().collect())
}

fn in_phases<'a>(register: &'a [ExceptionView<'_>], teams: &Teams<'_>) -> Series<'a, 4> {
    let labels = |view: &'a ExceptionView<'_>| {
        [
            view.path_name(),
            teams.label(owner(view)),
            category(view),
            view.life.phase.as_str(),
        ]
    };
    register.iter().map(|view| (labels(view), 1.0)).collect()
}

fn info<'a>(register: &'a [ExceptionView<'_>], teams: &Teams<'_>) -> Series<'a, 5> {
    let labels = |view: &'a ExceptionView<'_>| {
        [
            view.namespace,
            &view.exception.name,
            view.path_name(),
            teams.label(owner(view)),
            category(view),
        ]
    };
    register.iter().map(|view| (labels(view), 1.0)).collect()
}

fn category(view: &ExceptionView<'_>) -> &'static str {
    view.exception.spec.category.unwrap_or_default().as_str()
}

fn phases(register: &[ExceptionView<'_>]) -> MetricFamily {
    let series = register.iter().flat_map(|view| {
        Phase::ALL.into_iter().map(|phase| {
            let labels = [view.namespace, &*view.exception.name, phase.as_str()];
            (labels, f64::from(u8::from(view.life.phase == phase)))
        })
    });
    family::EXCEPTION_PHASE.of(series.collect())
}

fn each<'a>(
    register: &'a [ExceptionView<'_>],
    value: impl Fn(&ExceptionView<'_>) -> Option<f64>,
) -> Series<'a, 2> {
    let series = register.iter().filter_map(|view| {
        let labels = [view.namespace, &*view.exception.name];
        Some((labels, value(view)?))
    });
    series.collect()
}

/// Since when it is the platform team's turn.
fn waiting(view: &ExceptionView<'_>) -> Option<Timestamp> {
    next::waiting_since(&view.exception.spec, view.exception.created, &view.life)
}

fn decisions<'a>(register: &'a [ExceptionView<'_>]) -> Series<'a, 3> {
    let series = register.iter().filter_map(|view| {
        let labels = [view.namespace, &*view.exception.name, view.path_name()];
        let waited = next::answered_after(&view.exception.spec, view.exception.created, &view.life);
        Some((labels, waited?.as_secs_f64()))
    });
    series.collect()
}

/// Approved exceptions for whose approval nobody vouches. Absent while that is not known of one.
fn unverified(register: &[ExceptionView<'_>]) -> Option<f64> {
    let not_said = Assurance::Unverified(Doubt::NotSaid);
    let is_known = register.iter().all(|view| view.assurance != not_said);
    let unverified = register
        .iter()
        .filter(|view| view.assurance.is_unverified());
    is_known.then(|| count(unverified.count()))
}
