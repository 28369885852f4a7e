//! What a relist costs: the API server restarts, so that the versions that watches know are older than
//! its cache, every watch is answered with 410, and the operator reads everything again.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;

use crate::stage::{DEADLINE, Stage};
use crate::table::Row;
use crate::{Result, memory, process};

const LOOK_EVERY: Duration = Duration::from_millis(20);

pub fn measure(stage: &Stage, operator: &Operator) -> Result<Vec<Row>> {
    let before = lists(operator)?;
    let expired = expired(operator)?;
    process::reset_peak(operator.process_id())?;
    stage.cluster.stop_api_server();
    stage.cluster.start_api_server()?;
    let start = Instant::now();
    while lists(operator)? == before {
        if start.elapsed() > DEADLINE {
            let why = "no watch of Deployments listed again: all resumed";
            return Ok(vec![Row::skipped(
                "relist after the API server's restart",
                why,
            )]);
        }
        thread::sleep(LOOK_EVERY);
    }
    let took = start.elapsed();
    let peak = memory::of(operator)?.peak;
    let expired = self::expired(operator)? - expired;
    let note = format!("API server ready to Deployments listed; {expired} watches ended with 410");
    Ok(vec![
        Row::seconds("relist after the API server's restart", took).note(note),
        Row::mebibytes("peak, relist", peak),
    ])
}

/// How often the operator has listed the Deployments.
fn lists(operator: &Operator) -> Result<usize> {
    let log = operator.log()?;
    let is_list = |line: &&str| line.contains("listed") && line.contains("Deployment");
    Ok(log.lines().filter(is_list).count())
}

fn expired(operator: &Operator) -> Result<f64> {
    let errors = operator.scrape()?;
    let name = "goldenpath_reconcile_errors_total";
    Ok(errors
        .sum(name, &[("reason", "Expired")])
        .unwrap_or_default())
}
