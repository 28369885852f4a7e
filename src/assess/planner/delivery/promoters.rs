//! Which workloads have a promoter, by both names: an event of a promoter has its target compared again, and
//! a look reads the promoter too. The planner looks at nothing that a promoter may promote until the promoters
//! are listed: it would count by its own pods.

use std::collections::{BTreeSet, HashMap};

use super::DeliveryPlanner;
use crate::assess::delivery::promoter::{PRIMARY, Promoter, PromoterKind};
use crate::assess::object::kind::{WatchedKind, WorkloadId};

/// The promoters of a cluster.
#[derive(Debug, Default)]
pub(super) struct Promoters {
    targets: HashMap<Promoter, WorkloadId>,
    of: HashMap<WorkloadId, Promoter>,
    awaited: BTreeSet<PromoterKind>,
}

impl Promoters {
    pub(super) fn of(&self, id: &WorkloadId) -> Option<&Promoter> {
        self.of.get(id)
    }

    /// Whether a promoter of this kind of workload may not be known yet.
    pub(super) fn may_be_unknown(&self, kind: &WatchedKind) -> bool {
        self.awaited.iter().any(|awaited| awaited.promotes(kind))
    }

    /// Removes promoters, and returns what they named. It stays with another promoter that names it.
    fn remove(&mut self, gone: &[Promoter]) -> BTreeSet<WorkloadId> {
        let targets = &mut self.targets;
        let named = gone.iter().filter_map(|promoter| targets.remove(promoter));
        let left: BTreeSet<_> = named.collect();
        if left.is_empty() {
            return left;
        }
        self.of.retain(|_, promoter| targets.contains_key(promoter));
        for (promoter, target) in &self.targets {
            if left.contains(target) {
                let of = self.of.entry(target.clone());
                of.or_insert_with(|| promoter.clone());
            }
        }
        left
    }
}

impl DeliveryPlanner {
    /// Waits for the list of these promoters.
    pub fn await_promoters(&mut self, kind: PromoterKind) {
        self.promoters.awaited.insert(kind);
    }

    /// These promoters are listed, or the cluster does not serve their kind. What waited for them is due; the next
    /// search parks it again if it waits for another kind too.
    pub fn promoters_are_known(&mut self, kind: PromoterKind) {
        self.promoters.awaited.remove(&kind);
        self.due.append(&mut self.parked);
    }

    /// Takes an event of a promoter. Returns the workloads to compare again: its target, and the one before.
    pub fn promoter_seen(
        &mut self,
        promoter: Promoter,
        target: Option<WorkloadId>,
    ) -> Vec<WorkloadId> {
        let promoters = &mut self.promoters;
        let before = promoters.targets.get(&promoter);
        let left = if before == target.as_ref() {
            BTreeSet::new()
        } else {
            promoters.remove(std::slice::from_ref(&promoter))
        };
        if let Some(target) = &target {
            promoters.of.insert(target.clone(), promoter.clone());
            promoters.targets.insert(promoter, target.clone());
        }
        left.into_iter().chain(target).collect()
    }

    /// Forgets promoters that are gone. Returns the workloads that they promoted.
    pub fn retain_promoters(
        &mut self,
        kind: PromoterKind,
        is_there: impl Fn(&Promoter) -> bool,
    ) -> Vec<WorkloadId> {
        let promoters = &mut self.promoters;
        let known = promoters.targets.keys();
        let gone: Vec<_> = known
            .filter(|known| known.kind == kind && !is_there(known))
            .cloned()
            .collect();
        promoters.remove(&gone).into_iter().collect()
    }

    /// The workload whose record counts the rollouts of a workload with this name: itself, the target of the
    /// `Canary` that generates it, or the one that a `Rollout` refers to.
    pub fn counted_as(&self, id: &WorkloadId) -> Option<WorkloadId> {
        if self.counts(id) {
            return Some(id.clone());
        }
        let target = id.name.strip_suffix(PRIMARY).map(|name| WorkloadId {
            name: name.into(),
            ..id.clone()
        });
        let of_canary = target.filter(|target| {
            let promoter = self.promoters.of(target);
            promoter.is_some_and(|promoter| promoter.kind == PromoterKind::Canary)
        });
        let rollout = PromoterKind::of(&id.kind).map(|kind| Promoter {
            kind,
            namespace: (*id.namespace).into(),
            name: (*id.name).into(),
        });
        let of_rollout = || self.promoters.targets.get(&rollout?).cloned();
        of_canary
            .or_else(of_rollout)
            .filter(|counted| self.counts(counted))
    }
}
