//! What a scrape of a large fleet costs, and a plan of statuses after one change. A scrape sums as many
//! distinct contributions however many workloads make them. Times are measurements and not tests:
//! `cargo test --release --test metrics cost -- --ignored --nocapture`

#![allow(clippy::print_stdout)]

use std::sync::Arc;

use goldenpath::assess::adoption::index::AdoptionIndex;
use goldenpath::assess::inventory::{Inventory, Reread};
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::register::index::Register;
use goldenpath::assess::verdict::AsOf;
use goldenpath::assess::workload::Workload;
use goldenpath::report::metrics::{Options, exposition_at};
use jiff::SignedDuration;
use serde_json::json;

use crate::fixtures::{Cluster, now, web_path, with};
use crate::fleet::{cluster, excusing, far, golden, lonely, of_service, of_team, within};

const WORKLOADS: usize = 10_000;
const NAMESPACES: usize = 200;

fn large_fleet() -> Cluster {
    let mut cluster = cluster();
    for n in 0..WORKLOADS {
        let name = format!("w{n}");
        let object = match n % 4 {
            0 => far(&name),
            1 => lonely(&name),
            _ => golden(&name),
        };
        let object = of_service(
            of_team(object, &format!("team{}", n % 150)),
            &format!("s{}", n / 400),
        );
        let namespace = format!("ns{}", n % NAMESPACES);
        cluster.put(within(object, &namespace));
        if n % 20 == 1 {
            cluster.put_exception(within(excusing(&format!("e{n}"), &name), &namespace));
        }
        if n < NAMESPACES {
            let by_label =
                json!({"spec": {"targets": null, "selector": {"matchLabels": {"app": name}}}});
            cluster.put_exception(within(
                with(excusing(&format!("s{n}"), &name), by_label),
                &namespace,
            ));
        }
    }
    cluster
}

/// Distinct contributions of the same fleet with more of the same workloads.
fn distinct(workloads: usize) -> usize {
    let mut cluster = cluster();
    for n in 0..workloads {
        let name = format!("w{n}");
        let object = match n % 3 {
            0 => far(&name),
            1 => lonely(&name),
            _ => golden(&name),
        };
        let object = of_team(object, &format!("team{}", n % 5));
        cluster.put(within(object, &format!("ns{}", n % 4)));
    }
    let mut index = AdoptionIndex::default();
    while index.follow(&mut cluster.0, now(), 1_000) {}
    index.contributions().distinct()
}

#[test]
fn ten_times_the_workloads_are_as_many_sums() {
    let few = distinct(300);
    // Each state in each team and namespace.
    assert_eq!(few, 3 * 5 * 4);
    assert_eq!(distinct(3_000), few);
}

#[test]
fn a_plan_of_statuses_is_short_and_the_next_one_goes_on() {
    let mut cluster = cluster();
    for n in 0..1_100 {
        let name = format!("w{n}");
        cluster.put(lonely(&name));
        cluster.put_exception(excusing(&format!("e{n}"), &name));
    }
    let first = cluster.plan_statuses(now());
    assert_eq!((first.exceptions.len(), first.has_more), (1_000, true));
    let second = cluster.plan_statuses(now());
    assert_eq!((second.exceptions.len(), second.has_more), (100, false));
}

#[test]
fn an_edit_of_words_goes_through_the_workloads_some_at_a_time() {
    let mut cluster = cluster();
    for n in 0..2_500 {
        let object = golden(&format!("w{n:04}"));
        cluster.put(within(object, &format!("ns{}", n % 3)));
    }
    let mut index = AdoptionIndex::default();
    while index.follow(&mut cluster.0, now(), 100) {}
    cluster.apply(now());
    let reader = cluster.0.snapshot();
    let edit = with(web_path(), json!({"title": "Web services"}));
    assert_eq!(cluster.put_path("web", edit), Reread::Nothing);
    let reached = |facts: &Inventory| {
        let workloads = facts.workloads_from("", None);
        let by_new = |(_, it): &(_, &Workload)| Arc::ptr_eq(&it.paths, facts.paths());
        workloads.filter(by_new).count()
    };
    assert_eq!(reached(&cluster.0), 1_000);
    assert!(index.follow(&mut cluster.0, now(), 1_100), "more waits");
    assert_eq!(reached(&cluster.0), 2_000);
    while index.follow(&mut cluster.0, now(), 1_100) {}
    assert_eq!(reached(&cluster.0), 2_500);
    let plan = cluster.apply(now());
    assert!(plan.labels.is_empty() && plan.transitions.is_empty());
    assert_eq!(reached(&reader), 2_500, "a reader's copy stays as it was");
}

