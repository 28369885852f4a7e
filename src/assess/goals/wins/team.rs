//! What each team gained: its services that began on a path or joined one, the exceptions it closed
//! before their end, and shorter times. Only services of namespaces that have not opted out are counted.

use std::collections::{BTreeMap, BTreeSet};

use super::closing::Return;
use super::content::{Capability, CapabilityKind, Evidence, MOST_NAMES, Note, TeamWin};
use super::joining::joining;
use super::scene::Scene;
use super::shortened;
use super::speed::Speed;
use crate::api::DeliveryRecordStatus;
use crate::assess::adoption::service::Service;
use crate::assess::namespace_index::UNKNOWN_TEAM;
use crate::assess::object::kind::WorkloadId;
use crate::assess::path::Path;
use crate::assess::state::State;

/// How many services on a path have a record of rollouts.
#[derive(Clone, Copy, Default)]
pub(super) struct Recorded {
    services: usize,
    of: usize,
}

impl Recorded {
    /// What cannot be seen without records.
    pub fn note(self) -> Option<Note> {
        let services = self.of - self.services;
        (services > 0).then_some(Note::NotRecorded {
            services,
            of: self.of,
        })
    }
}

/// Names of services by path.
type ByPath<'a> = BTreeMap<&'a str, (&'a Path, BTreeSet<String>)>;

#[derive(Default)]
struct Gains<'a> {
    services: usize,
    gained: BTreeSet<&'a WorkloadId>,
    started: ByPath<'a>,
    joined: ByPath<'a>,
    closed: Vec<&'a Return<'a>>,
    speed: Speed,
    /// The services on each path.
    on_paths: ByPath<'a>,
}

/// The teams that gained, in order of name, and how much of the fleet is recorded.
pub(super) fn candidates<'a>(
    scene: &Scene<'a>,
    services: &'a [Service<'a>],
    returns: &'a [Return<'a>],
) -> (Vec<TeamWin>, Recorded) {
    let mut teams: BTreeMap<&str, Gains<'a>> = BTreeMap::new();
    let mut by_workload: BTreeMap<&WorkloadId, &Service<'_>> = BTreeMap::new();
    let mut recorded = Recorded::default();
    for service in services.iter().filter(|it| may_be_named(scene, it)) {
        let gains = teams.entry(service.team()).or_default();
        gains.services += 1;
        let members = service.members().iter();
        by_workload.extend(members.map(|member| (&member.workload.id, service)));
        let has_record = gains.add(scene, service);
        if let Some(has_record) = has_record {
            recorded.of += 1;
            recorded.services += usize::from(has_record);
        }
    }
    for it in returns {
        let Some(gains) = teams.get_mut(it.exception.spec.owner.team.as_str()) else {
            continue;
        };
        gains.closed.push(it);
        let on_path = it
            .workloads
            .iter()
            .filter_map(|id| by_workload.get(id))
            .filter(|service| {
                service.team() == it.exception.spec.owner.team
                    && service.state() == Some(State::GoldenPath)
            });
        gains
            .gained
            .extend(on_path.map(|service| identity(service)));
    }
    let wins = teams
        .into_iter()
        .filter_map(|(team, gains)| gains.win(scene, team))
        .collect();
    (wins, recorded)
}

/// A service of a named team, in scope of a path, of which no part has opted out.
fn may_be_named(scene: &Scene<'_>, service: &Service<'_>) -> bool {
    let mut members = service.members().iter();
    service.state().is_some()
        && service.team() != UNKNOWN_TEAM
        && !members.any(|member| scene.opt_outs.has(&member.workload.id.namespace))
}

/// Its first workload stands for a service.
fn identity<'a>(service: &Service<'a>) -> &'a WorkloadId {
    let ids = service.members().iter().map(|member| &member.workload.id);
    ids.min().unwrap_or(&service.lead().workload.id)
}

fn name(service: &Service<'_>) -> String {
    let workload = service.lead().workload;
    let name = workload.service.as_deref();
    name.unwrap_or(&workload.id.name).to_owned()
}

