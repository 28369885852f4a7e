//! When decisions were written, as the API server recorded it in `managedFields`: a date somebody
//! else gives than whoever dates a decision. An entry's time is that of its manager's last write, so
//! it says "then or before".

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde_json::Value;

use crate::api::DeviationExceptionSpec;
use crate::api::deviation_exception::Outcome;

/// When each decision of an exception was written, at the latest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    approval: Option<Timestamp>,
    reviews: BTreeMap<Timestamp, Timestamp>,
}

impl Written {
    /// Reads the record of an exception. What several managers own was there when the first of
    /// them wrote last.
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

    /// When the decision dated `at` was written. None where that is not recorded.
    pub fn of(&self, spec: &DeviationExceptionSpec, at: Timestamp) -> Option<Timestamp> {
        let approval = spec.approval.iter().filter(|approval| approval.at.0 == at);
        let renewals = spec
            .reviews
            .iter()
            .filter(|review| review.at.0 == at && review.outcome == Outcome::Renewed);
        let times: Option<Vec<Timestamp>> = approval
            .map(|_| self.approval)
            .chain(renewals.map(|_| self.reviews.get(&at).copied()))
            .collect();
        times?.into_iter().min()
    }
}

/// The dates of the reviews that a set of fields owns: `k:{"at":"…"}`.
fn review_dates(reviews: &Value) -> impl Iterator<Item = Timestamp> {
    let keys = reviews.as_object().into_iter().flat_map(|set| set.keys());
    keys.filter_map(|key| {
        let key: Value = serde_json::from_str(key.strip_prefix("k:")?).ok()?;
        key["at"].as_str()?.parse().ok()
    })
}
