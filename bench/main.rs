//! `make bench`: what the operator costs and how fast it is, on a real API server and with a fleet
//! of Deployments as real ones look. A program and not a test: figures are printed, not asserted.
//!
//! `--workloads N` sets the size of the fleet (10,000), `--quick` is a fleet of 1,000, `--ladder` shows
//! how figures grow to 100,000, `--edge` lets 10,000 exceptions expire at one instant, `--delivery`
//! measures records of rollouts alone, and `--page` the page under load.

#![allow(clippy::print_stdout)]

mod beside;
mod delivery;
mod drawing;
mod exceptions;
mod expiry;
mod fleet;
mod labelling;
mod ladder;
mod load;
mod machine;
mod memory;
mod offline;
mod page;
mod process;
mod reaction;
#[allow(dead_code)] // the measure of the heap uses more of it
mod record;
mod relist;
mod rest;
mod socket;
mod stage;
mod table;
mod verdicts;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;

use reaction::Churn;
use stage::Stage;
use table::Row;

/// How often the fleet is labelled, in turn with the bare loop.
const ROUNDS: usize = 5;
const CHURN: Churn = Churn {
    changes: 300,
    a_second: 50,
};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Measures goldenpath on a throwaway control plane and prints one table.
#[derive(Parser, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a flag
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

    /// The sizes of the ladder
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000], requires = "ladder")]
    rungs: Vec<usize>,

    /// How long 100 changes a second arrive on the ladder
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        requires = "ladder"
    )]
    churn_seconds: u32,

    /// Label more than 10,000 Deployments too, which takes minutes
    #[arg(long, requires = "ladder")]
    all: bool,

    /// 10,000 exceptions that expire at one instant, instead of all figures
    #[arg(long, conflicts_with_all = ["quick", "ladder"])]
    edge: bool,

    /// Records of rollouts, instead of all figures
    #[arg(long, conflicts_with_all = ["ladder", "edge"])]
    delivery: bool,

    /// The page under load, instead of all figures
    #[arg(long, conflicts_with_all = ["ladder", "edge", "delivery"])]
    page: bool,

    /// Also write the rows and the machine as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Also draw how figures grow
    #[arg(long, value_name = "FILE", requires = "ladder")]
    svg: Option<PathBuf>,

    /// The binary to measure [default: the one beside this program]
    #[arg(long)]
    binary: Option<PathBuf>,
}

impl Args {
    fn workloads(&self) -> usize {
        match (self.ladder, self.quick) {
            (true, _) => self.rungs.iter().max().copied().unwrap_or(self.workloads),
            (false, true) => 1_000,
            (false, false) => self.workloads,
        }
    }

    fn plan(&self) -> ladder::Plan {
        let mut rungs = self.rungs.clone();
        rungs.sort_unstable();
        rungs.dedup();
        ladder::Plan {
            rungs,
            churn_seconds: self.churn_seconds,
            all: self.all,
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
        let climbed = ladder::measure(&mut stage, &args.plan())?;
        if let Some(file) = &args.svg {
            std::fs::write(
                file,
                drawing::svg("Growth with the fleet", &climbed.growths),
            )?;
        }
        climbed.rows
    } else if args.edge {
        edge(&stage)?
    } else if args.delivery {
        let mut rows = vec![created(&stage)?];
        rows.extend(delivery::measure(&stage, args.quick)?);
        rows
    } else if args.page {
        let mut rows = vec![created(&stage)?];
        rows.extend(page::measure(&stage)?);
        rows
    } else {
        measure(&stage, args.quick)?
    };
    let mut lines = machine::describe(&stage.cluster, &stage.binary, &load);
    lines.push(format!(
        "fleet: {} Deployments of {} lines in {} namespaces, 3 in 10 break one of 4 checks",
        stage.workloads,
        fleet::lines(),
        fleet::NAMESPACES
    ));
    lines.push(format!("took: {:.0} s", start.elapsed().as_secs_f64()));
    if let Some(file) = &args.json {
        std::fs::write(file, format!("{:#}\n", table::document(&lines, &rows)))?;
    }
    println!("{}\n\n{}", lines.join("\n"), table::markdown(&rows));
    Ok(())
}

/// Many exceptions that expire at one instant, and nothing else.
fn edge(stage: &Stage) -> Result<Vec<Row>> {
    let mut rows = vec![created(stage)?];
    rows.extend(expiry::measure(stage)?);
    Ok(rows)
}

/// Creates the fleet.
fn created(stage: &Stage) -> Result<Row> {
    let members = fleet::members(stage.workloads).collect();
    let took = stage
        .runtime
        .block_on(load::create(&stage.client, members))?;
    Ok(Row::seconds("create the fleet, 64 at once", took).note("no operator running"))
}

/// Everything but what has a flag of its own, in an order in which each measurement leaves what the next one needs.
fn measure(stage: &Stage, quick: bool) -> Result<Vec<Row>> {
    // First, while this program is small: Linux counts its size towards a child's.
    let offline = offline::measure(stage)?;
    let empty = memory::without_workloads(stage)?;
    let mut rows = vec![created(stage)?];
    rows.extend(verdicts::measure(stage)?);
    let labelling = labelling::measure(stage, ROUNDS)?;
    rows.extend(labelling.rows());
    let rest = rest::measure(stage, quick)?;
    rows.extend(rest.rows);
    rows.extend(reaction::measure(stage, CHURN)?);
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