#[test]
fn a_tick_works_out_the_dates_of_some_exceptions_and_the_next_one_goes_on() {
    let mut cluster = cluster();
    let _ = cluster.0.tick(now());
    for n in 0..2_500 {
        cluster.put_exception(excusing(&format!("e{n:04}"), &format!("w{n}")));
    }
    let later = now() + SignedDuration::from_secs(1);
    let ticks = (1..10).take_while(|_| {
        let _ = cluster.0.tick(later);
        cluster.0.next_change().is_some_and(|at| at <= later)
    });
    assert_eq!(ticks.count(), 2, "the third one is the last");
    assert!(cluster.0.next_change().is_some_and(|at| at > later));
}

#[test]
#[ignore = "a measurement"]
fn scrape_of_a_large_fleet() {
    let cluster = large_fleet();
    let mut spent: Vec<_> = (0..21)
        .map(|_| {
            let start = on_cpu();
            let bytes = exposition_at(&cluster.0, now(), &Options::default())
                .unwrap()
                .len();
            (on_cpu() - start, bytes)
        })
        .collect();
    spent.sort_unstable();
    let (nanoseconds, bytes) = spent[spent.len() / 2];
    println!(
        "{WORKLOADS} workloads, 700 exceptions: median scrape {} us on the CPU, {bytes} bytes",
        nanoseconds / 1_000
    );
}

#[test]
#[ignore = "a measurement"]
fn status_plan_after_one_change() {
    let mut cluster = cluster();
    for n in 0..WORKLOADS {
        let (name, namespace) = (format!("w{n}"), format!("ns{}", n % NAMESPACES));
        cluster.put(within(lonely(&name), &namespace));
        cluster.put_exception(within(excusing(&format!("e{n}"), &name), &namespace));
    }
    let mut at = now();
    loop {
        let plan = cluster.plan_statuses(at);
        for write in plan.exceptions {
            cluster.exception_ended(write, WriteResult::Landed(None), at);
        }
        if !plan.has_more {
            break;
        }
    }
    let mut index = AdoptionIndex::default();
    let mut spent = Vec::new();
    for n in 0..21 {
        at += SignedDuration::from_secs(11);
        let name = format!("w{n}");
        let object = if n == 0 { lonely(&name) } else { golden(&name) };
        cluster.put(within(object, &format!("ns{n}")));
        let start = on_cpu();
        let Cluster(facts, planners, register) = &mut cluster;
        let _ = facts.tick(at);
        index.follow(facts, at, usize::MAX);
        register.follow(facts, at, usize::MAX);
        let plan = planners.plan_statuses(facts, index.contributions(), &register.clone(), at);
        spent.push((on_cpu() - start) / 1_000);
        for write in plan.exceptions {
            cluster.exception_ended(write, WriteResult::Landed(None), at);
        }
    }
    let first = spent.remove(0); // counts and assesses everything
    spent.sort_unstable();
    let start = on_cpu();
    let anew = Register::of(&cluster.0, &AsOf::new(at))
        .assessments()
        .count();
    println!(
        "{anew} exceptions: the first plan takes {first} us on the CPU, one after a change {} us (median); \
        a register made anew {} us",
        spent[spent.len() / 2],
        (on_cpu() - start) / 1_000
    );
}

/// Nanoseconds this thread was on a CPU: what others do at the same time is not measured.
fn on_cpu() -> u64 {
    let spent = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    spent.split(' ').next().unwrap().parse().unwrap()
}
