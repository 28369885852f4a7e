//! Labels of workloads: one write for each workload whose stored labels differ from its verdict, and the
//! changes of state to announce as Events. At rest nothing is planned. Labels of Kubernetes Services are
//! planned in `service_labels`.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::by_slot::BySlot;
use super::pacing::{Clearance, Pacing, WriteResult};
use crate::assess::inventory::Inventory;
use crate::assess::inventory::changes::ChangedWorkload;
use crate::assess::namespace_index::Slot;
use crate::assess::object::compact::Uid;
use crate::assess::object::kind::WorkloadId;
use crate::assess::state::{Cause, Standing, State};
use crate::assess::verdict::{AsOf, Verdict, judge};
use crate::assess::workload::{OwnLabels, Workload};

/// The labels one workload should carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelWrite {
    pub id: WorkloadId,
    /// Uid of the object, so that a later object of the same name is never written.
    pub uid: Option<Box<str>>,
    /// The operator's labels after the write; it removes absent keys.
    pub wanted: OwnLabels,
    slot: Slot,
}

/// A workload whose state changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub id: WorkloadId,
    /// Uid of the object.
    pub uid: Option<Box<str>>,
    /// The path that judges it now.
    pub path: Arc<str>,
    /// Whether that path only advises.
    pub advice: bool,
    pub from: State,
    pub to: State,
    /// Why the verdict changed.
    pub cause: Cause,
    /// The verdict now, for the message.
    pub verdict: Verdict,
}

/// The writes and announcements that are due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelPlan {
    /// Label writes, at most one per workload.
    pub labels: Vec<LabelWrite>,
    pub transitions: Vec<Transition>,
}

/// Plans labels of workloads.
#[derive(Debug, Default)]
pub struct LabelPlanner {
    states: BySlot<LabelState>,
    busy: HashMap<Slot, Busy>,
    /// Workloads to judge again without a change.
    again: VecDeque<WorkloadId>,
    /// Workloads to judge again at an instant.
    later: BTreeMap<Timestamp, Vec<Waiting>>,
    conflicts: u64,
}

/// State of every workload, also at rest.
#[derive(Debug, Default)]
struct LabelState {
    /// The last announced state; none before the first verdict.
    announced: Option<State>,
    /// Our last write: it distinguishes other clients' changes from our own.
    written: Option<Arc<OwnLabels>>,
}

/// State of a workload that is not at rest.
#[derive(Debug, Default)]
struct Busy {
    pacing: Pacing,
    /// The workload changed while a write was in flight.
    is_overtaken: bool,
}

#[derive(Debug)]
struct Waiting {
    id: WorkloadId,
    slot: Slot,
}

impl LabelPlanner {
    /// The writes and announcements for at most `limit` changed workloads.
    pub fn plan(&mut self, facts: &mut Inventory, now: Timestamp, limit: usize) -> LabelPlan {
        self.wake(facts, now);
        let mut changes = facts.take_changes(limit);
        let room = limit - changes.len();
        let again = self.again.drain(..room.min(self.again.len()));
        changes.extend(again.map(|id| ChangedWorkload {
            id,
            cause: Cause::Workload,
        }));
        let mut plan = LabelPlan::default();
        let as_of = AsOf::new(now);
        for change in &changes {
            self.plan_one(facts, change, &as_of, &mut plan);
        }
        plan
    }

    /// Whether a plan would judge anything now.
    pub fn has_work(&self, facts: &Inventory, now: Timestamp) -> bool {
        facts.has_changes() || !self.again.is_empty() || self.wake_at().is_some_and(|at| at <= now)
    }

