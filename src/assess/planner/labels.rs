//! Writes as data. Planning compares what is stored with what the verdict asks for and says what
//! differs; the shell carries it out and reports back. After a plan is applied, planning again
//! yields nothing, and at rest nothing is ever planned.

use std::sync::Arc;

use jiff::Timestamp;

use super::progress::Clearance;
use crate::assess::inventory::namespace_index::{Entry, KubeService, NamespaceIndex};
use crate::assess::inventory::{DELETED_PATH_GRACE, Inventory, NextChange, Reread, local};
use crate::assess::object::kind::WorkloadId;
use crate::assess::state::{Cause, Standing, State, Status};
use crate::assess::verdict::{AsOf, JudgeContext, Verdict, judge};
use crate::assess::workload::OwnLabels;

/// Workloads that may wait without memory being asked for.
const QUEUE_AT_REST: usize = 64;

/// The labels one workload should carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelWrite {
    /// Which workload.
    pub id: WorkloadId,
    /// The object this is meant for: a namesake created later is never written.
    pub uid: Option<Box<str>>,
    /// Its own keys afterwards; keys absent here are removed.
    pub wanted: OwnLabels,
}

/// The label one Kubernetes Service should carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceWrite {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The object this is meant for.
    pub uid: Option<Box<str>>,
    /// `goldenpath.dev/status` afterwards; absent removes the key.
    pub wanted: Option<Status>,
}

/// A verdict that changed since it was last said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Which workload.
    pub id: WorkloadId,
    /// The object it happened to.
    pub uid: Option<Box<str>>,
    /// The path it is judged by now.
    pub path: Arc<str>,
    /// What was said before.
    pub from: State,
    /// What is said now.
    pub to: State,
    /// What made the difference.
    pub cause: Cause,
    /// The verdict itself, for whoever words the message.
    pub verdict: Verdict,
}

/// What there is to do now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Labels to write, at most one a workload.
    pub labels: Vec<LabelWrite>,
    /// Changes to tell.
    pub transitions: Vec<Transition>,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It landed; the object's version afterwards, where it is a number.
    Landed(Option<u64>),
    /// The object is gone: its delete event is on the way.
    Gone,
    /// It failed and is to be tried again, less and less often.
    Failed,
    /// It was not tried, or the server took no writes just then: nothing is known against the
    /// object, and it is planned again.
    NotTaken,
}

impl Inventory {
    /// What is to be written and told, for at most `limit` workloads that changed.
    pub fn plan(&mut self, now: Timestamp, limit: usize) -> Plan {
        self.wake(now);
        let mut plan = Plan::default();
        let as_of = AsOf::new(now);
        for _ in 0..limit {
            let Some(id) = self.queue.pop_front() else {
                // Room for every workload is needed rarely.
                self.queue.shrink_to(QUEUE_AT_REST);
                break;
            };
            self.plan_one(&id, &as_of, &mut plan);
        }
        plan
    }

    /// Whether a plan would look at anything now.
    pub fn has_work(&self, now: Timestamp) -> bool {
        !self.queue.is_empty() || self.later.keys().next().is_some_and(|at| *at <= now)
    }

    fn wake(&mut self, now: Timestamp) {
        while let Some(entry) = self.later.first_entry().filter(|entry| *entry.key() <= now) {
            for id in entry.remove() {
                self.mark(&id, Cause::Workload);
            }
        }
    }

    fn plan_one(&mut self, id: &WorkloadId, as_of: &AsOf, plan: &mut Plan) {
        let ctx = JudgeContext {
            settings: &self.settings,
            paths: &self.paths,
            as_of,
        };
        let Some(ns) = self.namespaces.get_mut(&id.namespace) else {
            return;
        };
        let Some(entry) = ns.workloads.get(&local(id)) else {
            return;
        };
        let verdict = judge(&entry.workload, ns, &ctx);
        let wanted = verdict.labels(&entry.workload);
        let Some(entry) = ns.workloads.get_mut(&local(id)) else {
            return;
        };
        let cause = entry.progress.dirty.take().unwrap_or(Cause::Workload);
        plan.transitions.extend(entry.tell(verdict, cause));
        if !self.settings.labels || *entry.workload.live == wanted {
            return;
        }
        match entry.progress.clearance(&wanted, as_of.now) {
            Clearance::Waiting => entry.progress.again = entry.progress.in_flight,
            Clearance::TakenAgain(until) => {
                self.conflicts += 1;
                self.later.entry(until).or_default().push(id.clone());
            }
            Clearance::TakeBack => {
                self.conflicts += 1;
                plan.labels.push(entry.start_write(wanted));
            }
            Clearance::Go => plan.labels.push(entry.start_write(wanted)),
        }
    }

