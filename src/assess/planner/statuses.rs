//! Status writes as data: what the stored status of each path and exception should say, where that
//! is something else than it says, and not more often than every ten seconds an object.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::status::{ExceptionFindings, PathFound, UnknownCheck, exception_status};
use crate::api::{DeviationExceptionStatus, GoldenPathStatus, Period};
use crate::assess::adoption::Tally;
use crate::assess::exception::record::Exception;
use crate::assess::inventory::Inventory;
use crate::assess::planner::labels::Written;
use crate::assess::register::{ExceptionView, Usage, Useless, exception_views};
use crate::assess::state::Phase;
use crate::assess::verdict::AsOf;

/// The least time between two status writes of one object.
pub const PACE: Period = Period::seconds(10);

/// An object of ours that has a status.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owned {
    /// A GoldenPath, by name.
    Path(Arc<str>),
    /// A DeviationException, by namespace and name.
    Exception(Arc<str>, Arc<str>),
}

/// A status to store.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusWrite<S> {
    /// Whose.
    pub of: Owned,
    /// The object this is meant for.
    pub uid: Option<Box<str>>,
    /// What it says afterwards.
    pub status: S,
}

/// An exception that entered another phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseChange {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object it happened to.
    pub uid: Option<Box<str>>,
    /// The phase it was in.
    pub from: Phase,
    /// The phase it is in.
    pub to: Phase,
}

/// Every status that differs from what is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatusPlan {
    /// Of exceptions.
    pub exceptions: Vec<StatusWrite<DeviationExceptionStatus>>,
    /// Of paths.
    pub paths: Vec<StatusWrite<GoldenPathStatus>>,
    /// To be told; first sight is no change.
    pub phases: Vec<PhaseChange>,
    /// When a status that had to wait may go out.
    pub again_at: Option<Timestamp>,
}

/// How far the operator is with the status of one object.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    in_flight: bool,
    not_before: Option<Timestamp>,
}

/// Paces by object.
pub(crate) type Paces = HashMap<Owned, Pace>;

impl Inventory {
    /// The statuses to store now. Counts and the measure at a path's deadline are only right once
    /// every watched kind was listed: the caller sees to that.
    pub fn plan_statuses(&mut self, now: Timestamp) -> StatusPlan {
        let mut plan = StatusPlan::default();
        let errors = self.forget_mended_faults();
        self.generate_warnings(now);
        let as_of = AsOf::new(now);
        let register = exception_views(self, &as_of);
        let tally = Tally::of(self, &as_of, &register);
        let exceptions = register
            .iter()
            .filter_map(|view| differing(self, view, &as_of));
        let exceptions: Vec<_> = exceptions.collect();
        let mut paths = self.changed_path_statuses(&tally, &errors, now);
        paths.extend(self.undecodable_path_statuses(now));
        let undecodable = self.undecodable_exception_statuses(now);
        let exceptions = exceptions
            .into_iter()
            .chain(undecodable.into_iter().map(|write| (write, None)));
        for (write, change) in exceptions {
            if self.take_turn(&write.of, now, &mut plan.again_at) {
                plan.phases.extend(change);
                plan.exceptions.push(write);
            }
        }
        for write in paths {
            if self.take_turn(&write.of, now, &mut plan.again_at) {
                plan.paths.push(write);
            }
        }
        plan
    }

    /// Notes how the status write of an exception ended.
    pub fn exception_status_written(
        &mut self,
        write: StatusWrite<DeviationExceptionStatus>,
        how: Written,
        now: Timestamp,
    ) {
        self.end_turn(&write.of, how, now);
        let Owned::Exception(namespace, name) = &write.of else {
            return;
        };
        if let Written::Landed(_) = how {
            self.undecodable_exception_written(&write);
        }
        let stored = self
            .namespaces
            .get_mut(namespace)
            .and_then(|ns| ns.exception_mut(name));
        if let (Some(exception), Written::Landed(_)) = (stored, how)
            && exception.uid == write.uid
        {
            let before = exception.status.take().unwrap_or_default();
            exception.status = Some(DeviationExceptionStatus {
                notified: before.notified,
                notifying: before.notifying,
                ..write.status
            });
        }
    }

    /// Notes how the status write of a path ended.
    pub fn path_status_written(
        &mut self,
        write: StatusWrite<GoldenPathStatus>,
        how: Written,
        now: Timestamp,
    ) {
        self.end_turn(&write.of, how, now);
        let Owned::Path(name) = &write.of else { return };
        if let Written::Landed(_) = how {
            self.undecodable_path_written(&write);
        }
        if let (Some(stored), Written::Landed(_)) = (self.path_statuses.get_mut(name), how) {
            *stored = Some(write.status);
        }
    }

