//! What a watch event shows of a workload, in a few words of memory: enough to tell whether its record may
//! be behind. A record that agrees with it needs no further look at the cluster. Nothing is counted here.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::seen::Seen;
use crate::api::delivery_record::{DeliveryRecordStatus, Mark, RolloutState};
use crate::assess::state::Status;

/// A workload at one instant, as far as rollouts go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    uid: u64,
    template: u64,
    generation: i64,
    revision: Option<i64>,
}

impl Fingerprint {
    /// Of what is seen.
    pub fn of(seen: &Seen) -> Self {
        Self {
            uid: hash(&seen.uid),
            template: hash(&seen.template),
            generation: seen.generation,
            revision: seen.revision,
        }
    }

    fn of_mark(mark: &Mark) -> Self {
        Self {
            uid: hash(&mark.uid),
            template: hash(&mark.template),
            generation: mark.generation,
            revision: mark.revision,
        }
    }

    /// Whether both have the same pod template of the same object.
    pub fn runs_like(&self, other: &Self) -> bool {
        self.uid == other.uid && self.template == other.template
    }

    /// Whether a status is about this pod template of the same object.
    pub fn is_of(&self, status: &DeliveryRecordStatus) -> bool {
        let mark = status.mark.as_ref();
        mark.is_some_and(|mark| self.runs_like(&Self::of_mark(mark)))
    }

    /// Whether the record may be behind. `after_gap` where events may have been missed since the record
    /// was last compared: a template may have changed and returned.
    pub fn is_ahead_of(&self, status: &DeliveryRecordStatus, after_gap: bool) -> bool {
        let Some(mark) = &status.mark else {
            return true;
        };
        let known = Self::of_mark(mark);
        let is_settled = status.open.is_none() && status.state == Some(RolloutState::Available);
        let has_turned = match (known.revision, self.revision) {
            (Some(known), Some(seen)) => known != seen,
            (_, None) | (None, _) => after_gap && known.generation != self.generation,
        };
        !is_settled || !self.runs_like(&known) || has_turned
    }
}

/// Whether the status in force differs from the one that the next rollout would count under.
pub fn has_other_standing(status: &DeliveryRecordStatus, standing: Option<Status>) -> bool {
    standing.is_some_and(|standing| status.standing.as_deref() != Some(standing.as_str()))
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