    /// Notes how a label write ended.
    pub fn written(&mut self, write: &LabelWrite, how: Written, now: Timestamp) {
        let wanted = self.shared_labels(&Arc::new(write.wanted.clone()));
        let Some(ns) = self.namespaces.get_mut(&write.id.namespace) else {
            return;
        };
        let Some(entry) = ns.workloads.get_mut(&local(&write.id)) else {
            return;
        };
        if entry.workload.uid != write.uid {
            return;
        }
        match how {
            Written::Landed(version) => {
                entry.progress.landed(wanted.clone(), version);
                let overtaken = version
                    .zip(entry.workload.version)
                    .is_some_and(|(ours, seen)| seen > ours);
                if !overtaken {
                    entry.workload.live = wanted;
                }
            }
            Written::Gone => entry.progress.in_flight = false,
            Written::NotTaken => {
                entry.progress.in_flight = false;
                entry.progress.again = true;
            }
            Written::Failed => {
                let until = entry.progress.failed(now);
                self.later.entry(until).or_default().push(write.id.clone());
            }
        }
        if std::mem::take(&mut entry.progress.again) {
            self.mark(&write.id, Cause::Workload);
        }
    }

    /// Keys of ours that somebody else changed, counted since the start.
    pub fn label_conflicts(&self) -> u64 {
        self.conflicts
    }

    /// Lets time pass: an instant that changes answers marks what has to be looked at, and a path
    /// whose grace after deletion is over goes. To be called every few seconds.
    pub fn tick(&mut self, now: Timestamp) -> Reread {
        let before = self.last_tick.replace(now);
        let next = match self.next_change {
            // Worked out as of the last look: what changed since must not hide an instant that
            // has passed since.
            NextChange::Unsettled => self.work_out_next_change(before.unwrap_or(now)),
            NextChange::At(at) => at,
        };
        let due = next.is_some_and(|at| at <= now);
        let clock_went_back = before.is_some_and(|before| now < before);
        self.next_change = NextChange::At(if due || clock_went_back {
            self.mark_all(Cause::Time);
            self.work_out_next_change(now)
        } else {
            next
        });
        self.drop_deleted_paths(now)
    }

    /// When time alone next changes an answer, as far as it was worked out.
    pub fn next_change(&self) -> Option<Timestamp> {
        match self.next_change {
            NextChange::Unsettled => None,
            NextChange::At(at) => at,
        }
    }

