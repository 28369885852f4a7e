//! `make bench`: what the operator costs and how fast it is, on a real API server and with a fleet
//! of Deployments as real ones look. A program and not a test: figures are printed, not asserted.
//!
//! `--workloads N` sets the size of the fleet (10,000), `--quick` is a fleet of 1,000, `--ladder` shows
//! how figures grow to 100,000.

#![allow(clippy::print_stdout)]

mod fleet;
mod labelling;
mod ladder;
mod load;
mod machine;
mod memory;
mod offline;
mod process;
mod reaction;
mod rest;
mod stage;
mod table;
mod verdicts;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

use stage::Stage;
use table::Row;

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Measures goldenpath on a throwaway control plane and prints one table.
#[derive(Parser, Debug)]
struct Args {
    /// How many Deployments the fleet has
    #[arg(long, default_value_t = 10_000, conflicts_with = "quick")]
    workloads: usize,

    /// A fleet of 1,000 and a short rest
    #[arg(long)]
    quick: bool,

    /// How figures grow from 1,000 to 100,000 Deployments, instead of all figures of one size
    #[arg(long, conflicts_with_all = ["quick", "workloads"])]
    ladder: bool,

    /// The binary to measure [default: the one beside this program]
    #[arg(long)]
    binary: Option<PathBuf>,
}

impl Args {
    fn workloads(&self) -> usize {
        match (self.ladder, self.quick) {
            (true, _) => ladder::RUNGS.into_iter().max().unwrap_or(self.workloads),
            (false, true) => 1_000,
            (false, false) => self.workloads,
        }
    }

    fn binary(&self) -> Result<PathBuf> {
        if let Some(binary) = &self.binary {
            return Ok(std::path::absolute(binary)?);
        }
        // target/release/examples/bench
        let own = std::env::current_exe()?;
        let directory = own.ancestors().nth(2).ok_or("no directory above")?;
        Ok(directory.join("goldenpath"))
    }
}

fn main() -> Result<()> {
    let args = Args::parse();
    let (start, load) = (Instant::now(), machine::load());
    let mut stage = Stage::set(args.binary()?, args.workloads())?;
    let rows = if args.ladder {
        ladder::measure(&mut stage)?
    } else {
        measure(&stage, args.quick)?
    };
    for line in machine::describe(&stage.cluster, &stage.binary, &load) {
        println!("{line}");
    }
    let fleet = stage.workloads;
    println!(
        "fleet: {fleet} Deployments of {} lines in {} namespaces, 3 in 10 break one of 4 checks",
        fleet::lines(),
        fleet::NAMESPACES
    );
    println!(
        "took: {:.0} s\n\n{}",
        start.elapsed().as_secs_f64(),
        table::markdown(&rows)
    );
    Ok(())
}

/// Everything, in an order in which each measurement leaves what the next one needs.
fn measure(stage: &Stage, quick: bool) -> Result<Vec<Row>> {
    // First, while this program is small: Linux counts its size towards a child's.
    let offline = offline::measure(stage)?;
    let empty = memory::without_workloads(stage)?;
    let created = stage.runtime.block_on(load::create(
        &stage.client,
        fleet::members(stage.workloads).collect(),
    ))?;
    let mut rows =
        vec![Row::seconds("create the fleet, 64 at once", created).note("no operator running")];
    rows.extend(verdicts::measure(stage)?);
    let labelling = labelling::measure(stage)?;
    rows.extend(labelling.rows());
    let rest = rest::measure(stage, quick)?;
    rows.extend(rest.rows);
    rows.extend(reaction::measure(stage)?);
    let before = memory::Before {
        empty,
        labelled: labelling.memory,
        rested: rest.memory,
    };
    rows.extend(memory::measure(stage, &rest.operator, &before)?);
    Stage::stop(rest.operator)?;
    rows.extend(offline);
    Ok(rows)
}
