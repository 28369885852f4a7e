//! What planning the reports of a large fleet costs. A measurement and not a test:
//! `cargo test --release --test reports cost -- --ignored --nocapture`

#![allow(clippy::print_stdout)]

use serde_json::json;

use crate::fixtures::{now, with};
use crate::ledger::Desk;
use crate::scene::{excusing, lonely, scene};

const WORKLOADS: usize = 10_000;

#[test]
#[ignore = "a measurement"]
fn planning_a_large_fleet_at_rest() {
    let (mut desk, mut cluster) = (Desk::open(), scene());
    for n in 0..WORKLOADS {
        let name = format!("w{n}");
        cluster.put(with(
            lonely(&name),
            json!({"metadata": {"namespace": "shop"}}),
        ));
        if n % 20 == 1 {
            cluster.put_exception(excusing(&name, &json!({})));
        }
    }
    let before = on_cpu();
    let first = desk.write(&cluster, now()).len();
    let written = on_cpu();
    assert!(desk.write(&cluster, now()).is_empty());
    println!(
        "{first} reports: planned first in {} ms on the CPU, again at rest in {} ms",
        (written - before) / 1_000_000,
        (on_cpu() - written) / 1_000_000
    );
}

/// Nanoseconds this thread was on a CPU: what others do at the same time is not measured.
fn on_cpu() -> u64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    spent.split(' ').next().unwrap().parse().unwrap()
}
