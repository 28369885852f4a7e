//! Delivery records as they are stored, by name. A record belongs to the workload that its spec names; its
//! name follows from that, so that a workload finds its record without a search.

use kube::core::ObjectMeta;

use crate::api::DeliveryRecordStatus;
use crate::api::delivery_record::RecordedWorkload;
use crate::assess::object::digest::digest;
use crate::assess::object::kind::WatchedKind;

mod packed;

pub use packed::PackedStatus;

/// Longest name of an object.
const LONGEST_NAME: usize = 253;

/// A `DeliveryRecord` as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Uid of the record.
    pub uid: Option<Box<str>>,
    /// `resourceVersion` of the record, if numeric.
    pub version: Option<u64>,
    /// Generation of its spec.
    pub generation: Option<i64>,
    /// Uid of the workload that owns it.
    pub owner: Option<Box<str>>,
    /// The workload that it belongs to.
    pub workload: RecordedWorkload,
    /// What it records; empty until the operator writes it.
    pub packed: PackedStatus,
}

impl Record {
    /// Takes the parts of a stored `DeliveryRecord`.
    pub fn of(
        metadata: ObjectMeta,
        workload: RecordedWorkload,
        status: &DeliveryRecordStatus,
    ) -> Self {
        let owners = metadata.owner_references.unwrap_or_default();
        let owner = owners
            .into_iter()
            .find(|owner| owner.kind == workload.kind && owner.name == workload.name);
        let version = metadata.resource_version;
        Self {
            uid: metadata.uid.map(Into::into),
            version: version.and_then(|version| version.parse().ok()),
            generation: metadata.generation,
            owner: owner.map(|owner| owner.uid.into()),
            workload,
            packed: PackedStatus::of(status),
        }
    }

    /// What it records; empty until the operator writes it.
    pub fn status(&self) -> DeliveryRecordStatus {
        self.packed.status()
    }

    /// What it records, once the operator has written it.
    pub fn written(&self) -> Option<DeliveryRecordStatus> {
        Some(self.status()).filter(|status| status.mark.is_some())
    }

    /// Whether it belongs to the workload of this kind and name.
    pub fn is_of(&self, kind: &WatchedKind, name: &str) -> bool {
        let of = &self.workload;
        of.group == kind.group && of.kind == kind.kind && of.name == name
    }
}

/// The name of the record of a workload: `deployment-web`. A name that would be too long ends in a hash.
pub fn record_name(kind: &WatchedKind, name: &str) -> String {
    let full = format!("{}-{name}", kind.kind.to_lowercase());
    if full.len() <= LONGEST_NAME {
        return full;
    }
    let end = format!("-{}", digest(&full, 16));
    let start = full.get(..LONGEST_NAME - end.len()).unwrap_or(&full);
    format!("{start}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_named_after_its_workload() {
        let kinds = WatchedKind::built_in();
        assert_eq!(record_name(&kinds[0], "web"), "deployment-web");
        assert_eq!(record_name(&kinds[3], "report"), "cronjob-report");
        let long = "a".repeat(253);
        let other = format!("{}b", "a".repeat(252));
        let name = record_name(&kinds[0], &long);
        assert_eq!(name.len(), 253);
        assert_ne!(name, record_name(&kinds[0], &other));
    }
}
