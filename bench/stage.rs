//! Where everything is measured: one control plane, a fleet on it, and operators that come and go.
//! Waiting for what the operator says of itself lives here; what is measured does not.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use goldenpath::api;
use goldenpath_e2e::{ControlPlane, Operator, OperatorOptions, Options, within_or_fail};
use kube::Client;
use tokio::runtime::Runtime;

use crate::fleet::{self, Count, Lacks, MemoryCheck};
use crate::{Result, load};

/// No step of the program takes longer on the slowest machine it was thought for.
pub const DEADLINE: Duration = Duration::from_secs(240);
const SERVICES: &str = "goldenpath_services";
const STOPS_WITHIN: Duration = Duration::from_secs(20);

/// One control plane and what is measured on it.
pub struct Stage {
    pub cluster: ControlPlane,
    pub client: Client,
    pub runtime: Runtime,
    pub binary: PathBuf,
    /// How many Deployments there are to be.
    pub workloads: usize,
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

    /// Asks it to end, so that its lease is free for the next one.
    pub fn stop(operator: Operator) -> Result<()> {
        operator.stop(STOPS_WITHIN)?;
        Ok(())
    }

    /// Waits until `/metrics` tells that all are judged, so many of them on the path.
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

    /// How many members are on the path as it is meant.
    pub fn golden(&self) -> Count {
        fleet::count(self.workloads, |lacks| lacks == Lacks::Nothing)
    }
}