    fn work_out_next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let as_of = AsOf::new(now);
        let ctx = self.judge_context(&as_of);
        let paths = self.paths.iter().filter_map(|path| path.next_change(now));
        let graces = self
            .paths
            .iter()
            .filter_map(|path| Some(DELETED_PATH_GRACE.after(path.deleted?)));
        let lives = self.namespaces.values().flat_map(|ns| {
            ns.exceptions()
                .filter_map(|exception| ns.life(exception, &ctx).next_change)
        });
        paths
            .chain(graces)
            .chain(lives)
            .filter(|at| *at > now)
            .min()
    }

    fn drop_deleted_paths(&mut self, now: Timestamp) -> Reread {
        let is_over = |path: &crate::assess::path::Path| {
            path.deleted
                .is_some_and(|at| DELETED_PATH_GRACE.after(at) <= now)
        };
        if !self.paths.iter().any(is_over) {
            return Reread::Nothing;
        }
        self.replace_paths(self.paths.without(is_over))
    }

    /// The labels Kubernetes Services should carry, for at most `limit` of them.
    pub fn plan_services(&mut self, now: Timestamp, limit: usize) -> Vec<ServiceWrite> {
        if !self.settings.labels || !self.settings.label_services {
            return Vec::new();
        }
        let as_of = AsOf::new(now);
        let mut writes = Vec::new();
        for (namespace, ns) in &mut self.namespaces {
            if self.settings.excludes(namespace) {
                continue;
            }
            let ctx = JudgeContext {
                settings: &self.settings,
                paths: &self.paths,
                as_of: &as_of,
            };
            let wanted = services_that_differ(ns, &ctx);
            for (name, wanted) in wanted {
                let Some(service) = ns.services.get_mut(&name) else {
                    continue;
                };
                if writes.len() >= limit || !service.is_cleared(wanted, now, &mut self.conflicts) {
                    continue;
                }
                service.progress.in_flight = true;
                writes.push(ServiceWrite {
                    namespace: namespace.clone(),
                    name,
                    uid: service.uid.clone(),
                    wanted,
                });
            }
        }
        writes
    }

    /// Notes how a Service's label write ended.
    pub fn service_written(&mut self, write: &ServiceWrite, how: Written, now: Timestamp) {
        let ns = self.namespaces.get_mut(&write.namespace);
        let Some(service) = ns.and_then(|ns| ns.services.get_mut(&write.name)) else {
            return;
        };
        match how {
            Written::Landed(version) => {
                service.live = write.wanted.map(|status| status.as_str().to_owned());
                service
                    .progress
                    .landed(Arc::new(status_only(write.wanted)), version);
            }
            Written::Gone | Written::NotTaken => service.progress.in_flight = false,
            Written::Failed => {
                service.progress.failed(now);
            }
        }
    }
}

impl KubeService {
    fn is_cleared(&mut self, wanted: Option<Status>, now: Timestamp, conflicts: &mut u64) -> bool {
        match self.progress.clearance(&status_only(wanted), now) {
            Clearance::Go => true,
            Clearance::Waiting => false,
            Clearance::TakeBack => {
                *conflicts += 1;
                true
            }
            Clearance::TakenAgain(_) => {
                *conflicts += 1;
                false
            }
        }
    }
}

fn status_only(status: Option<Status>) -> OwnLabels {
    OwnLabels {
        status: status.map(|status| status.as_str().to_owned()),
        ..OwnLabels::default()
    }
}

impl Entry {
    fn start_write(&mut self, wanted: OwnLabels) -> LabelWrite {
        self.progress.in_flight = true;
        LabelWrite {
            id: self.workload.id.clone(),
            uid: self.workload.uid.clone(),
            wanted,
        }
    }

    /// What to tell, where the state is another than was last said. What is said first is no
    /// change, unless labels of an earlier run say otherwise.
    fn tell(&mut self, verdict: Verdict, cause: Cause) -> Option<Transition> {
        let to = verdict.state();
        let from = self.progress.said.or_else(|| state_of(&self.workload.live));
        self.progress.said = to;
        let (from, to) = (from?, to?);
        let path = self.workload.paths.get(verdict.path?).name.clone();
        (from != to).then(|| Transition {
            id: self.workload.id.clone(),
            uid: self.workload.uid.clone(),
            path,
            from,
            to,
            cause,
            verdict,
        })
    }
}

/// The state an earlier run's labels say.
fn state_of(labels: &OwnLabels) -> Option<State> {
    match (labels.status.as_deref()?, labels.deviation.as_deref()) {
        ("golden-path", _) => Some(State::GoldenPath),
        ("unknown", _) => Some(State::Unknown),
        ("deviating", Some(word)) => Standing::from_word(word).map(State::Deviating),
        _ => None,
    }
}

fn services_that_differ(
    ns: &NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Vec<(Arc<str>, Option<Status>)> {
    let differing = ns.services.iter().filter_map(|(name, service)| {
        let wanted = worst_selected(service, ns, ctx);
        let differs = wanted.map(Status::as_str) != service.live.as_deref();
        (differs && !service.progress.in_flight).then(|| (name.clone(), wanted))
    });
    differing.collect()
}

/// The worst status of the workloads a Kubernetes Service selects.
pub fn worst_selected(
    service: &KubeService,
    ns: &NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<Status> {
    let selector = service.selector.as_ref()?;
    let selected = ns
        .workloads
        .values()
        .filter(|entry| selector.matches(&entry.workload.pod_labels));
    let statuses = selected.map(|entry| judge(&entry.workload, ns, ctx).status);
    statuses.filter(|status| status.is_labelled()).min()
}
