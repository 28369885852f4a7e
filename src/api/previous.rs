//! What the status of a DeviationException keeps of deleted ones that had its name.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::Instant;

/// What the operator recorded of deleted exceptions whose name this exception has.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Previous {
    /// When the latest of them was deleted.
    pub deleted_at: Instant,
    /// How many there were.
    pub times: u32,
    /// Their renewals, and one for each that was self-declared. They count toward
    /// `selfDeclare.maxRenewals` of the path.
    pub renewals: u32,
    /// When an approver last rejected one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Instant>,
}
