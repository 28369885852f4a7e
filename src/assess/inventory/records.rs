//! Delivery records, as they are stored. The watch and the operator's own writes put them here; planners
//! and figures read them. Nothing is counted here.

use std::collections::HashSet;
use std::sync::Arc;

use crate::api::DeliveryRecordStatus;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::records::{PackedStatus, Record};
use crate::assess::object::kind::WorkloadId;

/// A record that was removed.
#[derive(Clone, Debug)]
pub struct RemovedRecord {
    /// The workload that it belongs to.
    pub of: WorkloadId,
    /// The record.
    pub record: Arc<Record>,
}

impl Inventory {
    /// Adds or replaces a record. An event that is older than what is known changes nothing.
    pub fn put_record(&mut self, namespace: &str, name: &str, record: Record) {
        let known = self
            .namespace(namespace)
            .and_then(|ns| ns.records.get(name));
        let is_older = known.is_some_and(|known| {
            let versions = known.version.zip(record.version);
            known.uid == record.uid && versions.is_some_and(|(known, seen)| seen <= known)
        });
        if is_older {
            return;
        }
        self.store_record(namespace, name, record);
    }

    fn store_record(&mut self, namespace: &str, name: &str, record: Record) {
        let workload = self.recorded_workload(namespace, &record);
        self.namespace_or_new(namespace)
            .records
            .insert(name.into(), record);
        self.version += 1;
        if let Some(id) = workload {
            self.mark_delivery(&id);
        }
    }

    /// Removes a record. Returns it, if its workload is of a watched kind.
    pub fn remove_record(&mut self, namespace: &str, name: &str) -> Option<RemovedRecord> {
        let record = self.namespace_mut(namespace)?.records.remove(name)?;
        self.version += 1;
        self.forget_if_empty(namespace);
        let of = self.recorded_workload(namespace, &record)?;
        self.mark_delivery(&of);
        Some(RemovedRecord { of, record })
    }

    /// Records that a status landed in this version of the record.
    pub(crate) fn record_delivery(
        &mut self,
        namespace: &str,
        name: &str,
        uid: Option<&str>,
        status: &DeliveryRecordStatus,
        version: Option<u64>,
    ) {
        let known = self
            .namespace(namespace)
            .and_then(|ns| ns.records.get(name));
        let Some(known) = known.filter(|known| known.uid.as_deref() == uid) else {
            return;
        };
        let is_overtaken = known
            .version
            .zip(version)
            .is_some_and(|(known, ours)| known > ours);
        if is_overtaken {
            return;
        }
        let record = Record {
            packed: PackedStatus::of(status),
            version: version.or(known.version),
            ..Record::clone(known)
        };
        self.store_record(namespace, name, record);
    }

    /// Removes the records that are absent from a completed list.
    pub(super) fn retain_records(&mut self, seen: &HashSet<(String, String)>) {
        let known = self.namespaces.iter().flat_map(|(namespace, ns)| {
            ns.records
                .names()
                .map(|name| (namespace.to_string(), name.to_string()))
        });
        let gone: Vec<_> = known.filter(|key| !seen.contains(key)).collect();
        for (namespace, name) in gone {
            self.remove_record(&namespace, &name);
        }
    }

    fn recorded_workload(&self, namespace: &str, record: &Record) -> Option<WorkloadId> {
        let of = &record.workload;
        let kind = self.settings.kind(Some(&of.group), &of.kind)?;
        Some(WorkloadId {
            namespace: namespace.into(),
            kind: kind.clone(),
            name: of.name.as_str().into(),
        })
    }
}
