//! Series about personas and roadmap items. Nothing is counted here.

use super::Fleet;
use super::family::Series;
use crate::assess::adoption::ItemTally;
use crate::assess::state::State;
use crate::report::terminal::share::as_float;

/// The state of services with no path.
const UNSCOPED: &str = "unscoped";

/// Services by persona and state, with 0 for states without a service.
pub(super) fn persona_services<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    fleet
        .tally
        .personas
        .iter()
        .flat_map(|(name, tally)| {
            let of = |state| tally.services.get(&state).copied().unwrap_or(0);
            State::ALL
                .into_iter()
                .map(move |state| (state.as_str(), of(state)))
                .chain([(UNSCOPED, tally.unscoped)])
                .map(move |(state, services)| ([&**name, state], as_float(services)))
        })
        .collect()
}

/// A number of each roadmap item.
pub(super) fn by_item<'a>(fleet: &'a Fleet<'a>, value: impl Fn(&ItemTally) -> f64) -> Series<'a> {
    let items = fleet.tally.roadmap.iter();
    items
        .map(|(name, tally)| ([&**name], value(tally)))
        .collect()
}
