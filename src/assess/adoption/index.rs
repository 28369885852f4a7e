//! Adoption counted as things change: one contribution for each service, kept until that service
//! changes or grows older. Following costs as much as has changed; a tally costs as much as it has
//! numbers. What a service contributes is decided in `contribution`, and nothing is judged twice here.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::contribution::{Contribution, Profile, next_age};
use super::service::{Member, groups};
use crate::assess::inventory::Inventory;
use crate::assess::inventory::changes::LeftService;
use crate::assess::namespace_index::{NamespaceIndex, Slot};
use crate::assess::object::kind::WorkloadId;
use crate::assess::verdict::{AsOf, JudgeContext};

/// The contributions of every service, as of the instant last followed.
#[derive(Debug, Default)]
pub struct AdoptionIndex {
    contributions: Contributions,
    /// Of services of one workload that names none, by the index of its slot.
    alone: Vec<Option<Arc<Contribution>>>,
    named: HashMap<ServiceName, Arc<Contribution>>,
    /// When a service grows into or out of a number, and which.
    ages: BTreeSet<(Timestamp, Counted)>,
}

/// A service that workloads name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct ServiceName {
    /// Its namespace; none where a service may span several.
    namespace: Option<Arc<str>>,
    name: Arc<str>,
}

/// A service that is counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Counted {
    Alone(WorkloadId),
    Named(ServiceName),
}

impl AdoptionIndex {
    /// Takes in at most `limit` changes of an inventory whose clock has ticked to `now`. Returns
    /// whether more wait: only without them is a tally true.
    pub fn follow(&mut self, facts: &mut Inventory, now: Timestamp, limit: usize) -> bool {
        let left = facts.take_left_services();
        let changed = facts.take_recounts(limit);
        let as_of = AsOf::new(now);
        let ctx = facts.judge_context(&as_of);
        for service in left {
            match service {
                LeftService::Alone(slot) => self.put_alone(slot, None),
                LeftService::Named { namespace, name } => {
                    self.named(facts, ServiceName::of(facts, &namespace, name), &ctx);
                }
            }
        }
        let mut room = limit.saturating_sub(changed.len());
        for id in &changed {
            self.workload(facts, id, &ctx);
        }
        while room > 0 && self.is_age_due(now) {
            room -= 1;
            match self.ages.pop_first() {
                Some((_, Counted::Alone(id))) => self.workload(facts, &id, &ctx),
                Some((_, Counted::Named(name))) => self.named(facts, name, &ctx),
                None => {}
            }
        }
        facts.has_recounts() || self.is_age_due(now)
    }

    fn is_age_due(&self, now: Timestamp) -> bool {
        self.ages.first().is_some_and(|(at, _)| *at <= now)
    }

    /// When age alone next changes a number.
    pub fn next_age(&self) -> Option<Timestamp> {
        self.ages.first().map(|(at, _)| *at)
    }

    /// The contributions as of the instant last followed.
    pub fn contributions(&self) -> &Contributions {
        &self.contributions
    }

    fn workload(&mut self, facts: &Inventory, id: &WorkloadId, ctx: &JudgeContext<'_>) {
        let Some((ns, entry)) = facts.entry(id) else {
            return; // its slot or its service is in the log as well
        };
        if let Some(name) = &entry.workload.service {
            self.put_alone(entry.slot, None);
            return self.named(
                facts,
                ServiceName::of(facts, &id.namespace, name.clone()),
                ctx,
            );
        }
        let member = Member::of(&entry.workload, ns, ctx);
        self.grows_older(entry.workload.birth, ctx, || Counted::Alone(id.clone()));
        self.put_alone(entry.slot, Some(Contribution::of(vec![member], ctx)));
    }

    fn named(&mut self, facts: &Inventory, service: ServiceName, ctx: &JudgeContext<'_>) {
        let members = service.members(facts, ctx);
        let birth = members.iter().filter_map(|member| member.workload.birth);
        self.grows_older(birth.min(), ctx, || Counted::Named(service.clone()));
        let before = if members.is_empty() {
            self.named.remove(&service)
        } else {
            let contribution = self.contributions.add(Contribution::of(members, ctx));
            self.named.insert(service, contribution)
        };
        self.contributions.remove(before);
    }

