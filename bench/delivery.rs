//! Records of rollouts: what a full record costs in memory, and that neither rest nor a restart writes
//! one. The operator creates the records; their rollouts are written as another client would.

use std::time::{Duration, Instant};

use goldenpath::api::DeliveryRecord;
use goldenpath_e2e::{ApiRequests, within_or_fail};
use jiff::Timestamp;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};

use crate::fleet::{self, Member};
use crate::memory::Memory;
use crate::stage::{DEADLINE, Stage};
use crate::table::Row;
use crate::{Result, load, memory, record, rest};

/// The operator records rollouts.
const DELIVERY: [&str; 1] = ["--delivery"];
/// Parts of a full status that the operator does not compute from the workload.
const OF_ROLLOUTS: [&str; 4] = ["rollouts", "recorded", "days", "incidents"];
/// A record is created, then its status is stored.
const WRITES_TO_BEGIN: usize = 2;
/// How long the operator is watched at rest.
const RESTS: Duration = Duration::from_secs(60);
const RESTS_QUICK: Duration = Duration::from_secs(20);

pub fn measure(stage: &Stage, quick: bool) -> Result<Vec<Row>> {
    let requests = stage.cluster.api_request_totals()?;
    let (mut operator, start) = stage.operator(&DELIVERY)?;
    operator.wait_until_ready(DEADLINE)?;
    all_begin(stage, &requests)?;
    let begun = start.elapsed();
    rest::quiet(stage)?;
    Stage::stop(operator)?;
    let empty = rest::restart(stage, &DELIVERY)?;
    let before = memory::of(&empty.operator)?;
    let filled = fill(stage)?;
    rest::quiet(stage)?;
    Stage::stop(empty.operator)?;
    let full = rest::restart(stage, &DELIVERY)?;
    let after = memory::of(&full.operator)?;
    let mut rows = vec![
        Row::seconds("delivery: start to a record for every workload", begun),
        Row::seconds("delivery: 20 rollouts written to each record", filled)
            .note("not by the operator"),
    ];
    rows.extend(of_records(stage.workloads, &before, &after));
    let resting = if quick { RESTS_QUICK } else { RESTS };
    let at_rest = rest::at_rest(stage, &full.operator, resting)?;
    rows.extend(full.rows.into_iter().chain(at_rest).map(of_delivery));
    Stage::stop(full.operator)?;
    Ok(rows)
}

/// Memory of records without and with rollouts, each after a restart.
fn of_records(records: usize, before: &Memory, after: &Memory) -> [Row; 3] {
    let records = f64::from(fleet::Count::try_from(records).unwrap_or(fleet::Count::MAX));
    let each = (after.resident - before.resident) / records;
    [
        Row::mebibytes("delivery: memory with records that begin", before.resident)
            .note("resident, after a restart"),
        Row::mebibytes("delivery: memory with full records", after.resident)
            .note("resident, after a restart"),
        Row::new(
            "delivery: 20 rollouts of a record",
            format!("{each:.2}"),
            "KiB",
        )
        .at_most(each, 2.0),
    ]
}

fn of_delivery(row: Row) -> Row {
    Row {
        name: format!("delivery: {}", row.name),
        ..row
    }
}

/// Waits until every workload has a record that marks it. Lists them all only once the API server has
/// counted enough writes: lists would slow down what is measured.
fn all_begin(stage: &Stage, before: &ApiRequests) -> Result<()> {
    let api: Api<DeliveryRecord> = Api::all(stage.client.clone());
    let writes = u64::try_from(stage.workloads * WRITES_TO_BEGIN)?;
    let begun = || {
        let since = stage.cluster.api_request_totals()?.since(before);
        if since.writes("deliveryrecords") < writes {
            return Ok(None);
        }
        let listed = stage.runtime.block_on(api.list(&ListParams::default()));
        let Ok(stored) = listed else {
            return Ok(None);
        };
        let is_marked = |record: &&DeliveryRecord| {
            let status = record.status.as_ref();
            status.is_some_and(|status| status.mark.is_some())
        };
        let marked = stored.items.iter().filter(is_marked).count();
        Ok((marked >= stage.workloads).then_some(()))
    };
    Ok(within_or_fail(
        DEADLINE,
        "a record for every workload",
        begun,
    )?)
}

/// Writes the rollouts of a full record into every record.
fn fill(stage: &Stage) -> Result<Duration> {
    let (client, now) = (stage.client.clone(), Timestamp::now());
    let start = Instant::now();
    let filling = load::all(fleet::members(stage.workloads).collect(), move |member| {
        let api: Api<DeliveryRecord> = Api::namespaced(client.clone(), &member.namespace());
        async move {
            let patch = Patch::Merge(rollouts(member, now));
            api.patch_status(&record::name(member), &PatchParams::default(), &patch)
                .await?;
            Ok(())
        }
    });
    stage.runtime.block_on(filling)?;
    Ok(start.elapsed())
}

fn rollouts(member: Member, now: Timestamp) -> Value {
    let mut full = record::status(member, "", now);
    let parts = OF_ROLLOUTS.map(|part| (part.to_owned(), full[part].take()));
    json!({"status": Value::Object(parts.into_iter().collect())})
}
