//! Helm as a user runs it, of either generation, and the charts it is given.

use std::process::{Command, Output};

use goldenpath_e2e::{Binaries, ControlPlane, Tool, binaries_or_skip};

pub const NAMESPACE: &str = "goldenpath-system";

/// One Helm and the cluster it talks to.
pub struct Helm<'a> {
    cluster: &'a ControlPlane,
    binaries: Binaries,
    tool: Tool,
}

impl<'a> Helm<'a> {
    /// None, after a line `skipped: …`, where it cannot be had.
    pub fn or_skip(tool: Tool, cluster: &'a ControlPlane) -> Option<Self> {
        let binaries = binaries_or_skip(&[tool])?;
        Some(Self {
            cluster,
            binaries,
            tool,
        })
    }

    /// Runs it in the release's namespace; what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        let answer = self.try_run(args);
        let said = String::from_utf8_lossy(&answer.stderr);
        assert!(answer.status.success(), "helm {args:?}: {said}");
        String::from_utf8(answer.stdout).unwrap()
    }

    /// As [`Helm::run`], when it may fail.
    pub fn try_run(&self, args: &[&str]) -> Output {
        Command::new(self.binaries.path(self.tool).unwrap())
            .args(args)
            .args(["--namespace", NAMESPACE, "--kubeconfig"])
            .arg(self.cluster.kubeconfig())
            .env("HELM_CACHE_HOME", self.cluster.data_dir())
            .output()
            .unwrap()
    }
}

/// The chart of this tree.
pub fn chart() -> String {
    format!("{}/charts/goldenpath", env!("CARGO_MANIFEST_DIR"))
}
