//! A workload with its record and what figures are grouped by. Records are unpacked one after another, so
//! that all of them are never in memory at once. Nothing is counted here.

use std::borrow::Cow;

use super::side::Side;
use crate::api::DeliveryRecordStatus;
use crate::assess::inventory::Inventory;
use crate::assess::namespace_index::NamespaceIndex;
use crate::assess::namespace_index::records::Record;
use crate::assess::object::kind::WorkloadId;
use crate::assess::verdict::{AsOf, JudgeContext, judge};
use crate::assess::workload::Workload;

/// A workload whose rollouts are recorded, as figures are grouped.
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
}

/// A workload with its record.
#[derive(Clone, Debug)]
pub struct WithRecord<'a> {
    /// The workload.
    pub of: Tracked<'a>,
    /// Its record.
    pub record: Cow<'a, DeliveryRecordStatus>,
}

/// The workloads with a record, in counted namespaces.
pub fn tracked<'a>(inventory: &'a Inventory, as_of: &'a AsOf) -> impl Iterator<Item = Tracked<'a>> {
    found(inventory, as_of).map(|it| it.of)
}

/// The workloads with a record, in counted namespaces, with it.
pub fn with_records<'a>(
    inventory: &'a Inventory,
    as_of: &'a AsOf,
) -> impl Iterator<Item = WithRecord<'a>> {
    found(inventory, as_of).map(|it| WithRecord {
        of: it.of,
        record: Cow::Owned(it.record.status()),
    })
}

/// A workload with its record as it is held.
struct Found<'a> {
    of: Tracked<'a>,
    record: &'a Record,
}

fn found<'a>(inventory: &'a Inventory, as_of: &'a AsOf) -> impl Iterator<Item = Found<'a>> {
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

/// One workload with a record, in a counted namespace.
pub fn tracked_one<'a>(
    inventory: &'a Inventory,
    id: &WorkloadId,
    as_of: &AsOf,
) -> Option<Tracked<'a>> {
    let (ns, entry) = inventory.entry(id)?;
    let ctx = inventory.judge_context(as_of);
    ns.is_counted(&inventory.settings)
        .then(|| Some(one(&entry.workload, ns, &ctx)?.of))?
}

fn one<'a>(
    workload: &'a Workload,
    ns: &'a NamespaceIndex,
    ctx: &JudgeContext<'_>,
) -> Option<Found<'a>> {
    let id = &workload.id;
    let record = ns.record(&id.kind, &id.name)?;
    let verdict = judge(workload, ns, ctx);
    let path = verdict.path.map(|index| workload.paths.get(index));
    let of = Tracked {
        namespace: &id.namespace,
        service: workload.service_name(),
        team: ns.team_of(workload),
        path: path.map(|path| &*path.name),
        kind: &id.kind.kind,
        persona: path.and_then(|path| path.spec.persona.as_deref()),
        side: Side::of(verdict.status.as_str()),
    };
    Some(Found { of, record })
}
