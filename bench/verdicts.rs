//! Time until verdicts are available: after a start, after an edit of the golden path, and in a
//! scrape. Labels are off, so that only judging is measured.

use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;

use crate::Result;
use crate::fleet::{self, Lacks, MemoryCheck};
use crate::process;
use crate::stage::Stage;
use crate::table::{Row, quantile};

const SCRAPES: usize = 20;

pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let (operator, start) = stage.operator(&["--labels=off"])?;
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

/// The median time of a scrape, and the rows that show it.
pub fn scrape(operator: &Operator) -> Result<(Duration, [Row; 2])> {
    let mut took = Vec::with_capacity(SCRAPES);
    let mut size = 0;
    for _ in 0..SCRAPES {
        let start = Instant::now();
        size = operator.get("/metrics")?.1.len();
        took.push(start.elapsed());
    }
    let median = quantile(took, 0.5).unwrap_or_default();
    let rows = [
        Row::millis("scrape of /metrics", median).note(format!("median of {SCRAPES}")),
        Row::new("its size", size.div_ceil(1_024), "KiB"),
    ];
    Ok((median, rows))
}
