//! The status of our own objects, built as data from plain findings. The same findings over the
//! same stored status give that status again, so that an unchanged world is never written twice:
//! nothing here holds the current time, and every message holds dates rather than spans.
//! What is found is decided elsewhere; here it is only put into words and fields.

use jiff::Timestamp;

use crate::api::previous::Previous;

mod exception;
mod path;
mod undecodable;

pub use exception::{ExceptionFindings, PathFound, UnknownCheck, exception_status};
pub use path::{NewServicesNow, NotTakingPart, PathFindings, path_status};
pub use undecodable::undecodable_status;

/// A day as people read it, in UTC.
fn day(at: Timestamp) -> String {
    at.strftime("%-d %b %Y").to_string()
}

/// That an exception has the name of a deleted one, and what of that one counts.
pub fn recreated(previous: &Previous) -> String {
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
