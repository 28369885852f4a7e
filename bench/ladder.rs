//! How figures grow with the fleet: the same steps at each size on one control plane, beside a bare paged
//! list of the same objects. Judging is measured with labels off: a write costs the API server the same at
//! every size. Labels follow at sizes where they take minutes at most.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use kube::Client;
use kube::api::ListParams;
use kube::core::{Request as Requests, Resource as _};
use serde::Deserialize;

use crate::drawing::{Growth, Point};
use crate::fleet::MemoryCheck;
use crate::memory::{self, Memory};
use crate::reaction::Churn;
use crate::stage::{LABELS_OFF, Stage};
use crate::table::{Row, or_skipped};
use crate::verdicts::{self, FETCHES};
use crate::{
    Result, beside, exceptions, expiry, fleet, labelling, load, process, reaction, relist, rest,
};

/// Objects a page of the bare list, as kubectl asks.
const PAGE: u32 = 500;
/// The page of services that a reader opens first.
const SERVICES_PAGE: &str = "/api/v1/workloads?limit=100";
/// Time without events after which memory counts as steady.
const SETTLES_IN: Duration = Duration::from_secs(10);
/// How long writes at rest are counted.
const REST: Duration = Duration::from_secs(10);
/// Labelling in turn with the bare loop: up to this many Deployments, so many rounds.
const FEW: usize = 1_000;
const ROUNDS_OF_FEW: usize = 5;
const MANY: usize = 10_000;
const ROUNDS_OF_MANY: usize = 3;
/// Changes a second while the time to a label is measured.
const CHANGES_A_SECOND: u32 = 100;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The sizes, smallest first.
    pub rungs: Vec<usize>,
    /// How long changes arrive, in seconds.
    pub churn_seconds: u32,
    /// Label fleets of more than 10,000 too.
    pub all: bool,
}

/// The figures, and those that are drawn.
pub struct Climbed {
    pub rows: Vec<Row>,
    pub growths: Vec<Growth>,
}

/// Climbs the ladder. The fleet grows from rung to rung.
pub fn measure(stage: &mut Stage, plan: &Plan) -> Result<Climbed> {
    let empty = memory::without_workloads(stage)?;
    let mut rows = vec![Row::mebibytes("memory without workloads", empty.resident)];
    let mut drawn: Vec<Drawn> = Vec::new();
    let mut created = 0;
    // The time from a change to its label is a matter of load, not of size: one fleet is enough.
    let churned = plan.rungs.iter().filter(|size| **size <= MANY).max();
    for size in &plan.rungs {
        let new = fleet::members(*size).skip(created).collect();
        let took = stage.runtime.block_on(load::create(&stage.client, new))?;
        let mut rung = Rung {
            rows: vec![Row::seconds(
                format!("create {} more", size - created),
                took,
            )],
            drawn: Drawn::default(),
            size: *size,
            shown: 0,
        };
        (stage.workloads, created) = (*size, *size);
        rung.show();
        rung.judging(stage, &empty)?;
        rung.show();
        rung.restart(stage)?;
        if let Some(before) = drawn.last() {
            let ratio = rung.drawn.scrape.figure / before.scrape.figure;
            let name = format!("scrape ÷ scrape at {}", before.scrape.size);
            rung.rows.push(Row::ratio(name, ratio).at_most(ratio, 2.0));
        }
        rung.rows
            .extend(labels(stage, plan, churned == Some(size))?);
        rung.show();
        rung.rows.extend(beside::measure(stage));
        rung.show();
        if plan.rungs.last() == Some(size) {
            let name = "exceptions that expire at once";
            rung.rows.extend(or_skipped(name, expiry::measure(stage)));
            rung.show();
        }
        rows.extend(rung.rows.into_iter().map(|row| Row {
            name: format!("{size}: {}", row.name),
            ..row
        }));
        drawn.push(rung.drawn);
    }
    Ok(Climbed {
        rows,
        growths: growths(&drawn),
    })
}

/// What one size measured.
struct Rung {
    rows: Vec<Row>,
    drawn: Drawn,
    size: usize,
    /// How many rows were printed.
    shown: usize,
}

/// What is drawn of one size.
#[derive(Clone, Copy, Debug, Default)]
struct Drawn {
    verdicts: Point,
    each: Point,
    scrape: Point,
    page: Option<Point>,
}

impl Rung {
    /// Prints the new figures as they come: a ladder takes most of an hour, and may be interrupted.
    fn show(&mut self) {
        for row in &self.rows[self.shown..] {
            let Row {
                name, figure, unit, ..
            } = row;
            eprintln!("{}: {name}: {figure} {unit}", self.size);
        }
        self.shown = self.rows.len();
    }