impl<'a> Gains<'a> {
    /// Adds a service. Whether its rollouts are recorded; none if it is not on a launched path.
    fn add(&mut self, scene: &Scene<'_>, service: &Service<'a>) -> Option<bool> {
        let path = service.lead().path().filter(|path| !path.only_advises())?;
        if service.state() != Some(State::GoldenPath) {
            return None;
        }
        let records = records(service);
        self.speed.add(&records, scene.month);
        put(&mut self.on_paths, path, service);
        let births = scene.inventory.judge_context(scene.as_of).births;
        let birth = service.birth(&births).known();
        let joinings = records
            .iter()
            .filter_map(|record| joining(record, scene.as_of.now));
        let last = joinings.max_by_key(|joining| joining.deviated);
        if birth.is_some_and(|at| scene.is_within(at)) {
            put(&mut self.started, path, service);
            self.gained.insert(identity(service));
        } else if last.is_some_and(|joining| joining.is_in(scene.month)) {
            put(&mut self.joined, path, service);
            self.gained.insert(identity(service));
        }
        Some(!records.is_empty())
    }

    /// What the team gained; none if nothing.
    fn win(self, scene: &Scene<'a>, team: &str) -> Option<TeamWin> {
        let capability = self.capability(scene)?;
        let started = self.started.values().map(|(path, names)| {
            let (services, more) = shortened(names.clone(), MOST_NAMES);
            let path = path_title(path);
            Evidence::Started {
                path,
                services,
                more,
            }
        });
        let joined = self.joined.values().map(|(path, names)| {
            let (services, more) = shortened(names.clone(), MOST_NAMES);
            let path = path_title(path);
            Evidence::Joined {
                path,
                services,
                more,
            }
        });
        let closed = self.closed.iter().map(|it| closed(it));
        let evidence: Vec<_> = started
            .chain(joined)
            .chain(closed)
            .chain(self.speed.evidence(scene.month, scene.as_of.now))
            .collect();
        (!evidence.is_empty()).then(|| TeamWin {
            team: team.to_owned(),
            gained: self.gained.len(),
            services: self.services,
            evidence,
            capability,
        })
    }

    /// What the team uses: the item it waited for, else the path that most services joined, else the
    /// check of a closed exception, else the path that most services are on.
    fn capability(&self, scene: &Scene<'a>) -> Option<Capability> {
        let shipped = self.closed.iter().find_map(|it| it.shipped_item(scene));
        if let Some(item) = shipped {
            return Some(Capability {
                kind: CapabilityKind::RoadmapItem,
                title: item.spec.title.clone(),
                url: None,
            });
        }
        let mut gained = self.joined.clone();
        for (name, (path, names)) in &self.started {
            let known = gained.entry(name).or_insert((path, BTreeSet::new()));
            known.1.extend(names.iter().cloned());
        }
        if let Some(path) = most(&gained) {
            return Some(of_path(path));
        }
        let check = self.closed.iter().find_map(|it| of_check(it));
        check.or_else(|| most(&self.on_paths).map(of_path))
    }
}

fn put<'a>(into: &mut ByPath<'a>, path: &'a Path, service: &Service<'_>) {
    let (_, names) = into.entry(&path.name).or_insert((path, BTreeSet::new()));
    names.insert(name(service));
}

fn records(service: &Service<'_>) -> Vec<DeliveryRecordStatus> {
    let members = service.members().iter();
    members
        .filter_map(|member| {
            let id = &member.workload.id;
            member.ns.record(&id.kind, &id.name)?.written()
        })
        .collect()
}

/// The path with most services; of equal ones, the first by name.
fn most<'a>(paths: &ByPath<'a>) -> Option<&'a Path> {
    let mut best: Option<(&Path, usize)> = None;
    for (path, names) in paths.values() {
        if best.is_none_or(|(_, most)| names.len() > most) {
            best = Some((path, names.len()));
        }
    }
    best.map(|(path, _)| path)
}

/// The title of a path, else its name.
pub(super) fn path_title(path: &Path) -> String {
    path.spec
        .title
        .clone()
        .unwrap_or_else(|| path.name.to_string())
}

fn of_path(path: &Path) -> Capability {
    Capability {
        kind: CapabilityKind::Path,
        title: path_title(path),
        url: path.spec.docs_url.clone(),
    }
}

fn of_check(it: &Return<'_>) -> Option<Capability> {
    let check = it.open_checks().next()?;
    Some(Capability {
        kind: CapabilityKind::Check,
        title: check.title.clone().unwrap_or_else(|| check.name.clone()),
        url: check.docs_url.clone(),
    })
}

fn closed(it: &Return<'_>) -> Evidence {
    let named = it
        .open_checks()
        .map(|check| check.title.clone().unwrap_or_else(|| check.name.clone()));
    let (checks, more) = shortened(named.collect(), MOST_NAMES);
    Evidence::Closed {
        exception: format!("{}/{}", it.namespace, it.exception.name),
        checks,
        more,
        end: it.end,
    }
}
