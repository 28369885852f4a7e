//! Status of a roadmap item: its demand as counted, and the names in it that nothing has.

use jiff::Timestamp;

use super::ready;
use crate::api::RoadmapItemStatus;
use crate::api::condition::{REFERENCES_FOUND, Statement};
use crate::assess::adoption::ItemTally;
use crate::assess::goal_objects::StoredRoadmapItem;
use crate::assess::goals::roadmap::UnknownReference;
use crate::assess::wording::{did_you_mean, first_few};

/// The status of a roadmap item.
pub(in crate::assess::planner) fn roadmap_item_status(
    item: &StoredRoadmapItem,
    tally: Option<&ItemTally>,
    unknown: &[UnknownReference],
    now: Timestamp,
) -> RoadmapItemStatus {
    let before = item.status.as_ref();
    let conditions = before.map_or(&[][..], |status| &status.conditions);
    let more = vec![references_found(unknown)];
    RoadmapItemStatus {
        observed_generation: item.generation,
        conditions: ready(conditions, more, item.generation, now),
        demand: tally.map(ItemTally::demand),
    }
}

fn references_found(unknown: &[UnknownReference]) -> Statement {
    if unknown.is_empty() {
        return Statement::new(
            REFERENCES_FOUND,
            true,
            "Found",
            "Everything it names exists. Nothing to do.",
        );
    }
    let problems: Vec<String> = unknown
        .iter()
        .map(|reference| {
            let hint = did_you_mean(reference.nearest.as_ref());
            format!(
                "unknown {} '{}'{hint}",
                reference.kind.as_str(),
                reference.name
            )
        })
        .collect();
    let mut fields: Vec<&str> = unknown.iter().map(|it| it.kind.field()).collect();
    fields.dedup();
    Statement::new(
        REFERENCES_FOUND,
        false,
        "NotFound",
        format!(
            "{} Next: correct {}; the rest of the item counts.",
            first_few(&problems, " "),
            fields.join(", ")
        ),
    )
}
