//! Every service at the instant of a view, judged once for all readers of that view: what filters and orders
//! compare, closest to done first. Lines are made elsewhere, for the services of one page alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rank;
use crate::assess::adoption::service::{Service, services};
use crate::assess::inventory::Inventory;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::set::PathSet;
use crate::assess::path::{Checks, Path, bit};
use crate::assess::state::{Standing, Status};
use crate::assess::verdict::AsOf;

/// How services are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceOrder {
    /// Fewest steps to go first, those on the path last.
    #[default]
    Closest,
    /// By name.
    Name,
    /// By team.
    Team,
    /// By path.
    Path,
}

impl ServiceOrder {
    /// Every order.
    pub const ALL: [Self; 4] = [Self::Closest, Self::Name, Self::Team, Self::Path];

    /// The word in a query.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closest => "closest",
            Self::Name => "name",
            Self::Team => "team",
            Self::Path => "path",
        }
    }
}

/// Every service, those closest to done first.
#[derive(Debug)]
pub struct ServiceIndex(Vec<IndexedService>);

/// One service, by the workload that decides its state.
#[derive(Debug)]
pub(super) struct IndexedService {
    pub(super) lead: WorkloadId,
    /// Its workloads.
    pub(super) workloads: usize,
    pub(super) team: Arc<str>,
    name: Arc<str>,
    pub(super) status: Status,
    /// The standing of a deviating service.
    pub(super) standing: Option<Standing>,
    paths: Arc<PathSet>,
    path: Option<usize>,
    /// Enforced required checks that do not pass.
    missing: Checks,
    rank: u8,
    steps_to_go: u32,
}

impl ServiceIndex {
    pub(super) fn of(facts: &Inventory, as_of: &AsOf) -> Self {
        let mut teams = BTreeSet::<Arc<str>>::new();
        let mut all: Vec<_> = services(facts, as_of)
            .iter()
            .map(|service| IndexedService::of(service, &mut teams))
            .collect();
        // They come nearly in order of their names; the second order is of numbers alone.
        all.sort_by(|a, b| a.place().cmp(&b.place()));
        all.sort_by_key(|service| (service.rank, service.steps_to_go));
        Self(all)
    }

    /// The services that `matches` finds, in this order.
    pub(super) fn found(
        &self,
        order: ServiceOrder,
        matches: impl Fn(&IndexedService) -> bool,
    ) -> Vec<&IndexedService> {
        let mut found: Vec<_> = self.0.iter().filter(|service| matches(service)).collect();
        match order {
            ServiceOrder::Closest => {}
            ServiceOrder::Name => {
                found.sort_by_key(|service| (service.name(), service.namespace()));
            }
            ServiceOrder::Team => found.sort_by_key(|service| (&*service.team, service.place())),
            ServiceOrder::Path => {
                found.sort_by_key(|service| (service.path_name(), service.place()));
            }
        }
        found
    }
}

impl IndexedService {
    fn of(service: &Service<'_>, teams: &mut BTreeSet<Arc<str>>) -> Self {
        let lead = service.lead();
        let (workload, verdict) = (lead.workload, &lead.verdict);
        let team = teams.get(service.team()).cloned().unwrap_or_else(|| {
            let team: Arc<str> = service.team().into();
            teams.insert(team.clone());
            team
        });
        Self {
            lead: workload.id.clone(),
            workloads: service.members().len(),
            team,
            name: workload.service_name().clone(),
            status: verdict.status,
            standing: verdict.standing,
            paths: workload.paths.clone(),
            path: verdict.path,
            missing: verdict.failing | verdict.errored,
            rank: rank(verdict.status, verdict.turn),
            steps_to_go: verdict.steps.of.saturating_sub(verdict.steps.passed),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn namespace(&self) -> &str {
        &self.lead.namespace
    }

    fn path(&self) -> Option<&Path> {
        self.path.map(|index| self.paths.get(index))
    }

    /// The path that judges it.
    pub(super) fn path_name(&self) -> Option<&str> {
        self.path().map(|path| &*path.name)
    }

    /// Whether it does not pass this check, as far as everybody may know.
    pub(super) fn misses(&self, check: &str) -> bool {
        self.path().is_some_and(|path| {
            path.check_index(check).is_some_and(|index| {
                !path.spec.checks[index].sensitive && self.missing & bit(index) != 0
            })
        })
    }

    fn place(&self) -> (&str, &str) {
        (self.namespace(), self.name())
    }
}
