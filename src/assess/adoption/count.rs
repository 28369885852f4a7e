//! Sums contributions into a tally: each distinct one is read once, however many services share it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::contribution::{
    AssumedHours, CohortPart, Contribution, FitCount, Profile, ServiceCount,
};
use super::{
    AnnouncedTally, Burden, CheckTally, CohortAge, CostSource, Group, ItemTally, MEASURED_WITHIN,
    NewServicesTally, PathTally, PersonaTally, Share, States, Tally,
};
use crate::api::golden_path::Check;
use crate::assess::hours::Hours;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::assess::path::{Path, PathAt, indexes};
use crate::assess::register::index::Register;
use crate::assess::state::{State, Status};
use crate::assess::verdict::AsOf;

/// The tally of these contributions, each with the number of services that share it.
pub(super) fn tally<'a>(
    contributions: impl Iterator<Item = (&'a Contribution, usize)>,
    inventory: &Inventory,
    as_of: &AsOf,
    register: &'a Register,
) -> Tally {
    let mut count = Count {
        now: as_of.now,
        groups: BTreeMap::new(),
        teams: BTreeMap::new(),
        team_workloads: BTreeMap::new(),
        hours: HashMap::new(),
        items: HashMap::new(),
        tally: Tally {
            paths: blank_paths(inventory, as_of),
            personas: blank_personas(inventory),
            roadmap: blank_roadmap(inventory),
            ..Tally::default()
        },
    };
    count.coverage(inventory);
    for (contribution, times) in contributions {
        count.add(contribution, times);
    }
    count.stated_hours(register);
    count.settle_targets(inventory);
    count.finish()
}

fn blank_paths(inventory: &Inventory, as_of: &AsOf) -> BTreeMap<Arc<str>, PathTally> {
    let at = as_of.paths(inventory.paths());
    let paths = inventory.paths().iter().zip(at.iter());
    paths
        .map(|(path, at)| (path.name.clone(), PathTally::blank(path, *at)))
        .collect()
}

fn blank_personas(inventory: &Inventory) -> BTreeMap<Arc<str>, PersonaTally> {
    let personas = inventory.terms().personas().iter();
    personas
        .map(|persona| (persona.name.clone(), PersonaTally::default()))
        .collect()
}

fn blank_roadmap(inventory: &Inventory) -> BTreeMap<Arc<str>, ItemTally> {
    let items = inventory.terms().items().iter();
    items
        .map(|item| (item.name.clone(), ItemTally::default()))
        .collect()
}

impl AnnouncedTally {
    fn blank(check: &Check) -> Option<Self> {
        Some(Self {
            name: check.name.clone(),
            enforce_from: check.enforce_from.as_ref()?.0,
            open: 0,
        })
    }
}

