//! Roadmap items that an exception waits for and that were shipped: the one rule that reminders, statuses
//! and every register follow. Nothing is worded or sent here.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::api::deviation_exception::ReviewOutcome;
use crate::assess::exception::Life;
use crate::assess::exception::record::Exception;
use crate::assess::goal_objects::{Goals, StoredRoadmapItem};

/// A roadmap item that was shipped.
#[derive(Clone, Copy, Debug)]
pub struct ShippedItem<'a> {
    pub item: &'a StoredRoadmapItem,
    /// `shippedAt`, which may lie ahead.
    pub at: Timestamp,
}

/// The shipped items that an exception waits for, in order of name, whatever its phase. A date that lies
/// ahead is kept: the caller may wait for it.
pub(crate) fn shipped_items<'a>(
    exception: &'a Exception,
    goals: &'a Goals,
) -> impl Iterator<Item = ShippedItem<'a>> {
    let awaited: BTreeSet<&String> = exception.spec.waits_for.iter().collect();
    awaited
        .into_iter()
        .filter_map(|name| goals.roadmap.get(name))
        .filter_map(|item| {
            Some(ShippedItem {
                item,
                at: item.shipped_at()?,
            })
        })
}

/// The items that offer to close an open exception: shipped by `now`, and not renewed since. A renewal
/// after that says that it is needed all the same.
pub(crate) fn closing_items<'a>(
    exception: &'a Exception,
    life: &'a Life,
    goals: &'a Goals,
    now: Timestamp,
) -> impl Iterator<Item = ShippedItem<'a>> {
    let is_open = life.phase.standing().is_some();
    let is_renewal = |outcome| match outcome {
        ReviewOutcome::Renewed => true,
        ReviewOutcome::Closed => false,
    };
    let reviews = exception.spec.reviews.iter();
    let renewed = reviews
        .filter(|review| is_renewal(review.outcome))
        .map(|review| review.at.0)
        .filter(|at| !life.ignored_decisions.contains(at))
        .max();
    shipped_items(exception, goals)
        .filter(move |shipped| is_open && shipped.at <= now)
        .filter(move |shipped| renewed.is_none_or(|renewed| renewed < shipped.at))
}
