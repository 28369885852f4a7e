//! Status writes of exceptions: the findings of the register, as a status, if it differs from the stored
//! one. Nothing is paced here.

use jiff::Timestamp;

use crate::api::DeviationExceptionStatus;
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::shipped::closing_items;
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::planner::status::{
    ExceptionFindings, PathFound, UnknownName, exception_status, undecodable_status,
};
use crate::assess::planner::statuses::{Owned, PhaseChange, StatusWrite};
use crate::assess::register::next::Next;
use crate::assess::register::{ExceptionView, Usage, Useless};
use crate::assess::state::Phase;
use crate::assess::verdict::{AsOf, judging_result};
use crate::assess::wording::nearest;

/// A status to store, with the change of phase it brings.
pub(super) struct ExceptionWrite {
    pub write: StatusWrite<DeviationExceptionStatus>,
    pub change: Option<PhaseChange>,
}

/// The statuses of undecodable exceptions that differ from the stored ones. There are few such exceptions,
/// so every plan looks at all of them.
pub(super) fn undecodable(
    facts: &Inventory,
    now: Timestamp,
) -> Vec<StatusWrite<DeviationExceptionStatus>> {
    facts
        .undecodable()
        .exceptions
        .iter()
        .filter_map(|((namespace, name), object)| {
            let status = undecodable_status(object, "excuses nothing", now)?;
            Some(StatusWrite {
                of: Owned::Exception(namespace.clone(), name.clone()),
                uid: object.uid.clone(),
                status: without_reminders(status),
            })
        })
        .collect()
}

/// Reminders are written separately, under their own field manager. Fields that this write omits stay
/// as stored.
fn without_reminders(status: DeviationExceptionStatus) -> DeviationExceptionStatus {
    DeviationExceptionStatus {
        notified: Vec::new(),
        notifying: Vec::new(),
        ..status
    }
}

/// The status of an exception, if it differs.
pub(super) fn differing(
    facts: &Inventory,
    view: &ExceptionView<'_>,
    as_of: &AsOf,
) -> Option<ExceptionWrite> {
    let exception = view.exception;
    let status = exception_status(exception, &findings(facts, view, as_of), as_of.now);
    if exception.status.as_ref() == Some(&status) {
        return None;
    }
    Some(ExceptionWrite {
        write: StatusWrite {
            of: Owned::Exception(view.namespace.into(), exception.name.clone()),
            uid: exception.uid.clone(),
            status: without_reminders(status),
        },
        change: phase_change(exception, view),
    })
}

fn phase_change(exception: &Exception, view: &ExceptionView<'_>) -> Option<PhaseChange> {
    let stored = exception.status.as_ref()?.phase.as_deref()?;
    let from = Phase::ALL
        .into_iter()
        .find(|phase| phase.as_str() == stored)?;
    (from != view.life.phase).then(|| PhaseChange {
        namespace: view.namespace.into(),
        name: exception.name.clone(),
        uid: exception.uid.clone(),
        from,
        to: view.life.phase,
    })
}

fn findings(facts: &Inventory, view: &ExceptionView<'_>, as_of: &AsOf) -> ExceptionFindings {
    let mut unknown_checks = Vec::new();
    let mut not_exemptible = Vec::new();
    for useless in &view.useless_checks {
        match useless.because {
            Useless::Unknown { nearest } => unknown_checks.push(UnknownName {
                name: useless.name.to_owned(),
                nearest: nearest.map(str::to_owned),
            }),
            Useless::NotExemptible => not_exemptible.push(useless.name.to_owned()),
        }
    }
    let limit = view.exception.spec.max_workloads;
    ExceptionFindings {
        namespace: view.namespace.to_owned(),
        life: view.life.clone(),
        assurance: view.assurance,
        path_found: path_found(facts, view),
        unknown_checks,
        not_exemptible,
        unknown_items: view
            .unknown_items
            .iter()
            .map(|item| UnknownName {
                name: item.name.to_owned(),
                nearest: item.nearest.map(str::to_owned),
            })
            .collect(),
        shipped_item: closing_items(view.exception, &view.life, facts.goals(), as_of.now)
            .map(|shipped| shipped.item.name.to_string())
            .next()
            .filter(|_| Next::of(view, facts, as_of.now) == Next::Close),
        matched: view.matched.iter().map(WorkloadId::local).collect(),
        covered_failures: view.covered_failures,
        on_other_path: other_path(facts, view, as_of),
        still_failing: view.needed,
        over_max_workloads: limit
            .is_some_and(|limit| u32::try_from(view.named).is_ok_and(|named| named > limit)),
    }
}

fn path_found(facts: &Inventory, view: &ExceptionView<'_>) -> PathFound {
    let named = &view.exception.spec.path;
    match view.path {
        Some(path) if path.deleted.is_some() => PathFound::Deleted,
        Some(path) if *path.name == **named => PathFound::Found,
        Some(path) => PathFound::FormerName(path.name.to_string()),
        None => {
            let known = facts.paths().iter().map(|path| &*path.name);
            PathFound::Missing {
                nearest: nearest(named, known).map(str::to_owned),
            }
        }
    }
}

/// The path that judges the workloads of an exception, if it is not the one the exception names.
fn other_path(facts: &Inventory, view: &ExceptionView<'_>, as_of: &AsOf) -> Option<String> {
    match view.usage {
        Usage::OtherPath => {}
        Usage::InUse | Usage::NoTarget | Usage::NotJudged | Usage::PathNotFound => return None,
    }
    let ctx = facts.judge_context(as_of);
    let ns = facts.namespace(view.namespace)?;
    ns.named_by(view.exception)
        .filter_map(|workload| {
            let result = judging_result(workload, ns, &ctx)?;
            Some(workload.paths.get(result.path.into()).name.to_string())
        })
        .min()
}
