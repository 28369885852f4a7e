//! The contrast as a document of its own. Where no rollout is recorded, it says how to record them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::api::API_VERSION;
use crate::assess::delivery::contrast::Contrast;

/// `kind` of the document.
pub const KIND: &str = "Contrast";
/// What is shown where no rollout is recorded.
pub(in crate::report) const TURN_ON: &str = "No rollouts are recorded. To record them, run the operator with --delivery \
     (chart value delivery.enabled: true). Figures follow once services have rolled out.";

/// The document.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ContrastDocument<'a> {
    api_version: &'static str,
    kind: &'static str,
    as_of: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contrast: Option<&'a Contrast>,
}

impl<'a> ContrastDocument<'a> {
    /// The document of an instant; without a contrast where no rollout is recorded.
    pub const fn new(contrast: Option<&'a Contrast>, as_of: Timestamp) -> Self {
        Self {
            api_version: API_VERSION,
            kind: KIND,
            as_of,
            message: match contrast {
                Some(_) => None,
                None => Some(TURN_ON),
            },
            contrast,
        }
    }
}