impl PathTally {
    fn blank(path: &Path, at: PathAt) -> Self {
        let checks = indexes(at.required)
            .filter_map(|index| path.spec.checks.get(index))
            .map(|check| CheckTally {
                name: check.name.clone(),
                ..CheckTally::default()
            });
        let launch = path.launched_at().filter(|_| at.takes_part);
        Self {
            takes_part: at.takes_part,
            target: f64::from(path.spec.adoption.target_percent) / 100.0,
            checks: checks.collect(),
            announced: indexes(at.announced)
                .filter_map(|index| AnnouncedTally::blank(path.spec.checks.get(index)?))
                .collect(),
            new_services: launch.and_then(|_| NewServicesTally::empty(path)),
            settled_steps: at.settled.count_ones() as usize,
            newer_steps: (at.required & !at.settled).count_ones() as usize,
            cohorts: launch
                .filter(|launch| *launch > Timestamp::MIN)
                .map(|_| CohortAge::ALL.map(|age| (age, States::new())).into())
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    fn check(&mut self, name: &str) -> Option<&mut CheckTally> {
        self.checks.iter_mut().find(|check| check.name == name)
    }
}

struct Count<'a> {
    now: Timestamp,
    groups: BTreeMap<(&'a str, &'a str, &'a str, State), usize>,
    /// Scaffolded services of all new services, by team; unknown teams are left out.
    teams: BTreeMap<&'a str, Share>,
    team_workloads: BTreeMap<&'a str, usize>,
    hours: HashMap<Burden, Hours>,
    /// Stated and assumed hours by roadmap item.
    items: HashMap<&'a str, (Hours, Hours)>,
    tally: Tally,
}

impl<'a> Count<'a> {
    /// Counts workloads and namespaces: reports print them before any ratio.
    fn coverage(&mut self, inventory: &Inventory) {
        let settings = &inventory.settings;
        let namespaces = || inventory.namespaces().map(|(_, ns)| ns);
        let with_workloads = || namespaces().filter(|ns| !ns.workloads.is_empty());
        self.tally.workloads = namespaces().map(|ns| ns.workloads.len()).sum();
        self.tally.namespaces = with_workloads().count();
        let all_seen = with_workloads().all(|ns| ns.namespace.is_some());
        let seen = inventory
            .namespaces()
            .filter(|(name, ns)| ns.namespace.is_some() && !settings.excludes(name))
            .count();
        self.tally.namespaces_total = (all_seen && seen > 0).then_some(seen);
    }

    fn add(&mut self, contribution: &'a Contribution, times: usize) {
        self.tally.ignore_requests += contribution.ignore_requests * times;
        for (team, workloads) in &contribution.workloads {
            *self.team_workloads.entry(team).or_default() += workloads * times;
        }
        if let Some(service) = &contribution.service {
            self.service(service, times);
        }
    }

    fn service(&mut self, service: &'a ServiceCount, times: usize) {
        let profile = &service.profile;
        match profile.status {
            Status::Ignored => self.tally.ignored += times,
            Status::Unscoped => self.tally.unscoped += times,
            Status::Deviating | Status::Unknown | Status::GoldenPath => {}
        }
        if let Some(scaffolded) = profile.lately_scaffolded {
            self.tally.scaffolded.add(scaffolded, times);
            if &*service.team != UNKNOWN_TEAM {
                let team = self.teams.entry(&service.team).or_default();
                team.add(scaffolded, times);
            }
        }
        if let Some((path, state)) = &profile.judged {
            let group = (&**path, &*service.namespace, &*service.team, *state);
            *self.groups.entry(group).or_default() += times;
            *self.tally.services.entry(*state).or_default() += times;
            if let Some(tally) = self.tally.paths.get_mut(path) {
                *tally.services.entry(*state).or_default() += times;
                tally.may_predate += if profile.may_predate { times } else { 0 };
                if let Some(launched) = &profile.launched_beside {
                    *tally.launched_beside.entry(launched.clone()).or_default() += times;
                }
            }
        }
        for fit in &profile.fits {
            self.fit(fit, times);
        }
        self.failures(profile, times);
        self.personas(profile, times);
        self.items(service, times);
        if let Some(cost) = &profile.assumed {
            self.assumed_hours(cost, &service.team, times);
        }
    }

    fn fit(&mut self, fit: &FitCount, times: usize) {
        let Some(tally) = self.tally.paths.get_mut(&fit.path) else {
            return;
        };
        tally.adoption.add(fit.is_satisfied, times);
        if tally.settled_steps > 0 {
            tally.like_for_like.add(fit.satisfies_settled, times);
        }
        tally.accounted.add(fit.is_accounted, times);
        tally.deviating_at_once += if fit.satisfies_noticed && !fit.is_satisfied {
            times
        } else {
            0
        };
        for name in &fit.announced_open {
            let announced = tally
                .announced
                .iter_mut()
                .find(|check| *check.name == **name);
            if let Some(check) = announced {
                check.open += times;
            }
        }
        let cohort = match &fit.cohort {
            CohortPart::In(cohort) => cohort,
            CohortPart::Outside => return,
            CohortPart::Unknown => {
                if let Some(new) = &mut tally.new_services {
                    new.births_unknown += times;
                }
                return;
            }
        };
        if let Some(new) = tally.new_services.as_mut().filter(|_| cohort.is_new) {
            *new.states.entry(cohort.state).or_default() += times;
        }
        for (age, is_old_enough) in CohortAge::ALL.iter().zip(cohort.ages) {
            if let Some(states) = tally.cohorts.get_mut(age).filter(|_| is_old_enough) {
                *states.entry(cohort.state).or_default() += times;
            }
        }
    }

    fn failures(&mut self, profile: &Profile, times: usize) {
        for failure in &profile.failures {
            let tally = self.tally.paths.get_mut(&failure.path);
            if let Some(check) = tally.and_then(|tally| tally.check(&failure.check)) {
                *check.failures.entry(failure.standing).or_default() += times;
                check.last_step += if profile.is_last_step { times } else { 0 };
            }
        }
    }

    fn personas(&mut self, profile: &Profile, times: usize) {
        for persona in &profile.personas {
            let Some(tally) = self.tally.personas.get_mut(persona) else {
                continue;
            };
            match &profile.judged {
                Some((path, state)) => {
                    *tally.services.entry(*state).or_default() += times;
                    let by_path = tally.paths.entry(path.clone()).or_default();
                    *by_path.entry(*state).or_default() += times;
                }
                None => tally.unscoped += times,
            }
        }
    }

    fn items(&mut self, service: &'a ServiceCount, times: usize) {
        for part in &service.profile.items {
            let Some(tally) = self.tally.roadmap.get_mut(&part.item) else {
                continue;
            };
            tally.services += times;
            if &*service.team != UNKNOWN_TEAM {
                tally.teams.insert(service.team.clone());
            }
            let assumed = service.profile.assumed.as_ref();
            if let Some(cost) = assumed.filter(|_| part.is_unexcused) {
                let (_, hours) = self.items.entry(&part.item).or_default();
                hours.add(cost.hours.times(times));
            }
        }
    }

    fn assumed_hours(&mut self, cost: &AssumedHours, team: &Arc<str>, times: usize) {
        let burden = Burden {
            path: cost.path.clone(),
            team: team.clone(),
            standing: cost.standing,
            source: CostSource::Assumed,
        };
        let hours = cost.hours.times(times);
        self.hours.entry(burden).or_default().add(hours);
    }

    /// Adds the stated cost of each exception in use.
    fn stated_hours(&mut self, register: &'a Register) {
        for (cost, times) in register.stated_costs() {
            let burden = Burden {
                path: cost.path.clone(),
                team: cost.team.clone(),
                standing: cost.standing,
                source: CostSource::Stated,
            };
            let hours = cost.hours.times(times);
            self.hours.entry(burden).or_default().add(hours);
            for part in &cost.items {
                let Some(tally) = self.tally.roadmap.get_mut(&part.item) else {
                    continue;
                };
                tally.exceptions += if part.waits { times } else { 0 };
                let (stated, _) = self.items.entry(&part.item).or_default();
                stated.add(hours);
            }
        }
    }

    /// Whether targets were met: as recorded at the deadline, else as counted soon after it. Later, a
    /// deadline without a record is not measured.
    fn settle_targets(&mut self, inventory: &Inventory) {
        for path in inventory.paths().iter() {
            let tally = self.tally.paths.get_mut(&path.name);
            let Some(new) = tally.and_then(|tally| tally.new_services.as_mut()) else {
                continue;
            };
            let written = inventory
                .path_status(&path.name)
                .and_then(|status| status.new_services.as_ref())
                .and_then(|stored| stored.at_deadline.as_ref());
            let share = match written {
                Some(at) => at.on_path.zip(at.total).map(|(part, of)| Share {
                    part: part as usize,
                    of: of as usize,
                }),
                None => (self.now <= MEASURED_WITHIN.after(new.deadline)).then(|| new.share()),
            };
            new.target_met = share
                .filter(|share| self.now >= new.deadline && share.of > 0)
                .map(|share| share.is_at_least(path.spec.adoption.target_percent));
        }
    }

    fn finish(mut self) -> Tally {
        for (item, (stated, assumed)) in std::mem::take(&mut self.items) {
            if let Some(tally) = self.tally.roadmap.get_mut(item) {
                tally.stated_hours = stated.as_f64();
                tally.assumed_hours = assumed.as_f64();
            }
        }
        let mut names: HashMap<&str, Arc<str>> = HashMap::new();
        let mut shared = |name: &'a str| names.entry(name).or_insert_with(|| name.into()).clone();
        let groups = self
            .groups
            .into_iter()
            .map(|((path, namespace, team, state), services)| {
                let group = Group {
                    path: shared(path),
                    namespace: shared(namespace),
                    team: shared(team),
                    state,
                };
                (group, services)
            })
            .collect();
        let team_workloads = self
            .team_workloads
            .into_iter()
            .map(|(team, workloads)| (shared(team), workloads))
            .collect();
        Tally {
            groups,
            team_workloads,
            hours: self
                .hours
                .into_iter()
                .map(|(burden, hours)| (burden, hours.as_f64()))
                .collect(),
            self_service: Share {
                part: self.teams.values().filter(|it| it.is_at_least(50)).count(),
                of: self.teams.len(),
            },
            ..self.tally
        }
    }
}
