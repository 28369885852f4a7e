//! The longest time one call holds the inventory's lock at an instant at which 10,000 exceptions expire:
//! an inventory of 100,000 workloads, and the calls of the operator with its limits, in its order. A
//! measure and not a test: `cargo run --release --example edge [WORKLOADS [EXCEPTIONS]]`. Waiting and
//! sending are left out; `make bench`'s `--edge` shows the whole process.

#![allow(clippy::print_stdout)]

#[path = "../fleet.rs"]
#[allow(dead_code)] // shared with the benchmark
mod fleet;

use std::time::{Duration, Instant};

use goldenpath::api::{DeviationException, GoldenPath};
use goldenpath::assess::adoption::index::AdoptionIndex;
use goldenpath::assess::exception::assurance::Vouching;
use goldenpath::assess::exception::record::Exception;
use goldenpath::assess::inventory::Inventory;
use goldenpath::assess::object::kind::WatchedKind;
use goldenpath::assess::path::Origin;
use goldenpath::assess::planner::Planners;
use goldenpath::assess::planner::pacing::WriteResult;
use goldenpath::assess::planner::statuses::StatusPlan;
use goldenpath::assess::register::index::Register;
use goldenpath::assess::settings::Settings;
use goldenpath::assess::workload::observe;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const WORKLOADS: usize = 100_000;
const EXCEPTIONS: usize = 10_000;
/// As in `src/cluster/context.rs`.
const FOLLOWED_AT_ONCE: usize = 1_000;
/// As in `src/cluster/write/throttle.rs`.
const LABELS_AT_ONCE: usize = 64;
/// The most one call may take.
const GOAL: Duration = Duration::from_millis(50);

fn main() -> Result<()> {
    let mut sizes = std::env::args().skip(1).map(|size| size.parse());
    let workloads = sizes.next().transpose()?.unwrap_or(WORKLOADS);
    let exceptions = sizes.next().transpose()?.unwrap_or(EXCEPTIONS);
    let now = Timestamp::now();
    let expires = now + SignedDuration::from_hours(1);
    println!("{workloads} workloads, {exceptions} exceptions that expire at one instant");
    let mut operator = Operator::with(workloads)?;
    operator.settle(now);
    operator.label(now);
    operator.print("first count and labels of the fleet");
    operator.except(workloads, exceptions, expires)?;
    operator.settle(now);
    operator.label(now);
    operator.write_statuses(now);
    operator.print("exceptions listed");
    operator.settle(expires);
    operator.label(expires);
    operator.write_statuses(expires);
    operator.print("exceptions expired");
    operator.edit_text()?;
    operator.settle(expires);
    operator.label(expires);
    operator.print("a path's title edited");
    Ok(())
}

/// All calls of one kind.
#[derive(Clone, Copy, Debug)]
struct Calls {
    name: &'static str,
    number: usize,
    longest: Duration,
    total: Duration,
}

/// What the operator holds, without its locks and its client.
struct Operator {
    facts: Inventory,
    planners: Planners,
    adoption: AdoptionIndex,
    register: Register,
    calls: Vec<Calls>,
}

impl Operator {
    fn with(workloads: usize) -> Result<Self> {
        let mut facts = Inventory::new(Settings::default());
        facts.set_vouching(Vouching::AsWritten);
        let path: GoldenPath = serde_saphyr::from_str(&fleet::path(fleet::MemoryCheck::Asked))?;
        let _ = facts.put_path(origin(1), path.spec, None);
        let kind = WatchedKind::built_in()[0].clone();
        for member in fleet::members(workloads) {
            let read = facts.read_context(&member.namespace());
            if let Some(observed) = observe(stored(member)?, &kind, &read) {
                facts.put_workload(observed);
            }
        }
        Ok(Self {
            facts,
            planners: Planners::default(),
            adoption: AdoptionIndex::default(),
            register: Register::default(),
            calls: Vec::new(),
        })
    }

    fn timed<T>(&mut self, name: &'static str, call: impl FnOnce(&mut Self) -> T) -> T {
        let start = Instant::now();
        let value = call(self);
        let took = start.elapsed();
        let known = self.calls.iter_mut().find(|calls| calls.name == name);
        match known {
            Some(calls) => {
                calls.number += 1;
                calls.longest = calls.longest.max(took);
                calls.total += took;
            }
            None => self.calls.push(Calls {
                name,
                number: 1,
                longest: took,
                total: took,
            }),
        }
        value
    }

    /// As `Context::settled`: one hold of the lock is one tick and one step of the counts.
    fn settle(&mut self, now: Timestamp) {
        while self.timed("one hold: tick and counts", |own| own.follow(now)) {}
    }

