//! Rules for exceptions of a golden path: who approves them, how long they last, and
//! how often they are reviewed.

#![allow(clippy::struct_field_names)] // the limits of `selfDeclare` are all called max

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::Period;
use super::level::Severity;

/// Rules for DeviationExceptions of this path.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct ExceptionPolicy {
    /// Whether an exception takes effect only once it is approved.
    #[serde(default = "yes")]
    pub require_approval: bool,
    /// Longest time from a decision to the end of the exception.
    #[serde(default = "max_duration")]
    pub max_duration: Period,
    /// Time between two reviews of an exception.
    #[serde(default = "review_every")]
    pub review_every: Period,
    /// Time before a review or the end at which the owner is reminded; at most half of `reviewEvery`.
    #[serde(default = "remind_before")]
    pub remind_before: Period,
    /// Time after a missed review at which an exception lapses.
    #[serde(default = "lapse_after")]
    pub lapse_after: Period,
    /// Limits for exceptions that take effect without an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub self_declare: Option<SelfDeclare>,
}

/// Limits for exceptions that take effect without an approval.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct SelfDeclare {
    /// Highest severity of the checks it may cover.
    pub max_severity: Severity,
    /// Longest time it may last.
    pub max_duration: Period,
    /// Number of times it may be renewed.
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
