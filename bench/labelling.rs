//! Time to label the whole fleet, compared with a bare loop that sends the same patches. The two
//! take turns in one run, so that other load on the machine affects both.

use std::thread;
use std::time::{Duration, Instant};

use goldenpath_e2e::Operator;

use crate::fleet::Count;
use crate::load::{self, LabelPatch};
use crate::memory::{self, Memory};
use crate::stage::{DEADLINE, Stage};
use crate::table::{Row, median};
use crate::{Result, process};

/// Longer than a write takes on the slowest machine.
const A_WRITE: Duration = Duration::from_millis(10);
/// Time between two reads of the operator's progress.
const PAUSES: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(2)];

/// Times of both, and the operator's cost.
pub struct Labelling {
    workloads: usize,
    operator: Vec<f64>,
    bare: Vec<f64>,
    cpu: Duration,
    /// Of the operator that labelled last.
    pub memory: Memory,
}

/// Labels the fleet, the operator and the bare loop in turn. It stays labelled.
pub fn measure(stage: &Stage, rounds: usize) -> Result<Labelling> {
    let mut labelling = Labelling::none(stage);
    for round in 0..rounds {
        if round > 0 {
            stage.runtime.block_on(load::reset(&stage.client))?;
        }
        labelling.by_operator(stage)?;
        let patches = stage.runtime.block_on(load::stored_labels(&stage.client))?;
        if !patches.iter().all(LabelPatch::is_labelled) {
            return Err("the operator left a Deployment without labels".into());
        }
        stage.runtime.block_on(load::reset(&stage.client))?;
        let took = stage
            .runtime
            .block_on(load::apply(&stage.client, patches))?;
        labelling.bare.push(took.as_secs_f64());
    }
    Ok(labelling)
}

/// Labels the fleet once, without the bare loop, and removes the labels again.
pub fn once(stage: &Stage) -> Result<Row> {
    let mut labelling = Labelling::none(stage);
    labelling.by_operator(stage)?;
    stage.runtime.block_on(load::reset(&stage.client))?;
    let took = labelling.operator.first().copied().unwrap_or(f64::NAN);
    let cpu = labelling.cpu.as_secs_f64();
    Ok(Row::new(
        "label all, process start included",
        format!("{took:.1}"),
        "s",
    )
    .note(format!("once, without the bare loop; {cpu:.1} s of CPU")))
}

impl Labelling {
    fn none(stage: &Stage) -> Self {
        Self {
            workloads: stage.workloads,
            operator: Vec::new(),
            bare: Vec::new(),
            cpu: Duration::ZERO,
            memory: Memory::default(),
        }
    }

    /// From the start of the process to the answer of the last patch.
    fn by_operator(&mut self, stage: &Stage) -> Result<()> {
        let (operator, start) = stage.operator(&[])?;
        wait_for_labels(stage, &operator, start)?;
        self.operator.push(start.elapsed().as_secs_f64());
        self.cpu = process::cpu_time(operator.process_id())?;
        self.memory = memory::of(&operator)?;
        Stage::stop(operator)
    }

    pub fn rows(&self) -> Vec<Row> {
        let middle = |measured: &[f64]| median(measured.to_vec()).unwrap_or(f64::NAN);
        let (operator, bare) = (middle(&self.operator), middle(&self.bare));
        let fleet = f64::from(Count::try_from(self.workloads).unwrap_or(Count::MAX));
        let runs = |measured: &[f64], more: &str| {
            let each: Vec<String> = measured.iter().map(|took| format!("{took:.1}")).collect();
            format!(
                "{} s; {:.0}/s{more}",
                each.join(" and "),
                fleet / middle(measured)
            )
        };
        let cpu = format!("; {:.1} s of CPU", self.cpu.as_secs_f64());
        let ratio = operator / bare;
        vec![
            Row::new(
                "label all, process start included",
                format!("{operator:.1}"),
                "s",
            )
            .note(runs(&self.operator, &cpu)),
            Row::new("the same patches in a bare loop", format!("{bare:.1}"), "s")
                .note(runs(&self.bare, &format!("; {} at once", load::AT_ONCE))),
            Row::ratio("operator ÷ bare loop", ratio).at_most(ratio, 1.1),
        ]
    }
}

/// Reads seldom, and more often towards the end: each read costs the operator time.
fn wait_for_labels(stage: &Stage, operator: &Operator, start: Instant) -> Result<()> {
    let all = f64::from(Count::try_from(stage.workloads)?);
    let labels = [("verb", "label"), ("result", "landed")];
    let [shortest, longest] = PAUSES;
    let deadline = DEADLINE + A_WRITE.mul_f64(all);
    while start.elapsed() < deadline {
        let samples = operator.scrape()?;
        let landed = samples
            .sum("goldenpath_writes_total", &labels)
            .unwrap_or_default();
        if landed >= all {
            return Ok(());
        }
        let left = start.elapsed().as_secs_f64() * (all - landed) / landed.max(1.0);
        let pause = Duration::try_from_secs_f64(left / 2.0).unwrap_or(longest);
        thread::sleep(pause.clamp(shortest, longest));
    }
    Err("the operator did not label everything in time".into())
}
