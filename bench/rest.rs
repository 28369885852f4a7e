//! Cost of the operator when nothing changes: after a restart, and over a minute of rest. The API
//! server counts the writes, not the operator.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::{ApiRequests, Operator};

use crate::memory::{self, Memory};
use crate::stage::Stage;
use crate::table::Row;
use crate::{Result, process};

const WRITTEN: [&str; 7] = [
    "deployments",
    "services",
    "goldenpaths",
    "deviationexceptions",
    "deliveryrecords",
    "events",
    "namespaces",
];
/// Time after a restart until its effects are over.
const SETTLES_IN: Duration = Duration::from_secs(15);
const DEADLINE: Duration = Duration::from_secs(240);
/// Longer than the operator waits between two writes of one status.
const QUIET: Duration = Duration::from_secs(12);
const WITHOUT: &str = "without the lease; counted by the API server";

/// The operator that is left running, its memory at rest, and the figures.
pub struct Rest {
    pub operator: Operator,
    pub memory: Memory,
    pub rows: Vec<Row>,
}

pub fn measure(stage: &Stage, quick: bool) -> Result<Rest> {
    let Restart { operator, mut rows } = restart(stage, &[])?;
    let rest = Duration::from_secs(if quick { 20 } else { 60 });
    rows.extend(at_rest(stage, &operator, rest)?);
    Ok(Rest {
        memory: memory::of(&operator)?,
        operator,
        rows,
    })
}

/// The operator that was started again, and what that cost.
pub struct Restart {
    pub operator: Operator,
    pub rows: Vec<Row>,
}

/// Starts an operator that finds everything as it should be.
pub fn restart(stage: &Stage, args: &[&str]) -> Result<Restart> {
    let before = stage.cluster.api_request_totals()?;
    let (mut operator, start) = stage.operator(args)?;
    operator.wait_until_ready(DEADLINE)?;
    let ready = start.elapsed();
    thread::sleep(SETTLES_IN);
    let since = stage.cluster.api_request_totals()?.since(&before);
    let rows = vec![
        Row::seconds("restart with nothing changed, to ready", ready),
        Row::new("writes by that restart", writes(&since), "requests").note(WITHOUT),
    ];
    Ok(Restart { operator, rows })
}

/// What happens while nothing changes.
pub fn at_rest(stage: &Stage, operator: &Operator, rest: Duration) -> Result<Vec<Row>> {
    let before = stage.cluster.api_request_totals()?;
    let (start, cpu) = (Instant::now(), process::cpu_time(operator.process_id())?);
    thread::sleep(rest);
    let cpu = process::cpu_time(operator.process_id())?.saturating_sub(cpu);
    let share = cpu.as_secs_f64() / start.elapsed().as_secs_f64() * 1_000.0;
    let since = stage.cluster.api_request_totals()?.since(&before);
    let seconds = rest.as_secs();
    Ok(vec![
        Row::new(
            format!("writes in {seconds} s at rest"),
            writes(&since),
            "requests",
        )
        .note(WITHOUT),
        Row::new(
            format!("requests in {seconds} s at rest"),
            all(&since),
            "requests",
        )
        .note("all by all, the API server's own and the lease included"),
        Row::new("CPU at rest", format!("{share:.1}"), "millicores"),
    ])
}

/// Waits until the operator has written everything it was going to write.
pub fn quiet(stage: &Stage) -> Result<()> {
    let mut before = stage.cluster.api_request_totals()?;
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        thread::sleep(QUIET);
        let now = stage.cluster.api_request_totals()?;
        if writes(&now.since(&before)) == 0 {
            return Ok(());
        }
        before = now;
    }
    Err("the operator still writes".into())
}

pub fn writes(requests: &ApiRequests) -> u64 {
    WRITTEN
        .iter()
        .map(|resource| requests.writes(resource))
        .sum()
}

/// The written resources, each with its number of writes.
pub fn written(requests: &ApiRequests) -> String {
    let each: Vec<String> = WRITTEN
        .iter()
        .map(|resource| (resource, requests.writes(resource)))
        .filter(|(_, writes)| *writes > 0)
        .map(|(resource, writes)| format!("{resource} {writes}"))
        .collect();
    each.join(", ")
}

fn all(requests: &ApiRequests) -> u64 {
    requests.0.values().sum()
}
