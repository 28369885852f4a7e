//! The line of adoption: services on a path of those in scope of one, at the end of the month and at its
//! beginning. The beginning comes from the weekly counts in the statuses of the paths.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::content::{Adoption, Share};
use super::month::Month;
use crate::api::Period;
use crate::api::golden_path::HistoryPoint;
use crate::assess::adoption::service::Service;
use crate::assess::inventory::Inventory;
use crate::assess::state::State;
use crate::assess::verdict::AsOf;

/// How old a count may be: statuses have one a week.
const FRESH: Period = Period::days(8);

/// Adoption of the whole platform; none without a service in scope.
pub(super) fn adoption(
    inventory: &Inventory,
    month: Month,
    services: &[Service<'_>],
    as_of: &AsOf,
) -> Option<Adoption> {
    let now = if as_of.now <= month.grace() {
        counted(services, as_of.now)
    } else {
        recorded(inventory, month.end())
    }?;
    Some(Adoption {
        now,
        before: recorded(inventory, month.start()).filter(|share| share.at < now.at),
    })
}

fn counted(services: &[Service<'_>], at: Timestamp) -> Option<Share> {
    let states = services.iter().filter_map(Service::state);
    let (mut on_path, mut all) = (0, 0);
    for state in states {
        all += 1;
        on_path += usize::from(state == State::GoldenPath);
    }
    (all > 0).then_some(Share {
        on_path,
        services: all,
        at,
    })
}

/// The sum over the paths that were launched then; none if one of them has no count of that time.
fn recorded(inventory: &Inventory, at: Timestamp) -> Option<Share> {
    let (mut on_path, mut all, mut oldest) = (0, 0, None);
    let launched = |launch: Option<Timestamp>| launch.is_some_and(|launch| launch <= at);
    let paths = inventory.paths().iter();
    for path in paths.filter(|path| path.deleted.is_none() && launched(path.launched_at())) {
        let status = inventory.path_status(&path.name)?;
        let point = point(&status.history, at)?;
        let (golden, counted) = sums(&point.counts);
        on_path += golden;
        all += counted;
        oldest = Some(oldest.map_or(point.at.0, |oldest: Timestamp| oldest.min(point.at.0)));
    }
    let at = oldest.filter(|_| all > 0)?;
    Some(Share {
        on_path,
        services: all,
        at,
    })
}

/// The latest count up to an instant, if it is fresh.
fn point(history: &[HistoryPoint], at: Timestamp) -> Option<&HistoryPoint> {
    let earlier = history.iter().filter(|point| point.at.0 <= at);
    earlier
        .max_by_key(|point| point.at)
        .filter(|point| FRESH.after(point.at.0) > at)
}

fn sums(counts: &BTreeMap<String, u32>) -> (usize, usize) {
    let golden = counts.get(State::GoldenPath.as_str()).copied();
    let all = counts.values().map(|count| *count as usize).sum();
    (golden.unwrap_or_default() as usize, all)
}
