//! Time until verdicts are available: after a start, after an edit of the golden path, and in a
//! scrape. Labels are off, so that only judging is measured.

use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;

use crate::Result;
use crate::fleet::{self, Lacks, MemoryCheck};
use crate::process;
use crate::stage::{LABELS_OFF, Stage};
use crate::table::{Row, quantile};

/// How often a page is read.
pub const FETCHES: usize = 20;

pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let (operator, start) = stage.operator(&LABELS_OFF)?;
    stage.wait_for_verdicts(&operator, stage.golden())?;
    let cold = start.elapsed();
    let cpu = process::cpu_time(operator.process_id())?;
    let note = format!("labels off; {:.1} s of CPU", cpu.as_secs_f64());
    let mut rows = vec![Row::seconds("start to all verdicts", cold).note(note)];
    rows.push(edit(stage, &operator)?);
    rows.extend(scrape(&operator)?.1);
    Stage::stop(operator)?;
    stage.cluster.apply(&fleet::path(MemoryCheck::Asked))?;
    Ok(rows)
}

/// Time from the answer to the edit until the metrics follow the edited path.
pub fn edit(stage: &Stage, operator: &Operator) -> Result<Row> {
    let golden = fleet::count(stage.workloads, |lacks| {
        matches!(lacks, Lacks::Nothing | Lacks::MemoryLimit)
    });
    stage.cluster.apply(&fleet::path(MemoryCheck::Dropped))?;
    let start = Instant::now();
    stage.wait_for_verdicts(operator, golden)?;
    Ok(Row::seconds(
        "edit of the path to all judged again",
        start.elapsed(),
    ))
}

/// What a page of the operator takes to read.
#[derive(Clone, Copy, Debug)]
pub struct Fetched {
    pub median: Duration,
    pub kibibytes: usize,
}

/// Reads a page of the operator again and again; none where it is not served.
pub fn fetch(operator: &Operator, page: &str) -> Result<Option<Fetched>> {
    let mut took = Vec::with_capacity(FETCHES);
    let mut size = 0;
    for _ in 0..FETCHES {
        let start = Instant::now();
        let (status, body) = operator.get(page)?;
        took.push(start.elapsed());
        match status {
            200 => size = body.len(),
            404 => return Ok(None),
            other => return Err(format!("{page} answers {other}").into()),
        }
    }
    Ok(Some(Fetched {
        median: quantile(took, 0.5).unwrap_or_default(),
        kibibytes: size.div_ceil(1_024),
    }))
}

/// The median time of a scrape, and the rows that show it.
pub fn scrape(operator: &Operator) -> Result<(Duration, [Row; 2])> {
    let Fetched { median, kibibytes } = fetch(operator, "/metrics")?.ok_or("no metrics")?;
    let rows = [
        Row::millis("scrape of /metrics", median).note(format!("median of {FETCHES}")),
        Row::new("its size", kibibytes, "KiB"),
    ];
    Ok((median, rows))
}
