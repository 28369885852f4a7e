//! Roadmap items in words, shared by the page and the documentation site.

use super::{counted, hours};
use crate::api::golden_path::EstimatedImpact;
use crate::api::roadmap_item::ItemState;
use crate::report::document::roadmap::RoadmapLine;

/// "12 services of 4 teams wait for it: 3 exceptions, 18 hours a month as owners state."
pub(in crate::report) fn demand(line: &RoadmapLine) -> String {
    let demand = &line.demand;
    if demand.services == 0 && demand.exceptions == 0 {
        return "No service waits for it yet.".to_owned();
    }
    let services = counted(number(demand.services), "service");
    let verb = if demand.services == 1 {
        "waits"
    } else {
        "wait"
    };
    let teams = counted(number(demand.teams), "team");
    let exceptions = counted(number(demand.exceptions), "exception");
    let assumed = if demand.assumed_hours_per_month > 0.0 {
        let assumed = hours(demand.assumed_hours_per_month);
        format!("; another {assumed} a month assumed for services without an exception")
    } else {
        String::new()
    };
    let stated = hours(demand.hours_per_month);
    format!(
        "{services} of {teams} {verb} for it: {exceptions}, {stated} a month as owners state{assumed}."
    )
}

/// "6 teams unblocked, 40 hours of toil a month".
pub(in crate::report) fn impact(impact: &EstimatedImpact) -> Option<String> {
    let teams = impact
        .teams_unblocked
        .map(|teams| format!("{} unblocked", counted(number(teams), "team")));
    let toil = impact
        .hours_of_toil_removed_per_month
        .map(|toil| format!("{} of toil a month", hours(toil)));
    let words: Vec<String> = teams.into_iter().chain(toil).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The state of an item in words.
pub(in crate::report) const fn state(state: ItemState) -> &'static str {
    match state {
        ItemState::Planned => "planned",
        ItemState::InProgress => "in progress",
        ItemState::Shipped => "shipped",
    }
}

pub(in crate::report) fn number(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
