//! The label of each Kubernetes Service: the worst status of the workloads it selects. One write for
//! each Service whose stored label differs; at rest nothing is planned. No workload is labelled here.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::by_slot::BySlot;
use super::pacing::{Clearance, Pacing, WriteResult, earliest};
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::{KubeService, NamespaceIndex, Slot};
use crate::assess::state::Status;
use crate::assess::verdict::{AsOf, JudgeContext, judge};

/// The label one Kubernetes Service should carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceWrite {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    /// Uid of the object, so that a later object of the same name is never written.
    pub uid: Option<Box<str>>,
    /// `goldenpath.dev/status` after the write; `None` removes the key.
    pub wanted: Option<Status>,
    slot: Slot,
}

/// Our last write to one Service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LastWrite {
    /// No write yet.
    #[default]
    Never,
    /// This label, or its removal.
    Label(Option<Status>),
}

/// Plans labels of Kubernetes Services.
#[derive(Debug, Default)]
pub struct ServiceLabelPlanner {
    written: BySlot<LastWrite>,
    busy: HashMap<Slot, Pacing>,
    conflicts: u64,
}

impl ServiceLabelPlanner {
    /// Label writes for at most `limit` Services.
    pub fn plan(&mut self, facts: &Inventory, now: Timestamp, limit: usize) -> Vec<ServiceWrite> {
        if !facts.settings.labels || !facts.settings.label_services {
            return Vec::new();
        }
        self.forget_settled(facts, now);
        let as_of = AsOf::new(now);
        let ctx = facts.judge_context(&as_of);
        let mut writes = Vec::new();
        for (namespace, ns) in facts.namespaces() {
            if facts.settings.excludes(namespace) {
                continue;
            }
            for (name, service) in &ns.services {
                let wanted = worst_selected(service, ns, &ctx);
                let differs = wanted.map(Status::as_str) != service.live.as_deref();
                if writes.len() >= limit || !differs || !self.starts(service.slot, wanted, now) {
                    continue;
                }
                writes.push(ServiceWrite {
                    namespace: namespace.into(),
                    name: name.clone(),
                    uid: service.uid.clone(),
                    wanted,
                    slot: service.slot,
                });
            }
        }
        writes
    }

    /// When the next waiting Service may be written.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.busy
            .values()
            .fold(None, |at, pacing| earliest(at, pacing.held_until(now)))
    }

    /// Changes of our labels by other clients since the start.
    pub fn conflicts(&self) -> u64 {
        self.conflicts
    }

    /// Records the result of a write.
    pub fn ended(
        &mut self,
        facts: &mut Inventory,
        write: &ServiceWrite,
        outcome: WriteResult,
        now: Timestamp,
    ) {
        let pacing = self.busy.entry(write.slot).or_default();
        match outcome {
            WriteResult::Landed(_) => {
                pacing.landed();
                let (namespace, name) = (&write.namespace, &write.name);
                if facts.record_service_label(namespace, name, write.slot, write.wanted) {
                    *self.written.of(write.slot) = LastWrite::Label(write.wanted);
                }
            }
            WriteResult::Gone | WriteResult::NotTaken => pacing.stopped(),
            WriteResult::Failed => {
                pacing.failed(now);
            }
        }
    }

    fn forget_settled(&mut self, facts: &Inventory, now: Timestamp) {
        if self.busy.is_empty() {
            return;
        }
        let known: HashSet<Slot> = facts
            .namespaces()
            .flat_map(|(_, ns)| ns.services.values())
            .map(|service| service.slot)
            .collect();
        self.busy.retain(|slot, pacing| {
            pacing.is_in_flight() || known.contains(slot) && !pacing.is_at_rest(now)
        });
    }

    fn starts(&mut self, slot: Slot, wanted: Option<Status>, now: Timestamp) -> bool {
        let is_ours = *self.written.of(slot) == LastWrite::Label(wanted);
        let pacing = self.busy.entry(slot).or_default();
        let may_go = match pacing.clearance(is_ours, now) {
            Clearance::Go => true,
            Clearance::Waiting => false,
            Clearance::PutBack => {
                self.conflicts += 1;
                true
            }
            Clearance::Contested(_) => {
                self.conflicts += 1;
                false
            }
        };
        if may_go {
            pacing.started();
        }
        may_go
    }
}

/// The worst status of the workloads a Kubernetes Service selects.
fn worst_selected(
    service: &KubeService,
    ns: &NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<Status> {
    let selector = service.selector.as_ref()?;
    ns.workloads
        .values()
        .filter(|entry| selector.matches(&entry.workload.pod_labels()))
        .map(|entry| judge(&entry.workload, ns, ctx).status)
        .filter(|status| status.is_labelled())
        .min()
}
