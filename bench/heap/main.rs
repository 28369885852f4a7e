//! Bytes on the heap for each workload: an inventory of the measured fleet with its index of adoption,
//! counted by dhat: `cargo run --release --example heap`. A measure and not a test; `make bench` shows
//! what the whole process takes.

#![allow(clippy::print_stdout)]

#[path = "../fleet.rs"]
#[allow(dead_code)] // shared with the benchmark
mod fleet;
#[path = "../record.rs"]
mod record;

use goldenpath::api::{DeliveryRecordStatus, GoldenPath};
use goldenpath::assess::adoption::index::AdoptionIndex;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::namespace_index::records::{PackedStatus, Record};
use goldenpath::assess::object::kind::WatchedKind;
use goldenpath::assess::path::Origin;
use goldenpath::assess::planner::Planners;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::workload::observe;
use jiff::Timestamp;
use serde_json::Value;

#[global_allocator]
static ALLOC: dhat::Alloc = dhat::Alloc;

const WORKLOADS: usize = 4_000;
/// When every workload was created.
const CREATED: &str = "2026-02-01T00:00:00Z";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _profiler = dhat::Profiler::builder().testing().build();
    let mut facts = Inventory::new(Settings::default());
    let path: GoldenPath = serde_saphyr::from_str(&fleet::path(fleet::MemoryCheck::Asked))?;
    let origin = Origin {
        name: fleet::PATH.to_owned(),
        ..Origin::default()
    };
    let _ = facts.put_path(origin, path.spec, None);
    let now: Timestamp = "2026-03-01T00:00:00Z".parse()?;
    let kind = WatchedKind::built_in()[0].clone();
    let empty = live();
    for member in fleet::members(WORKLOADS) {
        let object = stored(member)?;
        if let Some(observed) = observe(object, &kind, &facts.read_context(&member.namespace())) {
            facts.put_workload(observed);
        }
    }
    report("records, with both logs full", empty);
    let mut planners = Planners::default();
    while planners.labels.has_work(&facts, now) {
        planners.labels.plan(&mut facts, now, 1_000);
    }
    report("labels planned, none written", empty);
    let mut index = AdoptionIndex::default();
    let _ = facts.tick(now);
    while index.follow(&mut facts, now, 1_000) {}
    report("adoption counted", empty);
    drop(planners);
    report("without the planners", empty);
    drop(index);
    report("records alone", empty);
    let before = live();
    for member in fleet::members(WORKLOADS) {
        facts.put_record(
            &member.namespace(),
            &record::name(member),
            full(member, now)?,
        );
    }
    report("a delivery record with 20 rollouts, beside it", before);
    Ok(())
}

/// Its delivery record, as the watch hands it over.
fn full(member: fleet::Member, now: Timestamp) -> Result<Record, Box<dyn std::error::Error>> {
    let uid = uid(member, "0b5aa75f");
    let status = record::status(member, &uid, now);
    let status: DeliveryRecordStatus = serde_json::from_value(status)?;
    let spec = record::spec(member);
    Ok(Record {
        uid: Some(self::uid(member, "1c6bb86a").into()),
        version: Some(member.0 as u64 + 1),
        generation: Some(1),
        owner: Some(uid.into()),
        workload: serde_json::from_value(spec["workload"].clone())?,
        packed: PackedStatus::of(&status),
    })
}

fn uid(member: fleet::Member, begin: &str) -> String {
    format!("{begin}-5d2c-4a4d-8e30-{:012x}", member.0)
}

/// As the API server stores it.
fn stored(member: fleet::Member) -> Result<Value, Box<dyn std::error::Error>> {
    let mut object: Value = serde_saphyr::from_str(&member.manifest())?;
    object["metadata"]["creationTimestamp"] = CREATED.into();
    object["metadata"]["resourceVersion"] = member.0.to_string().into();
    object["metadata"]["uid"] = uid(member, "0b5aa75f").into();
    Ok(object)
}

fn live() -> usize {
    dhat::HeapStats::get().curr_bytes
}

fn report(what: &str, empty: usize) {
    let each = (live() - empty) / WORKLOADS;
    println!("{each:>6} bytes a workload: {what}");
}
