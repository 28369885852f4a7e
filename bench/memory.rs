//! Memory of the operator: without workloads, with all of them at rest, and its peak while it lists
//! and judges everything again.

use std::thread;
use std::time::Duration;

use goldenpath::api::keys::STATUS;
use goldenpath_e2e::{Operator, within_or_fail};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;

use crate::fleet::{self, Member, MemoryCheck};
use crate::stage::Stage;
use crate::table::Row;
use crate::{Result, process};

pub use crate::process::Memory;

/// Time without events after which memory counts as steady.
const SETTLES_IN: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(120);

/// Of a running operator.
pub fn of(operator: &Operator) -> Result<Memory> {
    process::memory(operator.process_id())
}

/// Of an operator that sees the golden path, the namespaces and the exceptions, and no workload.
pub fn without_workloads(stage: &Stage) -> Result<Memory> {
    let (mut operator, _) = stage.operator(&[])?;
    operator.wait_until_ready(DEADLINE)?;
    thread::sleep(SETTLES_IN);
    let memory = of(&operator)?;
    Stage::stop(operator)?;
    Ok(memory)
}

/// Memory before the operator lists everything again.
pub struct Before {
    /// Without workloads.
    pub empty: Memory,
    /// Right after labelling the whole fleet.
    pub labelled: Memory,
    /// At rest, with the whole fleet.
    pub rested: Memory,
}

/// Makes the operator list and judge everything again, and returns the figures.
pub fn measure(stage: &Stage, operator: &Operator, before: &Before) -> Result<Vec<Row>> {
    if let Some(last) = fleet::last_without_memory_limit(stage.workloads) {
        judge_again(stage, last)?;
    }
    let after = of(operator)?;
    let Before {
        empty,
        labelled,
        rested,
    } = before;
    let steady = rested.resident - empty.resident;
    let peak = after.peak.max(labelled.peak) - empty.resident;
    let above = |kibibytes: f64| kibibytes / 1_024.0;
    Ok(vec![
        Row::mebibytes("memory without workloads", empty.resident).note("resident, steady"),
        Row::mebibytes("memory at rest", rested.resident).note("resident, steady"),
        Row::mebibytes("memory right after labelling all", labelled.resident)
            .note(format!("peak {:.1}", above(labelled.peak))),
        Row::mebibytes("memory after judging all again", after.resident)
            .note(format!("peak {:.1}", above(after.peak))),
        Row::mebibytes("at rest, above no workloads", steady).at_most(above(steady), 12.0),
        Row::mebibytes("peak, above no workloads", peak).at_most(above(peak), 48.0),
    ])
}

/// Edits the path so that only the last workload of a list gets another verdict.
fn judge_again(stage: &Stage, last: Member) -> Result<()> {
    stage
        .cluster
        .apply(&fleet::path(MemoryCheck::AskedBut(last)))?;
    let api: Api<Deployment> = Api::namespaced(stage.client.clone(), &last.namespace());
    let golden = || {
        let stored = stage.runtime.block_on(api.get_metadata(&last.name()));
        let labels = stored.ok().and_then(|stored| stored.metadata.labels);
        let status = labels.and_then(|mut labels| labels.remove(STATUS));
        Ok((status.as_deref() == Some("golden-path")).then_some(()))
    };
    Ok(within_or_fail(
        DEADLINE,
        "the last workload is judged again",
        golden,
    )?)
}