    /// Returns whether more waits.
    fn follow(&mut self, now: Timestamp) -> bool {
        self.timed("- tick", |own| {
            let _ = own.facts.tick(now);
        });
        let services = self.timed("- services counted", |own| {
            own.adoption.follow(&mut own.facts, now, FOLLOWED_AT_ONCE)
        });
        let exceptions = self.timed("- exceptions assessed", |own| {
            own.register.follow(&mut own.facts, now, FOLLOWED_AT_ONCE)
        });
        services || exceptions || self.facts.next_change().is_some_and(|at| at <= now)
    }

    /// As `write::labels`: every plan lands.
    fn label(&mut self, now: Timestamp) {
        let mut version = 1_000_000;
        while self.planners.labels.has_work(&self.facts, now) {
            let plan = self.timed("plan of labels", |own| {
                own.planners
                    .labels
                    .plan(&mut own.facts, now, LABELS_AT_ONCE)
            });
            for write in plan.labels {
                version += 1;
                self.timed("label that landed", |own| {
                    let landed = WriteResult::Landed(Some(version));
                    own.planners
                        .labels
                        .ended(&mut own.facts, &write, landed, now);
                });
            }
        }
    }

    /// As `write::statuses`: planned from a copy, and the first of each namespace lands while another
    /// reader holds that copy.
    fn write_statuses(&mut self, now: Timestamp) {
        let (facts, counts, register) = self.timed("copy for readers", |own| {
            let counts = own.adoption.contributions().clone();
            (own.facts.snapshot(), counts, own.register.clone())
        });
        loop {
            let plan = self.timed("plan of statuses (the planners' lock)", |own| {
                own.planners.plan_statuses(&facts, &counts, &register, now)
            });
            let has_more = plan.has_more;
            self.land_statuses(plan, now);
            if !has_more {
                return;
            }
        }
    }

    fn land_statuses(&mut self, plan: StatusPlan, now: Timestamp) {
        let landed = WriteResult::Landed(None);
        for write in plan.exceptions {
            self.timed("status that landed", |own| {
                let statuses = &mut own.planners.statuses;
                statuses.ended(&mut own.facts, write, landed, now);
            });
        }
        for write in plan.paths {
            self.timed("status that landed", |own| {
                let statuses = &mut own.planners.statuses;
                statuses.ended(&mut own.facts, write, landed, now);
            });
        }
    }

    fn except(&mut self, workloads: usize, exceptions: usize, expires: Timestamp) -> Result<()> {
        for one in fleet::deviating(workloads).take(exceptions) {
            let object: DeviationException = serde_saphyr::from_str(&one.exception(Some(expires)))?;
            let exception = Exception::read(object, Timestamp::now());
            let namespace = one.member.namespace();
            self.timed("exception seen", |own| {
                own.facts.put_exception(&namespace, exception);
            });
        }
        Ok(())
    }

    /// An edit of the path that changes no verdict.
    fn edit_text(&mut self) -> Result<()> {
        let mut path: GoldenPath = serde_saphyr::from_str(&fleet::path(fleet::MemoryCheck::Asked))?;
        path.spec.title = Some("Web services".to_owned());
        self.timed("edit of a path's title", |own| {
            let _ = own.facts.put_path(origin(2), path.spec, None);
        });
        Ok(())
    }

    /// Prints the calls since the last time.
    fn print(&mut self, when: &str) {
        println!("\n{when}:");
        for calls in self.calls.drain(..) {
            let millis = |took: Duration| took.as_secs_f64() * 1_000.0;
            let verdict = if calls.longest <= GOAL {
                "met"
            } else {
                "missed"
            };
            println!(
                "{:>9.3} ms longest of {:>6}, {:>9.1} ms together, goal {} ms {verdict}: {}",
                millis(calls.longest),
                calls.number,
                millis(calls.total),
                GOAL.as_millis(),
                calls.name,
            );
        }
    }
}

fn origin(generation: i64) -> Origin {
    Origin {
        name: fleet::PATH.to_owned(),
        generation: Some(generation),
        ..Origin::default()
    }
}

/// As the API server stores it.
fn stored(member: fleet::Member) -> Result<Value> {
    let mut object: Value = serde_saphyr::from_str(&member.manifest())?;
    object["metadata"]["creationTimestamp"] = "2026-02-01T00:00:00Z".into();
    object["metadata"]["resourceVersion"] = (member.0 + 1).to_string().into();
    object["metadata"]["uid"] = format!("0b5aa75f-5d2c-4a4d-8e30-{:012x}", member.0).into();
    Ok(object)
}
