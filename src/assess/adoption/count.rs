//! Counts services: each is visited once and adds to the numbers it belongs to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Burden, CheckTally, CostSource, Group, Horizon, NewServices, PathTally, SELF_SERVICE_WINDOW,
    Share, States, Tally,
};
use crate::assess::adoption::service::{Fit, Service, services};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::assess::path::{Path, PathAt, indexes};
use crate::assess::register::ExceptionView;
use crate::assess::state::{Standing, State, Status};
use crate::assess::verdict::{AsOf, JudgeContext};

pub(super) fn tally(inventory: &Inventory, as_of: &AsOf, register: &[ExceptionView<'_>]) -> Tally {
    let ctx = inventory.judge_context(as_of);
    let mut count = Count {
        ctx: &ctx,
        groups: BTreeMap::new(),
        teams: BTreeMap::new(),
        tally: Tally {
            paths: blank_paths(inventory, as_of),
            ..Tally::default()
        },
    };
    count.places(inventory);
    for service in services(inventory, as_of) {
        count.service(&service);
    }
    count.stated_hours(inventory, register);
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
            new_services: launch.and_then(|_| NewServices::empty(path)),
            cohorts: launch
                .filter(|launch| *launch > Timestamp::MIN)
                .map(|_| Horizon::ALL.map(|horizon| (horizon, States::new())).into())
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    fn check(&mut self, name: &str) -> Option<&mut CheckTally> {
        self.checks.iter_mut().find(|check| check.name == name)
    }
}

struct Count<'a> {
    ctx: &'a JudgeContext<'a>,
    groups: BTreeMap<(&'a str, &'a str, &'a str, State), usize>,
    /// Teams that created a service lately, and whether all of those were scaffolded.
    teams: BTreeMap<&'a str, bool>,
    tally: Tally,
}

impl<'a> Count<'a> {
    fn now(&self) -> Timestamp {
        self.ctx.as_of.now
    }

    /// Printed before any ratio: how much was judged.
    fn places(&mut self, inventory: &Inventory) {
        let settings = &inventory.settings;
        let namespaces = || inventory.namespaces().map(|(_, ns)| ns);
        let peopled = || namespaces().filter(|ns| !ns.workloads.is_empty());
        self.tally.workloads = namespaces().map(|ns| ns.workloads.len()).sum();
        self.tally.namespaces = peopled().count();
        self.tally.ignore_requests = peopled()
            .filter(|ns| !ns.may_ignore(settings))
            .flat_map(|ns| ns.workloads.values())
            .filter(|entry| entry.workload.ignore.is_some())
            .count();
        let all_seen = peopled().all(|ns| ns.namespace.is_some());
        let seen = inventory
            .namespaces()
            .filter(|(name, ns)| ns.namespace.is_some() && !settings.excludes(name))
            .count();
        self.tally.namespaces_total = (all_seen && seen > 0).then_some(seen);
    }

    fn service(&mut self, service: &Service<'a>) {
        let state = service.state();
        match service.lead().verdict.status {
            Status::Ignored => {
                self.tally.ignored += 1;
                return;
            }
            Status::Unscoped => self.tally.unscoped += 1,
            Status::Deviating | Status::Unknown | Status::GoldenPath => {}
        }
        self.creation(service);
        if let (Some(state), Some(path)) = (state, service.lead().path()) {
            self.state(service, path, state);
        }
        for fit in service.fits(self.ctx.as_of) {
            self.fit(service, &fit, state);
        }
        self.steps(service);
        self.assumed_hours(service);
    }

    fn creation(&mut self, service: &Service<'a>) {
        let since = SELF_SERVICE_WINDOW.before(self.now());
        let is_new = service
            .birth()
            .is_some_and(|birth| birth > since && birth <= self.now());
        let team = service.team();
        if is_new && team != UNKNOWN_TEAM {
            *self.teams.entry(team).or_insert(true) &= service.is_scaffolded();
        }
    }

    fn state(&mut self, service: &Service<'a>, path: &'a Path, state: State) {
        let group = (&*path.name, service.namespace(), service.team(), state);
        *self.groups.entry(group).or_default() += 1;
        *self.tally.services.entry(state).or_default() += 1;
        let tally = self.tally.paths.get_mut(&path.name);
        if let Some(tally) = tally {
            *tally.services.entry(state).or_default() += 1;
        }
    }

    fn fit(&mut self, service: &Service<'a>, fit: &Fit<'a>, own: Option<State>) {
        let now = self.now();
        let Some(tally) = self.tally.paths.get_mut(&fit.path.name) else {
            return;
        };
        tally.adoption.add(fit.satisfied);
        tally
            .accounted
            .add(fit.satisfied || own.is_some_and(State::is_accounted));
        let (Some(birth), Some(launch)) = (service.birth(), fit.path.launched_at()) else {
            return;
        };
        if birth < launch || birth > now {
            return;
        }
        let Some(state) = service.state_by(fit, self.ctx) else {
            return;
        };
        if let Some(new) = tally
            .new_services
            .as_mut()
            .filter(|new| birth < new.deadline)
        {
            *new.states.entry(state).or_default() += 1;
        }
        for (horizon, states) in &mut tally.cohorts {
            if horizon.period().after(birth) <= now {
                *states.entry(state).or_default() += 1;
            }
        }
    }

    /// Which checks the service fails, and which one it lacks alone.
    fn steps(&mut self, service: &Service<'a>) {
        let mut failing: BTreeMap<(&str, &str), Standing> = BTreeMap::new();
        let mut errs = false;
        for member in service.members() {
            let Some(path) = member.path() else {
                continue;
            };
            errs |= member.verdict.errored != 0;
            for standing in &member.verdict.standings {
                let key = (&*path.name, &*path.spec.checks[standing.check].name);
                let worst = failing.entry(key).or_insert(standing.standing);
                *worst = standing.standing.min(*worst);
            }
        }
        let is_last = failing.len() == 1 && !errs;
        for ((path, check), standing) in failing {
            let tally = self.tally.paths.get_mut(path);
            if let Some(check) = tally.and_then(|tally| tally.check(check)) {
                *check.failures.entry(standing).or_default() += 1;
                check.last_step += usize::from(is_last);
            }
        }
    }

    /// A deviation without an exception costs what its path assumes, once per service.
    fn assumed_hours(&mut self, service: &Service<'a>) {
        let standings = service
            .members()
            .iter()
            .flat_map(|member| &member.verdict.standings);
        let unexcused = standings
            .map(|standing| standing.standing)
            .filter(|standing| !standing.is_excused());
        let (Some(standing), Some(path)) = (unexcused.min(), service.lead().path()) else {
            return;
        };
        if let Some(cost) = path.spec.ownership_cost {
            let burden = Burden {
                path: path.name.clone(),
                team: service.team().into(),
                standing,
                source: CostSource::Assumed,
            };
            *self.tally.hours.entry(burden).or_default() += cost.hours_per_month;
        }
    }

    /// What exceptions in use state, each once.
    fn stated_hours(&mut self, inventory: &Inventory, register: &[ExceptionView<'_>]) {
        let counts = |view: &ExceptionView<'_>| {
            let ns = inventory.namespace(view.namespace);
            ns.is_some_and(|ns| ns.is_counted(&inventory.settings))
        };
        let in_use = register.iter().filter(|view| view.usage.is_in_use());
        for view in in_use.filter(|view| counts(view)) {
            let Some(standing) = view.life.phase.standing() else {
                continue;
            };
            let spec = &view.exception.spec;
            let burden = Burden {
                path: view.path_name().into(),
                team: spec.owner.team.as_str().into(),
                standing,
                source: CostSource::Stated,
            };
            *self.tally.hours.entry(burden).or_default() += spec.ownership_cost.hours_per_month;
        }
    }

    /// Whether targets were met: what was written down at the deadline, else what is so now.
    fn settle_targets(&mut self, inventory: &Inventory) {
        let now = self.now();
        for path in inventory.paths().iter() {
            let tally = self.tally.paths.get_mut(&path.name);
            let Some(new) = tally.and_then(|tally| tally.new_services.as_mut()) else {
                continue;
            };
            let written = inventory
                .path_status(&path.name)
                .and_then(|status| status.new_services.as_ref())
                .and_then(|stored| stored.at_deadline.as_ref());
            let share = written.map_or_else(
                || new.share(),
                |at| Share {
                    part: at.on_path as usize,
                    of: at.total as usize,
                },
            );
            let target = usize::from(path.spec.adoption.target_percent);
            new.target_met = (now >= new.deadline && share.of > 0)
                .then(|| share.part * 100 >= share.of * target);
        }
    }

    fn finish(self) -> Tally {
        let mut names: HashMap<&str, Arc<str>> = HashMap::new();
        let mut shared = |name: &'a str| names.entry(name).or_insert_with(|| name.into()).clone();
        let groups = self.groups.into_iter();
        let groups = groups.map(|((path, namespace, team, state), services)| {
            let group = Group {
                path: shared(path),
                namespace: shared(namespace),
                team: shared(team),
                state,
            };
            (group, services)
        });
        Tally {
            groups: groups.collect(),
            self_service: Share {
                part: self.teams.values().filter(|all| **all).count(),
                of: self.teams.len(),
            },
            ..self.tally
        }
    }
}