    fn put_alone(&mut self, slot: Slot, contribution: Option<Contribution>) {
        let index = usize::try_from(slot.index).unwrap_or(usize::MAX);
        if self.alone.len() <= index {
            if contribution.is_none() {
                return;
            }
            self.alone.resize(index.saturating_add(1), None);
        }
        let new = contribution.map(|contribution| self.contributions.add(contribution));
        let before = std::mem::replace(&mut self.alone[index], new);
        self.contributions.remove(before);
    }

    fn grows_older(
        &mut self,
        birth: Option<Timestamp>,
        ctx: &JudgeContext<'_>,
        service: impl FnOnce() -> Counted,
    ) {
        if let Some(at) = birth.and_then(|birth| next_age(birth, ctx.as_of.now)) {
            self.ages.insert((at, service()));
        }
    }
}

impl ServiceName {
    fn of(facts: &Inventory, namespace: &Arc<str>, name: Arc<str>) -> Self {
        let is_in_one = !facts.settings.services_across_namespaces;
        Self {
            namespace: is_in_one.then(|| namespace.clone()),
            name,
        }
    }

    /// Its workloads in the order of the inventory, each judged.
    fn members<'a>(&self, facts: &'a Inventory, ctx: &JudgeContext<'_>) -> Vec<Member<'a>> {
        let of_namespace = |ns: &'a NamespaceIndex| {
            ns.of_service(&self.name)
                .map(move |entry| (ns, &entry.workload))
        };
        let members: Vec<_> = match &self.namespace {
            Some(namespace) => facts
                .namespace(namespace)
                .into_iter()
                .flat_map(of_namespace)
                .collect(),
            None => facts
                .namespaces()
                .flat_map(|(_, ns)| of_namespace(ns))
                .collect(),
        };
        members
            .into_iter()
            .map(|(ns, workload)| Member::of(workload, ns, ctx))
            .collect()
    }
}

/// What all services contribute, and how many contribute the same. A copy is small: it holds what is
/// distinct.
#[derive(Clone, Debug, Default)]
pub struct Contributions {
    counts: HashMap<Arc<Contribution>, usize>,
    profiles: HashSet<Arc<Profile>>,
}

impl Contributions {
    /// Counts every service of an inventory: for a single answer, where no index follows it.
    pub fn of(facts: &Inventory, as_of: &AsOf) -> Self {
        let ctx = facts.judge_context(as_of);
        let mut contributions = Self::default();
        for members in groups(facts, &ctx) {
            contributions.add(Contribution::of(members, &ctx));
        }
        contributions
    }

    /// How many workloads each check could not be evaluated on, by path and index of the check.
    pub fn faults(&self) -> BTreeMap<(Arc<str>, u16), usize> {
        let mut faults = BTreeMap::new();
        for (contribution, services) in self.iter() {
            for (check, workloads) in &contribution.faults {
                *faults.entry(check.clone()).or_default() += workloads * services;
            }
        }
        faults
    }

    /// Adds one service. Returns the one copy of its contribution.
    fn add(&mut self, mut contribution: Contribution) -> Arc<Contribution> {
        if let Some((known, _)) = self.counts.get_key_value(&contribution) {
            let known = known.clone();
            *self.counts.entry(known.clone()).or_default() += 1;
            return known;
        }
        if let Some(service) = &mut contribution.service {
            if let Some(known) = self.profiles.get(&service.profile) {
                service.profile = known.clone();
            } else {
                self.profiles.insert(service.profile.clone());
            }
        }
        let contribution = Arc::new(contribution);
        self.counts.insert(contribution.clone(), 1);
        contribution
    }

    fn remove(&mut self, contribution: Option<Arc<Contribution>>) {
        let Some(contribution) = contribution else {
            return;
        };
        let Some(count) = self.counts.get_mut(&contribution) else {
            return;
        };
        *count -= 1;
        if *count > 0 {
            return;
        }
        self.counts.remove(&contribution);
        let profile = Arc::into_inner(contribution).and_then(|gone| gone.service);
        // This one and the one in the set.
        if let Some(service) = profile.filter(|gone| Arc::strong_count(&gone.profile) == 2) {
            self.profiles.remove(&service.profile);
        }
    }

    /// Each contribution, and how many services make it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Contribution, usize)> {
        self.counts.iter().map(|(one, count)| (&**one, *count))
    }
}
