//! What a golden path allows beside it: who decides about a deviation, how long one may run, and
//! how often it is looked at again.

#![allow(clippy::struct_field_names)] // the limits of `selfDeclare` are all called max

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::Period;
use super::golden_path::Severity;

/// What a DeviationException of this path may do.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionPolicy {
    /// Whether an exception excuses anything before somebody entitled approved it.
    #[serde(default = "yes")]
    pub require_approval: bool,
    /// Longest time from a decision to the end of what it allows.
    #[serde(default = "max_duration")]
    pub max_duration: Period,
    /// How often an exception is looked at again.
    #[serde(default = "review_every")]
    pub review_every: Period,
    /// How long before a review or the end the owner is reminded; at most half of `reviewEvery`.
    #[serde(default = "remind_before")]
    pub remind_before: Period,
    /// How long after a missed review an exception lapses.
    #[serde(default = "lapse_after")]
    pub lapse_after: Period,
    /// Small deviations a team may declare without waiting for anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_declare: Option<SelfDeclare>,
}

/// Limits within which a team declares a deviation by itself.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SelfDeclare {
    /// The weightiest check it may name.
    pub max_severity: Severity,
    /// The longest time it may run.
    pub max_duration: Period,
    /// How often it may be renewed.
    #[serde(default)]
    pub max_renewals: u8,
}

const fn yes() -> bool {
    true
}
const fn max_duration() -> Period {
    Period::days(180)
}
const fn review_every() -> Period {
    Period::days(90)
}
const fn remind_before() -> Period {
    Period::days(14)
}
const fn lapse_after() -> Period {
    Period::days(30)
}

impl Default for ExceptionPolicy {
    fn default() -> Self {
        Self {
            require_approval: true,
            max_duration: max_duration(),
            review_every: review_every(),
            remind_before: remind_before(),
            lapse_after: lapse_after(),
            self_declare: None,
        }
    }
}
