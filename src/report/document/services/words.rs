//! A service in the words of every surface, so that a client of the API, such as a developer portal, shows
//! them instead of wording states itself. The words come from `report::voice`; none are made here.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::report::document::{Check, StandingDates, Workload};
use crate::report::voice::next::of_workload;
use crate::report::voice::{Calendar, WorkloadState, in_full, sentence};

/// A service in words. Days are UTC, and the current year is left out.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceWords {
    /// Its state, such as "exception approved until 12 Mar".
    pub sentence: String,
    /// What can be done next; absent on the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The exceptions of its missing steps, without those of restricted steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<ServiceException>,
}

/// An exception that decides how a missing step stands.
#[derive(Serialize, JsonSchema, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ServiceException {
    /// The name of the `DeviationException`.
    pub name: String,
    /// How it stands, such as "approved until 12 Mar".
    pub sentence: String,
    /// Its dates.
    #[serde(flatten)]
    pub dates: StandingDates,
}

impl ServiceWords {
    /// The words for a service, by the workload that decides its state.
    pub(super) fn of(lead: &Workload, as_of: Timestamp) -> Self {
        let mut exceptions: Vec<ServiceException> = Vec::new();
        for exception in lead.missing().filter_map(|check| exception(check, as_of)) {
            if exceptions.iter().all(|it| it.name != exception.name) {
                exceptions.push(exception);
            }
        }
        Self {
            sentence: sentence(&WorkloadState::of(lead, as_of, None)),
            next: of_workload(lead, as_of),
            exceptions,
        }
    }
}

fn exception(check: &Check, as_of: Timestamp) -> Option<ServiceException> {
    Some(ServiceException {
        name: check.exception.clone()?,
        sentence: in_full(check.standing?, &check.dates, Calendar::Today(as_of)),
        dates: check.dates,
    })
}
