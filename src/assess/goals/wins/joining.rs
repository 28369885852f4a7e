//! When a workload joined its path, as far as its delivery record proves it: the status in force before
//! each rollout is stored with the rollout.

use jiff::Timestamp;

use super::month::Month;
use crate::api::DeliveryRecordStatus;
use crate::assess::delivery::side::Side;

/// The rollout after which a workload is on the path. `deviated` is the start of the last rollout that
/// found it deviating; `on_path` is when it is first known to be on the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Joining {
    pub deviated: Timestamp,
    pub on_path: Timestamp,
}

/// The joining of a workload that is on the path at `as_of`; none if no rollout found it deviating, or
/// that rollout is no longer listed.
pub(super) fn joining(record: &DeliveryRecordStatus, as_of: Timestamp) -> Option<Joining> {
    let side = |word: Option<&str>| word.and_then(Side::of);
    let past = record
        .rollouts
        .iter()
        .filter(|rollout| rollout.started_at.0 <= as_of);
    let mut found: Option<Joining> = None;
    let mut is_known = false;
    for rollout in past {
        let at = rollout.started_at.0;
        match side(rollout.standing.as_deref()) {
            Some(Side::Deviating) => {
                found = Some(Joining {
                    deviated: at,
                    on_path: as_of,
                });
                is_known = false;
            }
            Some(Side::GoldenPath) => {
                if let Some(joining) = found.as_mut().filter(|_| !is_known) {
                    joining.on_path = at;
                    is_known = true;
                }
            }
            None => {}
        }
    }
    found
}

impl Joining {
    /// Whether it happened in a month: the last rollout that found it deviating did, and soon after the
    /// month it was on the path.
    pub fn is_in(&self, month: Month) -> bool {
        month.contains(self.deviated) && self.on_path <= month.grace()
    }
}
