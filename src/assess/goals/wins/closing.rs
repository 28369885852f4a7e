//! Exceptions of the month: those that were closed before their end and whose workloads pass now, and
//! those that wait for what was shipped. Deleted exceptions are not seen, and those that name a restricted
//! step are left out: a digest is published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::scene::Scene;
use crate::api::deviation_exception::ReviewOutcome;
use crate::api::golden_path::Check;
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::StoredRoadmapItem;
use crate::assess::namespace_index::{NamespaceIndex, UNKNOWN_TEAM};
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::Path;
use crate::assess::register::exception_view;
use crate::assess::state::Phase;

/// An exception that was closed before its end.
pub(super) struct Return<'a> {
    pub namespace: &'a str,
    pub exception: &'a Exception,
    pub path: &'a Path,
    /// Its workloads, all of which pass the excepted checks.
    pub workloads: Arc<[WorkloadId]>,
    pub closed_at: Timestamp,
    /// Its end if it had not been closed.
    pub end: Timestamp,
}

impl<'a> Return<'a> {
    /// The checks that may be named.
    pub fn open_checks(&self) -> impl Iterator<Item = &'a Check> {
        Self::checks(self.exception, self.path).filter(|check| !check.sensitive)
    }

    fn checks(exception: &'a Exception, path: &'a Path) -> impl Iterator<Item = &'a Check> {
        let checks = path.spec.checks.iter().enumerate();
        checks
            .filter(move |(index, _)| exception.names_check(path, *index))
            .map(|(_, check)| check)
    }

    /// The item it waited for, if that was shipped before it was closed.
    pub fn shipped_item(&self, scene: &Scene<'a>) -> Option<&'a StoredRoadmapItem> {
        let items = &scene.inventory.goals().roadmap;
        let waits_for = self.exception.spec.waits_for.iter();
        waits_for
            .filter_map(|name| items.get(name))
            .find(|item| item.shipped_at().is_some_and(|at| at <= self.closed_at))
    }
}

/// The exceptions that were closed in the month, before their end, in order of namespace and name.
pub(super) fn returns<'a>(scene: &Scene<'a>) -> Vec<Return<'a>> {
    exceptions(scene)
        .filter_map(|(namespace, ns, exception)| returned(scene, namespace, ns, exception))
        .collect()
}

/// The exceptions of namespaces that have not opted out, without those that name a restricted step.
fn exceptions<'a>(
    scene: &Scene<'a>,
) -> impl Iterator<Item = (&'a str, &'a NamespaceIndex, &'a Exception)> {
    scene
        .inventory
        .namespaces()
        .filter(|(name, _)| !scene.opt_outs.has(name))
        .flat_map(|(name, ns)| ns.exceptions().map(move |exception| (name, ns, exception)))
        .filter(|(_, _, exception)| {
            let path = exception.path(scene.inventory.paths());
            let mut checks = exception.spec.checks.iter();
            !path.is_some_and(|path| checks.any(|check| path.is_sensitive(check)))
        })
}

fn returned<'a>(
    scene: &Scene<'a>,
    namespace: &'a str,
    ns: &'a NamespaceIndex,
    exception: &'a Exception,
) -> Option<Return<'a>> {
    let is_closing = |outcome| match outcome {
        ReviewOutcome::Closed => true,
        ReviewOutcome::Renewed => false,
    };
    let closings = exception
        .spec
        .reviews
        .iter()
        .filter(|it| is_closing(it.outcome));
    let closed_at = closings.map(|it| it.at.0).min()?;
    if !scene.is_within(closed_at) {
        return None;
    }
    let view = exception_view(scene.inventory, scene.as_of, namespace, &exception.name)?;
    if view.needed != Some(false) || exception.spec.owner.team == UNKNOWN_TEAM {
        return None;
    }
    // As it would stand had it not been closed.
    let mut open = exception.clone();
    open.spec.reviews.retain(|it| !is_closing(it.outcome));
    let life = open.life(
        scene.inventory.paths(),
        ns.bound_template(exception),
        closed_at,
    );
    let was_in_force = match life.phase {
        Phase::Active | Phase::ReviewDue | Phase::ReviewOverdue => true,
        Phase::Pending | Phase::Expired | Phase::Rejected | Phase::Closed => false,
    };
    let path = view.path?;
    // Nothing of it may be named, such as where it is from every check and all of them are restricted.
    if Return::checks(exception, path).all(|check| check.sensitive) {
        return None;
    }
    let end = life.effective_expiry.filter(|end| *end > closed_at)?;
    was_in_force.then_some(Return {
        namespace,
        exception,
        path,
        workloads: view.matched,
        closed_at,
        end,
    })
}

/// The items that were shipped in the month, with the teams whose exceptions asked for them before.
pub(super) fn asked_items<'a>(
    scene: &Scene<'a>,
) -> Vec<(&'a StoredRoadmapItem, BTreeSet<&'a str>)> {
    let roadmap = &scene.inventory.goals().roadmap;
    let mut teams: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, _, exception) in exceptions(scene) {
        let team = exception.spec.owner.team.as_str();
        for name in &exception.spec.waits_for {
            let shipped = roadmap.get(name).and_then(StoredRoadmapItem::shipped_at);
            let asked_before = shipped.is_some_and(|at| asked_at(exception) <= at);
            if asked_before && team != UNKNOWN_TEAM {
                teams.entry(name).or_default().insert(team);
            }
        }
    }
    roadmap
        .iter()
        .filter(|item| item.shipped_at().is_some_and(|at| scene.is_within(at)))
        .filter_map(|item| Some((item, teams.remove(&*item.name)?)))
        .collect()
}

/// When an exception was requested: an object can be younger than its decisions, after a restore.
fn asked_at(exception: &Exception) -> Timestamp {
    let spec = &exception.spec;
    let approved = spec.approval.as_ref().map(|approval| approval.at.0);
    let reviewed = spec.reviews.iter().map(|review| review.at.0);
    let dates = approved.into_iter().chain(reviewed);
    dates.fold(exception.created, Timestamp::min)
}
