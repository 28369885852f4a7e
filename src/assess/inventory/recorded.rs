//! Records the operator's own writes as stored, before a watch shows them. Planners call these methods
//! when a write has landed, and change the facts in no other way.

use std::num::NonZeroU64;
use std::sync::Arc;

use crate::api::{DeviationExceptionStatus, GoldenPathStatus};
use crate::assess::inventory::{Inventory, local};
use crate::assess::namespace_index::Slot;
use crate::assess::object::kind::WorkloadId;
use crate::assess::state::Status;
use crate::assess::workload::OwnLabels;

impl Inventory {
    /// Records that labels of a workload landed in this version. Returns the inventory's shared copy of
    /// the labels; none if the workload is gone or another object.
    pub(crate) fn record_labels(
        &mut self,
        id: &WorkloadId,
        slot: Slot,
        labels: &OwnLabels,
        version: Option<u64>,
    ) -> Option<Arc<OwnLabels>> {
        let labels = self.shared.labels(&Arc::new(labels.clone()));
        let (_, known) = self.entry(id)?;
        if known.slot != slot {
            return None;
        }
        let attributes = known.workload.attributes.clone();
        let attributes = self.shared.relabelled(&attributes, &labels);
        let entry = self.namespace_mut(&id.namespace)?.entry_mut(&local(id))?;
        let written = version.and_then(NonZeroU64::new);
        entry.labels_version = written.or(entry.labels_version);
        let is_overtaken = version
            .zip(entry.workload.version)
            .is_some_and(|(ours, seen)| seen.get() > ours);
        if !is_overtaken {
            entry.workload.attributes = attributes;
        }
        Some(labels)
    }

    /// Records that the label of a Kubernetes Service landed. False if the Service is gone or another
    /// object.
    pub(crate) fn record_service_label(
        &mut self,
        namespace: &str,
        name: &str,
        slot: Slot,
        label: Option<Status>,
    ) -> bool {
        let ns = self.namespace_mut(namespace);
        let service = ns
            .and_then(|ns| ns.services.get_mut(name))
            .filter(|service| service.slot == slot);
        let is_known = service.is_some();
        if let Some(service) = service {
            service.live = label.map(|status| status.as_str().to_owned());
        }
        is_known
    }

    /// Records that the status of an exception landed. Reminders are written separately, so their
    /// entries stay.
    pub(crate) fn record_exception_status(
        &mut self,
        namespace: &str,
        name: &str,
        uid: Option<&str>,
        status: DeviationExceptionStatus,
    ) {
        let key = (namespace.into(), name.into());
        self.mark_exception(&key.0, &key.1);
        if let Some(object) = self.undecodable.exceptions.get_mut(&key)
            && object.uid.as_deref() == uid
        {
            let before = object.status.take();
            object.status = Some(with_reminders_of(before, status.clone()));
        }
        let ns = self.namespace_mut(namespace);
        if let Some(exception) = ns.and_then(|ns| ns.exception_mut(name))
            && exception.uid.as_deref() == uid
        {
            let before = exception.status.take();
            exception.status = Some(with_reminders_of(before, status));
        }
    }

    /// Records that the status of a path landed. Announcements are recorded separately, so their
    /// entries stay.
    pub(crate) fn record_path_status(
        &mut self,
        name: &str,
        uid: Option<&str>,
        status: GoldenPathStatus,
    ) {
        if let Some(object) = self.undecodable.paths.get_mut(name)
            && object.uid.as_deref() == uid
        {
            let before = object.status.take();
            object.status = Some(with_announced_of(before, status.clone()));
        }
        if let Some(stored) = self.path_statuses.get_mut(name) {
            *stored = Some(with_announced_of(stored.take(), status));
        }
    }
}

fn with_announced_of(
    before: Option<GoldenPathStatus>,
    status: GoldenPathStatus,
) -> GoldenPathStatus {
    GoldenPathStatus {
        announced: before.unwrap_or_default().announced,
        ..status
    }
}

fn with_reminders_of(
    before: Option<DeviationExceptionStatus>,
    status: DeviationExceptionStatus,
) -> DeviationExceptionStatus {
    let recorded = before.unwrap_or_default();
    DeviationExceptionStatus {
        notified: recorded.notified,
        notifying: recorded.notifying,
        ..status
    }
}
