//! One series per workload: opt-in and capped, because a fleet has thousands.

use super::Fleet;
use super::family::Series;
use crate::assess::state::State;
use crate::assess::verdict::judge;

pub(super) fn info<'a>(fleet: &'a Fleet<'a>) -> Series<'a> {
    let Some(limit) = fleet.options.workload_info else {
        return Series::default();
    };
    let ctx = fleet.inventory.judge_context(fleet.as_of);
    fleet
        .inventory
        .namespaces()
        .flat_map(|(_, ns)| ns.workloads.values().map(move |entry| (ns, entry)))
        .take(limit)
        .map(|(ns, entry)| {
            let workload = &entry.workload;
            let verdict = judge(workload, ns, &ctx);
            let path = verdict.path.map(|index| &*workload.paths.get(index).name);
            let state = verdict.state().map(State::as_str);
            let labels = [
                &*workload.id.namespace,
                workload.id.kind.kind.as_str(),
                &*workload.id.name,
                workload.service.as_deref().unwrap_or_default(),
                path.unwrap_or_default(),
                fleet.teams.label(ns.team_of(workload)),
                state.unwrap_or(verdict.status.as_str()),
            ];
            (labels, 1.0)
        })
        .collect()
}
