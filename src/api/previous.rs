//! Status field of a `DeviationException`: the record of deleted exceptions of the same name. How the
//! record counts is decided in [`crate::assess`].

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::Instant;

/// Deleted exceptions of the same name, as the operator recorded them.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Previous {
    /// Time of the latest deletion.
    pub deleted_at: Instant,
    /// Number of deleted exceptions.
    pub times: u32,
    /// Their renewals, and one for each that was self-declared. They count toward
    /// `selfDeclare.maxRenewals` of the path.
    pub renewals: u32,
    /// Time of the latest rejection of one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected_at: Option<Instant>,
}