    /// When the next waiting workload may be written.
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.later.keys().next().copied()
    }

    /// Changes of our labels by other clients since the start.
    pub fn conflicts(&self) -> u64 {
        self.conflicts
    }

    /// Records the result of a write.
    pub fn ended(
        &mut self,
        facts: &mut Inventory,
        write: &LabelWrite,
        outcome: WriteResult,
        now: Timestamp,
    ) {
        let recorded = match outcome {
            WriteResult::Landed(version) => {
                facts.record_labels(&write.id, write.slot, &write.wanted, version)
            }
            WriteResult::Gone | WriteResult::Failed | WriteResult::NotTaken => None,
        };
        if let Some(labels) = recorded {
            self.states.of(write.slot).written = Some(labels);
        }
        let Some(busy) = self.busy.get_mut(&write.slot) else {
            return;
        };
        let wake_at = match outcome {
            WriteResult::Landed(_) => {
                busy.pacing.landed();
                busy.pacing.at_rest_from()
            }
            WriteResult::Gone => {
                busy.pacing.stopped();
                None
            }
            WriteResult::NotTaken => {
                busy.pacing.stopped();
                busy.is_overtaken = true;
                None
            }
            WriteResult::Failed => Some(busy.pacing.failed(now)),
        };
        if std::mem::take(&mut busy.is_overtaken) {
            self.again.push_back(write.id.clone());
        }
        if busy.pacing.is_at_rest(now) {
            self.busy.remove(&write.slot);
        } else if let Some(at) = wake_at {
            self.wake_later(at, &write.id, write.slot);
        }
    }

    fn plan_one(
        &mut self,
        facts: &Inventory,
        change: &ChangedWorkload,
        as_of: &AsOf,
        plan: &mut LabelPlan,
    ) {
        let Some((ns, entry)) = facts.entry(&change.id) else {
            return;
        };
        let (workload, slot) = (&entry.workload, entry.slot);
        let verdict = judge(workload, ns, &facts.judge_context(as_of));
        let wanted = verdict.labels(workload);
        let state = self.states.of(slot);
        let is_ours = state.written.as_deref() == Some(&wanted);
        let transition = state.announce(workload, verdict, change.cause);
        plan.transitions.extend(transition);
        if !facts.settings.labels || *workload.attributes.live == wanted {
            return;
        }
        let busy = self.busy.entry(slot).or_default();
        match busy.pacing.clearance(is_ours, as_of.now) {
            Clearance::Waiting => {
                busy.is_overtaken = busy.pacing.is_in_flight();
                return;
            }
            Clearance::Contested(until) => {
                self.conflicts += 1;
                return self.wake_later(until, &change.id, slot);
            }
            Clearance::PutBack => self.conflicts += 1,
            Clearance::Go => {}
        }
        busy.pacing.started();
        plan.labels.push(LabelWrite {
            id: workload.id.clone(),
            uid: workload.uid.as_ref().map(Uid::text),
            wanted,
            slot,
        });
    }

    fn wake(&mut self, facts: &Inventory, now: Timestamp) {
        while let Some(due) = self.later.first_entry().filter(|due| *due.key() <= now) {
            for Waiting { id, slot } in due.remove() {
                let is_same = facts
                    .entry(&id)
                    .is_some_and(|(_, entry)| entry.slot == slot);
                let is_at_rest = |busy: &Busy| busy.pacing.is_at_rest(now);
                if !is_same || self.busy.get(&slot).is_some_and(is_at_rest) {
                    self.busy.remove(&slot);
                } else {
                    self.again.push_back(id);
                }
            }
        }
    }

    fn wake_later(&mut self, at: Timestamp, id: &WorkloadId, slot: Slot) {
        let waiting = Waiting {
            id: id.clone(),
            slot,
        };
        self.later.entry(at).or_default().push(waiting);
    }
}

impl LabelState {
    /// The transition to announce if the state differs from the last announced one. The first state is
    /// not a change, unless labels of an earlier run show a different state.
    fn announce(
        &mut self,
        workload: &Workload,
        verdict: Verdict,
        cause: Cause,
    ) -> Option<Transition> {
        let to = verdict.state();
        let from = self
            .announced
            .or_else(|| state_of(&workload.attributes.live));
        self.announced = to;
        let (from, to) = (from?, to?);
        let path = workload.paths.get(verdict.path?);
        (from != to).then(|| Transition {
            id: workload.id.clone(),
            uid: workload.uid.as_ref().map(Uid::text),
            path: path.name.clone(),
            advice: path.only_advises(),
            from,
            to,
            cause,
            verdict,
        })
    }
}

/// The state that the labels of an earlier run show.
fn state_of(labels: &OwnLabels) -> Option<State> {
    match (labels.status.as_deref()?, labels.deviation.as_deref()) {
        ("golden-path", _) => Some(State::GoldenPath),
        ("unknown", _) => Some(State::Unknown),
        ("deviating", Some(word)) => Standing::from_word(word).map(State::Deviating),
        _ => None,
    }
}