    /// One operator, from its start to its rest.
    fn judging(&mut self, stage: &Stage, empty: &Memory) -> Result<()> {
        let bare = stage.runtime.block_on(bare_list(&stage.client))?;
        self.rows
            .push(Row::seconds("bare list in pages of 500", bare));
        let (operator, start) = stage.operator(&LABELS_OFF)?;
        stage.wait_for_verdicts(&operator, stage.golden())?;
        let verdicts = start.elapsed();
        let cpu = process::cpu_time(operator.process_id())?.as_secs_f64();
        let note = format!("{cpu:.1} s of CPU");
        self.rows
            .push(Row::seconds("start to all verdicts", verdicts).note(note));
        let ratio = verdicts.as_secs_f64() / bare.as_secs_f64();
        self.rows
            .push(Row::ratio("verdicts ÷ bare list", ratio).at_most(ratio, 1.5));
        self.peak(&operator, "first verdicts")?;
        thread::sleep(SETTLES_IN);
        let rested = memory::of(&operator)?.resident;
        let size = as_float(stage.workloads);
        let each = (rested - empty.resident) * 1_024.0 / size;
        self.rows.push(Row::mebibytes("memory at rest", rested));
        let row = Row::new("the same above none, each", format!("{each:.0}"), "B");
        self.rows.push(row.at_most(each, 614.0));
        let (scrape, rows) = verdicts::scrape(&operator)?;
        self.rows.extend(rows);
        self.drawn = Drawn {
            verdicts: Point {
                size,
                figure: verdicts.as_secs_f64(),
            },
            each: Point { size, figure: each },
            scrape: Point {
                size,
                figure: millis(scrape),
            },
            page: self.page(&operator)?.map(|page| Point {
                size,
                figure: millis(page),
            }),
        };
        process::reset_peak(operator.process_id())?;
        self.rows.push(report(&operator)?);
        self.peak(&operator, "the whole report")?;
        self.rows.push(verdicts::edit(stage, &operator)?);
        self.peak(&operator, "judging again")?;
        stage.cluster.apply(&fleet::path(MemoryCheck::Asked))?;
        stage.wait_for_verdicts(&operator, stage.golden())?;
        rest::quiet(stage)?;
        self.rows.extend(exceptions::measure(stage, &operator)?);
        self.rows.extend(rest::at_rest(stage, &operator, REST)?);
        Stage::stop(operator)
    }

    /// Another operator, which finds everything as it should be, and then has to list again.
    fn restart(&mut self, stage: &Stage) -> Result<()> {
        let rest::Restart { operator, rows } = rest::restart(stage, &LABELS_OFF)?;
        self.rows.extend(rows);
        self.rows.extend(relist::measure(stage, &operator)?);
        Stage::stop(operator)
    }

    /// The peak since the last one, which starts anew.
    fn peak(&mut self, operator: &Operator, step: &str) -> Result<()> {
        let peak = memory::of(operator)?.peak;
        self.rows
            .push(Row::mebibytes(format!("peak, {step}"), peak));
        process::reset_peak(operator.process_id())
    }

    fn page(&mut self, operator: &Operator) -> Result<Option<Duration>> {
        let name = "page of 100 services";
        let page = verdicts::fetch(operator, SERVICES_PAGE)?;
        self.rows.push(match page {
            Some(page) => Row::millis(name, page.median)
                .note(format!("median of {FETCHES}; {} KiB", page.kibibytes)),
            None => Row::skipped(name, "not served"),
        });
        Ok(page.map(|page| page.median))
    }
}

/// Labels, beside a bare loop; afterwards the fleet has none.
fn labels(stage: &Stage, plan: &Plan, churns: bool) -> Result<Vec<Row>> {
    if stage.workloads > MANY {
        let row = if plan.all {
            labelling::once(stage)?
        } else {
            Row::skipped("label all, process start included", "only with --all")
        };
        return Ok(vec![row]);
    }
    let rounds = if stage.workloads > FEW {
        ROUNDS_OF_MANY
    } else {
        ROUNDS_OF_FEW
    };
    let mut rows = labelling::measure(stage, rounds)?.rows();
    if churns {
        let rest::Restart { operator, .. } = rest::restart(stage, &[])?;
        let changes = usize::try_from(CHANGES_A_SECOND * plan.churn_seconds)?;
        let churn = Churn {
            changes,
            a_second: CHANGES_A_SECOND,
        };
        rows.extend(reaction::measure(stage, churn)?);
        rest::quiet(stage)?;
        Stage::stop(operator)?;
    }
    stage.runtime.block_on(load::reset(&stage.client))?;
    Ok(rows)
}

fn growths(drawn: &[Drawn]) -> Vec<Growth> {
    let growth = |name, unit, of: fn(&Drawn) -> Option<Point>| Growth {
        name,
        unit,
        points: drawn.iter().filter_map(of).collect(),
    };
    vec![
        growth("start to all verdicts", "s", |rung| Some(rung.verdicts)),
        growth("memory per workload", "B", |rung| Some(rung.each)),
        growth("scrape of /metrics", "ms", |rung| Some(rung.scrape)),
        growth("page of 100 services", "ms", |rung| rung.page),
    ]
}

fn report(operator: &Operator) -> Result<Row> {
    let start = Instant::now();
    let size = operator.get("/api/v1/report")?.1.len();
    let note = format!("{} KiB", size.div_ceil(1_024));
    Ok(Row::millis("the whole report", start.elapsed()).note(note))
}

fn millis(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}

#[allow(clippy::cast_precision_loss)] // below 2^53
fn as_float(count: usize) -> f64 {
    count as f64
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
