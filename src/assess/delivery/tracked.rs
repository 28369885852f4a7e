//! A workload with its record and what figures are grouped by. Records are read elsewhere.

use super::side::Side;
use crate::api::DeliveryRecordStatus;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::object::kind::WorkloadId;
use crate::assess::verdict::{AsOf, JudgeContext, judge};
use crate::assess::workload::Workload;

/// A workload whose rollouts are recorded.
#[derive(Clone, Copy, Debug)]
pub struct Tracked<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its service: the name it shares with other workloads, else its own.
    pub service: &'a str,
    /// Its team.
    pub team: &'a str,
    /// The path that judges it.
    pub path: Option<&'a str>,
    /// Its kind.
    pub kind: &'a str,
    /// Whom its path is for.
    pub persona: Option<&'a str>,
    /// Its side now; none for other statuses.
    pub side: Option<Side>,
    /// Its record.
    pub record: &'a DeliveryRecordStatus,
}

/// The workloads with a record, in counted namespaces.
pub fn tracked<'a>(inventory: &'a Inventory, as_of: &'a AsOf) -> impl Iterator<Item = Tracked<'a>> {
    let ctx = inventory.judge_context(as_of);
    inventory
        .namespaces()
        .filter(|(_, ns)| !ns.records.is_empty() && ns.is_counted(&inventory.settings))
        .flat_map(|(_, ns)| {
            ns.workloads
                .values()
                .map(move |entry| (&entry.workload, ns))
        })
        .filter_map(move |(workload, ns)| one(workload, ns, &ctx))
}

/// One workload with its record, in a counted namespace.
pub fn tracked_one<'a>(
    inventory: &'a Inventory,
    id: &WorkloadId,
    as_of: &AsOf,
) -> Option<Tracked<'a>> {
    let (ns, entry) = inventory.entry(id)?;
    let ctx = inventory.judge_context(as_of);
    ns.is_counted(&inventory.settings)
        .then(|| one(&entry.workload, ns, &ctx))?
}

fn one<'a>(
    workload: &'a Workload,
    ns: &'a NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<Tracked<'a>> {
    let id = &workload.id;
    let record = ns.record(&id.kind, &id.name)?;
    let verdict = judge(workload, ns, ctx);
    let path = verdict.path.map(|index| workload.paths.get(index));
    Some(Tracked {
        namespace: &id.namespace,
        service: workload.service.as_deref().unwrap_or(&id.name),
        team: ns.team_of(workload),
        path: path.map(|path| &*path.name),
        kind: &id.kind.kind,
        persona: path.and_then(|path| path.spec.persona.as_deref()),
        side: Side::of(verdict.status.as_str()),
        record: &record.status,
    })
}
