//! One series a workload: only on request and only so many, because a fleet has thousands.

use prometheus::proto::MetricFamily;

use super::family::{self, Series};
use super::{Options, Teams};
use crate::assess::inventory::Inventory;
use crate::assess::state::State;
use crate::assess::verdict::{AsOf, judge};

pub(super) fn family(
    inventory: &Inventory,
    as_of: &AsOf,
    shown: (&Teams<'_>, &Options),
) -> Option<MetricFamily> {
    let (teams, options) = shown;
    let limit = options.workload_info?;
    let ctx = inventory.judge_context(as_of);
    let entries = inventory
        .namespaces()
        .flat_map(|(_, ns)| ns.workloads.values().map(move |entry| (ns, entry)));
    let series = entries.take(limit).map(|(ns, entry)| {
        let workload = &entry.workload;
        let verdict = judge(workload, ns, &ctx);
        let path = verdict.path.map(|index| &*workload.paths.get(index).name);
        let state = verdict.state().map(State::as_str);
        let labels = [
            &*workload.id.namespace,
            workload.id.kind.kind.as_str(),
            &*workload.id.name,
            path.unwrap_or_default(),
            teams.label(ns.team_of(workload)),
            state.unwrap_or(verdict.status.as_str()),
        ];
        (labels, 1.0)
    });
    let series: Series<'_, 6> = series.collect();
    Some(family::WORKLOAD_INFO.of(series))
}
