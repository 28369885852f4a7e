//! kube-state-metrics on the same objects in the same run, where it has been built: what another program
//! takes that follows every Deployment and is scraped.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::{Binaries, Companion, Error, Tool, free_port};

use crate::stage::{DEADLINE, Stage};
use crate::table::{Row, quantile};
use crate::{Result, process};

const SCRAPES: usize = 5;
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// One line for each Deployment.
const LINE: &str = "\nkube_deployment_created{";

pub fn measure(stage: &Stage) -> Result<Vec<Row>> {
    let (found, missing) = Binaries::search(&[Tool::KubeStateMetrics])?;
    if !missing.is_empty() {
        let how = "not built: cargo run -p goldenpath-e2e --example tools -- kube-state-metrics";
        return Ok(vec![Row::skipped("kube-state-metrics", how)]);
    }
    let (port, telemetry) = (free_port()?, free_port()?);
    let args = [
        "--resources=deployments".to_owned(),
        format!("--kubeconfig={}", stage.cluster.kubeconfig().display()),
        "--host=127.0.0.1".to_owned(),
        format!("--port={port}"),
        "--telemetry-host=127.0.0.1".to_owned(),
        format!("--telemetry-port={telemetry}"),
    ];
    let url = format!("http://127.0.0.1:{port}/metrics");
    let start = Instant::now();
    let binary = found.path(Tool::KubeStateMetrics)?;
    let mut beside = Companion::start(&stage.cluster, binary, &args, &[])?;
    wait_for_all(&mut beside, &url, stage.workloads)?;
    let complete = start.elapsed();
    let (mut took, mut size) = (Vec::with_capacity(SCRAPES), 0);
    for _ in 0..SCRAPES {
        let start = Instant::now();
        size = beside.get(&url, ANSWERS_WITHIN)?.len();
        took.push(start.elapsed());
    }
    let memory = process::memory(beside.process_id())?;
    let peak = format!("right after the scrapes; peak {:.1}", memory.peak / 1_024.0);
    let scrape = quantile(took, 0.5).unwrap_or_default();
    Ok(vec![
        Row::seconds(
            "kube-state-metrics, start to first complete scrape",
            complete,
        )
        .note("--resources=deployments"),
        Row::millis("kube-state-metrics, a scrape", scrape).note(format!("median of {SCRAPES}")),
        Row::new("kube-state-metrics, its size", size.div_ceil(1_024), "KiB"),
        Row::mebibytes("kube-state-metrics, resident memory", memory.resident).note(peak),
    ])
}

fn wait_for_all(beside: &mut Companion, url: &str, workloads: usize) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        match beside.get(url, ANSWERS_WITHIN) {
            Ok(text) if text.matches(LINE).count() == workloads => return Ok(()),
            Err(error @ Error::Stopped { .. }) => return Err(error.into()),
            // It does not listen or has not listed everything yet.
            Ok(_) | Err(_) => thread::sleep(LOOK_EVERY),
        }
    }
    Err("kube-state-metrics did not list everything in time".into())
}
