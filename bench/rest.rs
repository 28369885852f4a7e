//! Cost of the operator when nothing changes: after a restart, and over a minute of rest. The API
//! server counts the writes, not the operator.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::{ApiRequests, Operator};

use crate::memory::{self, Memory};
use crate::stage::Stage;
use crate::table::Row;
use crate::{Result, process};

const WRITTEN: [&str; 6] = [
    "deployments",
    "services",
    "goldenpaths",
    "deviationexceptions",
    "events",
    "namespaces",
];
/// Time after a restart until its effects are over.
const SETTLES_IN: Duration = Duration::from_secs(15);
const DEADLINE: Duration = Duration::from_secs(120);

/// The operator that is left running, its memory at rest, and the figures.
pub struct Rest {
    pub operator: Operator,
    pub memory: Memory,
    pub rows: Vec<Row>,
}

pub fn measure(stage: &Stage, quick: bool) -> Result<Rest> {
    let before = stage.cluster.api_request_totals()?;
    let (mut operator, start) = stage.operator(&[])?;
    operator.wait_until_ready(DEADLINE)?;
    let ready = start.elapsed();
    thread::sleep(SETTLES_IN);
    let settled = stage.cluster.api_request_totals()?;
    let restart = settled.since(&before);
    let rest = Duration::from_secs(if quick { 20 } else { 60 });
    let (cpu, rested) = at_rest(&operator, rest)?;
    let at_rest = stage.cluster.api_request_totals()?.since(&settled);
    let share = cpu.as_secs_f64() / rested.as_secs_f64() * 1_000.0;
    let seconds = rested.as_secs_f64();
    let rows = vec![
        Row::seconds("restart with nothing changed, to ready", ready),
        Row::new("writes by that restart", writes(&restart), "requests").note(WITHOUT),
        Row::new(
            format!("writes in {seconds:.0} s at rest"),
            writes(&at_rest),
            "requests",
        )
        .note(WITHOUT),
        Row::new(
            format!("requests in {seconds:.0} s at rest"),
            all(&at_rest),
            "requests",
        )
        .note("all by all, the API server's own and the lease included"),
        Row::new("CPU at rest", format!("{share:.1}"), "millicores"),
    ];
    Ok(Rest {
        memory: memory::of(&operator)?,
        operator,
        rows,
    })
}

const WITHOUT: &str = "without the lease; counted by the API server";

fn at_rest(operator: &Operator, rest: Duration) -> Result<(Duration, Duration)> {
    let (start, before) = (Instant::now(), process::cpu_time(operator.process_id())?);
    thread::sleep(rest);
    let after = process::cpu_time(operator.process_id())?;
    Ok((after.saturating_sub(before), start.elapsed()))
}

fn writes(requests: &ApiRequests) -> u64 {
    WRITTEN
        .iter()
        .map(|resource| requests.writes(resource))
        .sum()
}

fn all(requests: &ApiRequests) -> u64 {
    requests.0.values().sum()
}
