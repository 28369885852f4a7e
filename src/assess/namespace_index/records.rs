//! Delivery records as they are stored, by name. A record belongs to the workload that its spec names; its
//! name follows from that, so that a workload finds its record without a search.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
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

/// The delivery records of one namespace by name, each shared with the snapshots that readers hold.
#[derive(Clone, Debug, Default)]
pub struct Records {
    by_name: BTreeMap<Arc<str>, Arc<Record>>,
    /// The first incident of any of them, so that a look at one workload need not read the others.
    first_incident: Option<Timestamp>,
}

impl Records {
    /// One record.
    pub fn get(&self, name: &str) -> Option<&Arc<Record>> {
        self.by_name.get(name)
    }

    /// Their names, in order.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.by_name.keys()
    }

    /// All of them, in order of name.
    pub fn values(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.by_name.values()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Since when incidents of this namespace arrive: the time of the first one that a record holds. None
    /// while no record holds one.
    pub const fn incidents_since(&self) -> Option<Timestamp> {
        self.first_incident
    }

    /// Adds or replaces a record.
    pub(in crate::assess) fn insert(&mut self, name: Arc<str>, record: Record) {
        let first = record.packed.first_incident();
        let known = self.by_name.insert(name, Arc::new(record));
        let before = known.and_then(|known| known.packed.first_incident());
        self.follow(before, first);
    }

    /// Removes a record.
    pub(in crate::assess) fn remove(&mut self, name: &str) -> Option<Arc<Record>> {
        let gone = self.by_name.remove(name)?;
        self.follow(gone.packed.first_incident(), None);
        Some(gone)
    }

    /// Keeps the first incident, where one record had this first one before and has that one now. All records
    /// are compared only if it was the first of all and is gone.
    fn follow(&mut self, before: Option<Timestamp>, now: Option<Timestamp>) {
        if before.is_some() && before == self.first_incident && now != before {
            let firsts = self.by_name.values();
            self.first_incident = firsts.filter_map(|it| it.packed.first_incident()).min();
        } else {
            let firsts = [self.first_incident, now];
            self.first_incident = firsts.into_iter().flatten().min();
        }
    }
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
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;
    use crate::api::Instant;
    use crate::api::delivery_record::Incident;

    /// A record whose incidents began at these seconds.
    fn record(seconds: &[i64]) -> Record {
        let at = |second: i64| Instant(Timestamp::from_second(second).unwrap());
        let incidents = seconds.iter().map(|second| Incident {
            id: second.to_string(),
            started_at: Some(at(*second)),
            resolved_at: None,
            rollout: None,
        });
        let status = DeliveryRecordStatus {
            incidents: incidents.collect(),
            ..DeliveryRecordStatus::default()
        };
        Record {
            uid: None,
            version: None,
            generation: None,
            owner: None,
            workload: RecordedWorkload {
                group: String::new(),
                kind: String::new(),
                name: String::new(),
            },
            packed: PackedStatus::of(&status),
        }
    }

    proptest! {
        #[test]
        fn incidents_arrive_since_the_first_one_of_any_record(
            changes in vec((0_u8..4, of(vec(0_i64..6, 0..3))), 0..40),
        ) {
            let mut records = Records::default();
            for (name, seconds) in changes {
                let name = name.to_string();
                match seconds {
                    Some(seconds) => records.insert(name.as_str().into(), record(&seconds)),
                    None => drop(records.remove(&name)),
                }
                let firsts = records.values().filter_map(|it| it.packed.first_incident());
                prop_assert_eq!(records.incidents_since(), firsts.min());
            }
        }
    }

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
