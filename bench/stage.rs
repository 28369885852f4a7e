//! The control plane and the fleet that every measurement uses, and the operators that run on it.
//! Waits for operator state; must not measure anything.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use goldenpath::api;
use goldenpath_e2e::{ControlPlane, Operator, OperatorOptions, Options, within_or_fail};
use kube::Client;
use tokio::runtime::Runtime;

use crate::fleet::{self, Count, Deviating, Lacks, MemoryCheck};
use crate::{Result, load};

/// Longer than any step takes on the slowest machine.
pub const DEADLINE: Duration = Duration::from_secs(240);
/// Services by state, in `/metrics`.
pub const SERVICES: &str = "goldenpath_services";
/// Without labels, only judging is measured.
pub const LABELS_OFF: [&str; 1] = ["--labels=off"];
const STOPS_WITHIN: Duration = Duration::from_secs(20);

/// One control plane and what is measured on it.
pub struct Stage {
    pub cluster: ControlPlane,
    pub client: Client,
    pub runtime: Runtime,
    pub binary: PathBuf,
    /// The number of Deployments.
    pub workloads: usize,
    /// How many of the deviating ones have an exception, the first ones.
    pub exceptions: usize,
}

impl Stage {
    /// A control plane with our definitions, the golden path, the namespaces and the exceptions.
    pub fn set(binary: PathBuf, workloads: usize) -> Result<Self> {
        let runtime = Runtime::new()?;
        let cluster = ControlPlane::start(&Options::default())?;
        let client = runtime.block_on(load::client(&cluster))?;
        let stage = Self {
            cluster,
            client,
            runtime,
            binary,
            workloads,
            exceptions: fleet::excepted(workloads),
        };
        let definitions: Vec<_> = api::crds().iter().map(api::crd_manifest).collect();
        stage.cluster.define(&definitions)?;
        stage.cluster.apply(&fleet::namespaces())?;
        stage.cluster.apply(&fleet::path(MemoryCheck::Asked))?;
        stage.cluster.apply(&fleet::exceptions(workloads))?;
        Ok(stage)
    }

    /// Starts an operator; the second value is the instant before its process began.
    pub fn operator(&self, args: &[&str]) -> Result<(Operator, Instant)> {
        let args = [&["run"], args].concat();
        let options = OperatorOptions::new(&self.binary, &args);
        let start = Instant::now();
        Ok((Operator::start(&self.cluster, &options)?, start))
    }

    /// Stops it, so that its Lease is free for the next one.
    pub fn stop(operator: Operator) -> Result<()> {
        operator.stop(STOPS_WITHIN)?;
        Ok(())
    }

    /// Waits until `/metrics` counts every workload as judged, and `golden` of them on the path.
    pub fn wait_for_verdicts(&self, operator: &Operator, golden: Count) -> Result<()> {
        let all = Some(f64::from(Count::try_from(self.workloads)?));
        let golden = Some(f64::from(golden));
        let all_judged = || {
            let samples = operator.scrape()?;
            let on_path = samples.sum(SERVICES, &[("state", "golden-path")]);
            Ok((samples.sum(SERVICES, &[]) == all && on_path == golden).then_some(()))
        };
        Ok(within_or_fail(DEADLINE, "all verdicts", all_judged)?)
    }

    /// Deviating members without an exception.
    pub fn undocumented(&self) -> impl Iterator<Item = Deviating> {
        fleet::deviating(self.workloads).skip(self.exceptions)
    }

    /// The number of members on the unchanged path.
    pub fn golden(&self) -> Count {
        fleet::count(self.workloads, |lacks| lacks == Lacks::Nothing)
    }
}
