//! Adoption counted as things change: one contribution for each service, kept until that service
//! changes or grows older. Following costs as much as has changed; a tally costs as much as it has
//! numbers. What a service contributes is decided in `contribution`, and nothing is judged twice here.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::contribution::{Contribution, Profile, next_age};
use super::service::{Member, groups};
use crate::assess::inventory::Inventory;
use crate::assess::inventory::changes::LeftService;
use crate::assess::inventory::faults::FaultCounts;
use crate::assess::multiset::Multiset;
use crate::assess::namespace_index::Slot;
use crate::assess::object::kind::WorkloadId;
use crate::assess::verdict::birth::BirthRule;
use crate::assess::verdict::{AsOf, JudgeContext};

/// The contributions of every service, as of the instant last followed.
#[derive(Debug, Default)]
pub struct AdoptionIndex {
    contributions: Contributions,
    /// One copy of each profile.
    profiles: Multiset<Profile>,
    /// The contribution of each service, at the index of the slot of its first workload.
    by_slot: Vec<Option<Arc<Contribution>>>,
    /// When a service of a namespace next grows into or out of a number.
    ages: BTreeMap<Arc<str>, Timestamp>,
    /// Which creation times said nothing when it last followed.
    births: BirthRule,
}

impl AdoptionIndex {
    /// Takes in at most `limit` changes of an inventory whose clock has ticked to `now`. Returns
    /// whether more wait: only without them is a tally true.
    pub fn follow(&mut self, facts: &mut Inventory, now: Timestamp, limit: usize) -> bool {
        self.recount_aged(facts, now);
        let births = facts.birth_rule();
        if births != self.births {
            self.births = births;
            facts.recount_all();
        }
        let left = facts.take_left_services();
        let changed = facts.take_recounts(limit);
        let as_of = AsOf::new(now);
        let ctx = facts.judge_context(&as_of);
        for LeftService {
            slot,
            namespace,
            name,
        } in left
        {
            self.put(slot, None);
            if let Some(name) = name {
                self.named(facts, &namespace, &name, &ctx);
            }
        }
        for changed in &changed {
            self.workload(facts, &changed.id, &ctx);
        }
        facts.has_recounts()
    }

    /// When age alone next changes a number.
    pub fn next_age(&self) -> Option<Timestamp> {
        self.ages.values().min().copied()
    }

    /// The contributions as of the instant last followed.
    pub fn contributions(&self) -> &Contributions {
        &self.contributions
    }

    fn recount_aged(&mut self, facts: &mut Inventory, now: Timestamp) {
        self.ages.retain(|namespace, at| {
            let is_due = *at <= now;
            if is_due {
                facts.recount_namespace(namespace);
            }
            !is_due
        });
    }

    fn workload(&mut self, facts: &Inventory, id: &WorkloadId, ctx: &JudgeContext<'_>) {
        let Some((ns, entry)) = facts.entry(id) else {
            return; // it is among those that left
        };
        if let Some(name) = &entry.workload.service {
            return self.named(facts, &id.namespace, name, ctx);
        }
        let member = Member::of(&entry.workload, ns, ctx);
        self.service(&[entry.slot], vec![member], ctx);
    }

    /// Counts the service of this name again, in one namespace or across all.
    fn named(
        &mut self,
        facts: &Inventory,
        namespace: &Arc<str>,
        name: &Arc<str>,
        ctx: &JudgeContext<'_>,
    ) {
        let in_one = facts.namespace(namespace).map(|ns| (&**namespace, ns));
        let namespaces: Vec<_> = if facts.settings.services_across_namespaces {
            facts.namespaces().collect()
        } else {
            in_one.into_iter().collect()
        };
        let (slots, members): (Vec<_>, Vec<_>) = namespaces
            .into_iter()
            .flat_map(|(_, ns)| {
                ns.of_service(name)
                    .into_iter()
                    .map(move |entry| (ns, entry))
            })
            .map(|(ns, entry)| (entry.slot, Member::of(&entry.workload, ns, ctx)))
            .unzip();
        self.service(&slots, members, ctx);
    }

    /// Takes in what these workloads contribute as one service.
    fn service(&mut self, slots: &[Slot], members: Vec<Member<'_>>, ctx: &JudgeContext<'_>) {
        let Some((first, others)) = slots.split_first() else {
            return;
        };
        for slot in others {
            self.put(*slot, None);
        }
        // Which births count depends on which namespaces do.
        let births = members.iter().filter_map(|member| member.workload.birth());
        let age = births
            .filter_map(|birth| next_age(birth, ctx.as_of.now))
            .min();
        if let (Some(age), Some(member)) = (age, members.first()) {
            let namespace = member.workload.id.namespace.clone();
            let next = self.ages.entry(namespace).or_insert(age);
            *next = age.min(*next);
        }
        self.put(*first, Some(Contribution::of(members, ctx)));
    }

    fn put(&mut self, slot: Slot, contribution: Option<Contribution>) {
        let index = usize::try_from(slot.index).unwrap_or(usize::MAX);
        if self.by_slot.len() <= index {
            if contribution.is_none() {
                return;
            }
            self.by_slot.resize(index.saturating_add(1), None);
        }
        let new = contribution.map(|mut contribution| {
            if let Some(service) = &mut contribution.service {
                service.profile = self.profiles.add(service.profile.clone());
            }
            self.contributions.0.add(Arc::new(contribution))
        });
        if let Some(before) = std::mem::replace(&mut self.by_slot[index], new) {
            self.contributions.0.remove(&before);
            if let Some(service) = &before.service {
                self.profiles.remove(&service.profile);
            }
        }
    }
}

/// What all services contribute, and how many contribute the same. A copy is small: it holds what is
/// distinct.
#[derive(Clone, Debug, Default)]
pub struct Contributions(Multiset<Contribution>);

impl Contributions {
    /// Counts every service of an inventory: for a single answer, where no index follows it.
    pub fn of(facts: &Inventory, as_of: &AsOf) -> Self {
        let ctx = facts.judge_context(as_of);
        let mut contributions = Self::default();
        for members in groups(facts, &ctx) {
            let contribution = Contribution::of(members, &ctx);
            contributions.0.add(Arc::new(contribution));
        }
        contributions
    }

    /// How many distinct contributions there are: a tally is a sum over them.
    pub fn distinct(&self) -> usize {
        self.0.iter().count()
    }

    /// How many workloads each expression failed on.
    pub fn faults(&self) -> FaultCounts {
        let mut faults = FaultCounts::new();
        for (contribution, services) in self.iter() {
            for (key, workloads) in &contribution.faults {
                *faults.entry(key.clone()).or_default() += workloads * services;
            }
        }
        faults
    }

    /// Each contribution, and how many services make it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Contribution, usize)> {
        self.0.iter()
    }
}