    fn take_turn(&mut self, of: &Owned, now: Timestamp, again_at: &mut Option<Timestamp>) -> bool {
        let pace = self.paces.entry(of.clone()).or_default();
        match pace.not_before {
            _ if pace.in_flight => false,
            Some(until) if until > now => {
                *again_at = Some(again_at.map_or(until, |at| at.min(until)));
                false
            }
            Some(_) | None => {
                pace.in_flight = true;
                true
            }
        }
    }

    fn end_turn(&mut self, of: &Owned, how: Written, now: Timestamp) {
        match how {
            Written::Landed(_) | Written::Failed | Written::NotTaken => {
                self.paces.insert(
                    of.clone(),
                    Pace {
                        in_flight: false,
                        not_before: Some(PACE.after(now)),
                    },
                );
            }
            Written::Gone => {
                self.paces.remove(of);
            }
        }
    }
}

fn differing(
    inventory: &Inventory,
    view: &ExceptionView<'_>,
    as_of: &AsOf,
) -> Option<(StatusWrite<DeviationExceptionStatus>, Option<PhaseChange>)> {
    let exception = view.exception;
    let status = exception_status(exception, &findings(inventory, view, as_of), as_of.now);
    if exception.status.as_ref() == Some(&status) {
        return None;
    }
    // Reminders are recorded by a write of their own, under a field manager of their own: fields
    // that this write omits stay as they are stored, whatever we last saw of them.
    let status = DeviationExceptionStatus {
        notified: Vec::new(),
        notifying: Vec::new(),
        ..status
    };
    let of = Owned::Exception(view.namespace.into(), exception.name.clone());
    let change = phase_change(exception, view);
    Some((
        StatusWrite {
            of,
            uid: exception.uid.clone(),
            status,
        },
        change,
    ))
}

fn phase_change(exception: &Exception, view: &ExceptionView<'_>) -> Option<PhaseChange> {
    let said = exception.status.as_ref()?.phase.as_deref()?;
    let from = Phase::ALL
        .into_iter()
        .find(|phase| phase.as_str() == said)?;
    (from != view.life.phase).then(|| PhaseChange {
        namespace: view.namespace.into(),
        name: exception.name.clone(),
        uid: exception.uid.clone(),
        from,
        to: view.life.phase,
    })
}

fn findings(inventory: &Inventory, view: &ExceptionView<'_>, as_of: &AsOf) -> ExceptionFindings {
    let mut unknown_checks = Vec::new();
    let mut not_exemptible = Vec::new();
    for useless in &view.useless_checks {
        match useless.because {
            Useless::Unknown { nearest } => unknown_checks.push(UnknownCheck {
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
        path_found: path_found(inventory, view),
        unknown_checks,
        not_exemptible,
        matched: view.matched.iter().map(|id| id.local()).collect(),
        covered_failures: view.covered_failures,
        on_other_path: other_path(inventory, view, as_of),
        still_failing: view.needed,
        over_max_workloads: limit
            .is_some_and(|limit| u32::try_from(view.named).is_ok_and(|named| named > limit)),
    }
}

fn path_found(inventory: &Inventory, view: &ExceptionView<'_>) -> PathFound {
    let named = &view.exception.spec.path;
    match view.path {
        Some(path) if path.deleted.is_some() => PathFound::Deleted,
        Some(path) if *path.name == **named => PathFound::Found,
        Some(path) => PathFound::FormerName(path.name.to_string()),
        None => {
            let known = inventory.paths().iter().map(|path| &*path.name);
            PathFound::Missing {
                nearest: super::status::nearest(named, known).map(str::to_owned),
            }
        }
    }
}

/// The path that judges the workloads of an exception, where it is not the one it names.
fn other_path(inventory: &Inventory, view: &ExceptionView<'_>, as_of: &AsOf) -> Option<String> {
    match view.usage {
        Usage::OtherPath => {}
        Usage::InUse | Usage::NoTarget | Usage::NotJudged | Usage::PathNotFound => return None,
    }
    let ctx = inventory.judge_context(as_of);
    let ns = inventory.namespace(view.namespace)?;
    let judged = ns.named_by(view.exception).filter_map(|workload| {
        let path = crate::assess::verdict::judge(workload, ns, &ctx).path?;
        Some(workload.paths.get(path).name.to_string())
    });
    judged.min()
}
