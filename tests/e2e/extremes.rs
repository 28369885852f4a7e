//! Workloads at the limits of what an API server stores: the operator judges them like all others,
//! and its memory does not grow with them.

use std::fs;

use goldenpath_e2e::Options;

use crate::stage::{Place, SOON, start, stop};
use crate::suite::control_plane;
use crate::words::{PATH, golden};

/// The API server takes 256 KiB of annotations in all.
const ANNOTATION: usize = 256 * 1024 - 64;
/// What the operator may grow by while it reads one such object, in KiB.
const GROWTH: u64 = 16 * 1024;

#[test]
fn a_workload_at_the_limits_is_judged_and_memory_stays() {
    // An operator of its own: what other tests do meanwhile is not counted.
    let Some(cluster) = control_plane(&Options::default()) else {
        return;
    };
    let place = Place::on(&cluster, "limits");
    let mut operator = start(&cluster, &[]);
    operator.wait_until_ready(SOON).unwrap();
    place.apply(PATH);
    place.apply(&golden("warm"));
    place.becomes("deploy/warm", "golden-path", None);
    let before = resident(operator.process_id());
    let name = "n".repeat(253);
    let labels = (0..2_000)
        .map(|n| format!("label-{n}: v"))
        .collect::<Vec<_>>()
        .join(", ");
    let annotation = "a".repeat(ANNOTATION);
    // The name is too long for a label value, which ends at 63 characters.
    let huge = golden("huge")
        .replace("{name: huge,", &format!("{{name: {name},"))
        .replace(
            "{team: shop}",
            &format!("{{team: shop, {labels}}}, annotations: {{huge: {annotation}}}"),
        );
    place.apply(&huge);
    place.becomes(&format!("deploy/{name}"), "golden-path", None);
    let after = resident(operator.process_id());
    assert!(after < before + GROWTH, "{before} KiB became {after} KiB");
    stop(operator);
}

fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
