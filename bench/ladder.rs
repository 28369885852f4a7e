//! How figures grow with the fleet: the same steps with 1,000, 10,000 and 100,000 Deployments on one
//! control plane, beside a bare paged list of the same objects. Labels are off: a write costs the API
//! server the same at every size.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::Client;
use kube::api::ListParams;
use kube::core::{Request as Requests, Resource as _};
use serde::Deserialize;

use crate::memory::{self, Memory};
use crate::stage::Stage;
use crate::table::Row;
use crate::{Result, fleet, load, process, verdicts};

/// The sizes, smallest first.
pub const RUNGS: [usize; 3] = [1_000, 10_000, 100_000];
/// Objects a page of the bare list, as kubectl asks.
const PAGE: u32 = 500;
/// Time without events after which memory counts as steady.
const SETTLES_IN: Duration = Duration::from_secs(10);

/// What one rung measured, as far as the next one is compared with it.
struct Rung {
    size: usize,
    scrape: Duration,
}

/// Climbs the ladder. The fleet grows from rung to rung.
pub fn measure(stage: &mut Stage) -> Result<Vec<Row>> {
    let empty = memory::without_workloads(stage)?;
    let mut rows = vec![Row::mebibytes("memory without workloads", empty.resident)];
    let mut before: Option<Rung> = None;
    let mut created = 0;
    for size in RUNGS {
        let new = fleet::members(size).skip(created).collect();
        let took = stage.runtime.block_on(load::create(&stage.client, new))?;
        let name = format!("{size}: create {} more", size - created);
        rows.push(Row::seconds(name, took));
        (stage.workloads, created) = (size, size);
        let rung = climb(stage, &empty, &mut rows)?;
        if let Some(before) = before {
            let ratio = rung.scrape.as_secs_f64() / before.scrape.as_secs_f64();
            let name = format!("{size}: scrape ÷ scrape at {}", before.size);
            rows.push(Row::new(name, format!("{ratio:.2}"), "ratio").at_most(ratio, 2.0));
        }
        before = Some(rung);
    }
    Ok(rows)
}

fn climb(stage: &Stage, empty: &Memory, rows: &mut Vec<Row>) -> Result<Rung> {
    let size = stage.workloads;
    let mut push = |row: Row| {
        let name = format!("{size}: {}", row.name);
        rows.push(Row { name, ..row });
    };
    let bare = stage.runtime.block_on(bare_list(&stage.client))?;
    push(Row::seconds("bare list in pages of 500", bare));
    let (operator, start) = stage.operator(&["--labels=off"])?;
    stage.wait_for_verdicts(&operator, stage.golden())?;
    let verdicts = start.elapsed();
    let cpu = process::cpu_time(operator.process_id())?.as_secs_f64();
    push(Row::seconds("start to all verdicts", verdicts).note(format!("{cpu:.1} s of CPU")));
    let ratio = verdicts.as_secs_f64() / bare.as_secs_f64();
    push(Row::new("verdicts ÷ bare list", format!("{ratio:.2}"), "ratio").at_most(ratio, 1.5));
    thread::sleep(SETTLES_IN);
    let rested = memory::of(&operator)?;
    #[allow(clippy::cast_precision_loss)] // below 2^53
    let each = (rested.resident - empty.resident) * 1_024.0 / size as f64;
    push(Row::mebibytes("memory at rest", rested.resident));
    push(Row::new("the same above none, each", format!("{each:.0}"), "B").at_most(each, 614.0));
    let (scrape, [median, bytes]) = verdicts::scrape(&operator)?;
    push(median);
    push(bytes);
    push(report(&operator)?);
    push(verdicts::edit(stage, &operator)?);
    let peak = memory::of(&operator)?.peak;
    push(Row::mebibytes(
        "peak, report and judging again included",
        peak,
    ));
    Stage::stop(operator)?;
    let path = fleet::path(fleet::MemoryCheck::Asked);
    stage.cluster.apply(&path)?;
    Ok(Rung { size, scrape })
}

fn report(operator: &Operator) -> Result<Row> {
    let start = Instant::now();
    let size = operator.get("/api/v1/report")?.1.len();
    let note = format!("{} KiB", size.div_ceil(1_024));
    Ok(Row::millis("the whole report", start.elapsed()).note(note))
}

/// A page, as far as the next one needs it.
#[derive(Deserialize)]
struct Page {
    metadata: ListMeta,
}

/// Reads all Deployments page by page and decodes nothing of them.
async fn bare_list(client: &Client) -> Result<Duration> {
    let start = Instant::now();
    let requests = Requests::new(Deployment::url_path(&(), None));
    let mut params = ListParams::default().limit(PAGE);
    loop {
        let text = client.request_text(requests.list(&params)?).await?;
        let page: Page = serde_json::from_str(&text)?;
        params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
        if params.continue_token.is_none() {
            return Ok(start.elapsed());
        }
    }
}
