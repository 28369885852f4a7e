//! The teams as a document of their own, in order of name: no team is ranked.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::TeamLine;
use super::view::ReportView;
use crate::api::API_VERSION;

/// Every team with a counted service.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct TeamList<'a> {
    /// Always `goldenpath.dev/v1alpha1`.
    api_version: &'static str,
    /// Always `TeamList`.
    kind: &'static str,
    /// The instant of the judgement.
    as_of: Timestamp,
    items: &'a [TeamLine],
}

/// The list of teams.
pub fn list(view: &ReportView) -> TeamList<'_> {
    TeamList {
        api_version: API_VERSION,
        kind: "TeamList",
        as_of: view.as_of,
        items: &view.summary().teams,
    }
}
