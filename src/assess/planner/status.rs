//! Statuses of our custom resources, built from findings: fields, and conditions with messages. Equal
//! findings over the same stored status give that status again, so that nothing is written twice: no
//! field holds the current time, and messages hold dates, not durations. Findings are made elsewhere.

use jiff::Timestamp;

use crate::api::previous::Previous;

mod exception;
mod goal;
mod path;
mod undecodable;

pub(super) use exception::{ExceptionFindings, PathFound, UnknownName, exception_status};
pub(in crate::assess) use goal::objective_status;
pub(super) use goal::{persona_status, roadmap_item_status, survey_status};
pub(super) use path::{NewServicesNow, PathFindings, path_status};
pub(super) use undecodable::{StatusOfUndecodable, undecodable_status};

/// A date for messages, in UTC.
fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// Message about deleted exceptions of the same name, and what of their history counts.
pub(crate) fn recreated(previous: &Previous) -> String {
    let deleted = day(previous.deleted_at.0);
    let first = if previous.times == 1 {
        format!("An exception of this name was deleted on {deleted}.")
    } else {
        let times = previous.times;
        format!("{times} exceptions of this name were deleted, the latest on {deleted}.")
    };
    let renewals = match previous.renewals {
        0 => String::new(),
        1 => " 1 earlier renewal counts.".to_owned(),
        more => format!(" {more} earlier renewals count."),
    };
    let rejected = previous
        .rejected_at
        .as_ref()
        .map_or_else(String::new, |at| {
            let on = day(at.0);
            format!(" An approver rejected it on {on}, so this one needs an approval.")
        });
    first + &renewals + &rejected
}
