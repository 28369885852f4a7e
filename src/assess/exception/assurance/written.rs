//! When decisions were written, from `managedFields`: the API server sets these times, not the author
//! of the decision. An entry's time is its manager's last write, so it means "then or earlier".

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde_json::Value;

use crate::api::DeviationExceptionSpec;
use crate::api::deviation_exception::ReviewOutcome;

/// The latest time at which each decision of an exception can have been written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    approval: Option<Timestamp>,
    reviews: BTreeMap<Timestamp, Timestamp>,
}

impl Written {
    /// Reads the entries of one object. A field with several managers existed at the earliest of
    /// their times.
    pub fn read(record: &[ManagedFieldsEntry]) -> Self {
        let mut written = Self::default();
        for entry in record {
            let (Some(time), Some(fields)) = (&entry.time, &entry.fields_v1) else {
                continue;
            };
            let spec = &fields.0["f:spec"];
            if spec["f:approval"].get("f:at").is_some() {
                written.approval = Some(written.approval.map_or(time.0, |at| at.min(time.0)));
            }
            for at in review_dates(&spec["f:reviews"]) {
                let known = written.reviews.entry(at).or_insert(time.0);
                *known = time.0.min(*known);
            }
        }
        written
    }

    /// When the decision dated `at` was written. None if not recorded.
    pub fn of(&self, spec: &DeviationExceptionSpec, at: Timestamp) -> Option<Timestamp> {
        let approval = spec.approval.iter().filter(|approval| approval.at.0 == at);
        let renewals = spec
            .reviews
            .iter()
            .filter(|review| review.at.0 == at && review.outcome == ReviewOutcome::Renewed);
        let times: Option<Vec<Timestamp>> = approval
            .map(|_| self.approval)
            .chain(renewals.map(|_| self.reviews.get(&at).copied()))
            .collect();
        times?.into_iter().min()
    }
}

/// Dates of the reviews in a field set, whose keys have the form `k:{"at":"…"}`.
fn review_dates(reviews: &Value) -> impl Iterator<Item = Timestamp> {
    let keys = reviews.as_object().into_iter().flat_map(|set| set.keys());
    keys.filter_map(|key| {
        let key: Value = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
        key["at"].as_str()?.parse().ok()
    })
}
