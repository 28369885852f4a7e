//! Runs Helm as a user does, version 3 and 4, and prepares the charts under test.

use std::process::{Command, Output};

use goldenpath_e2e::{Binaries, ControlPlane, Tool, binaries_or_skip};

pub const NAMESPACE: &str = "goldenpath-system";
/// Helm 4 and Helm 3.
pub const GENERATIONS: [Tool; 2] = [Tool::Helm, Tool::Helm3];

/// One Helm and the cluster it talks to, if it does.
pub struct Helm<'a> {
    cluster: Option<&'a ControlPlane>,
    binaries: Binaries,
    tool: Tool,
}

impl<'a> Helm<'a> {
    /// None, after a line `skipped: …`, where it cannot be had.
    pub fn or_skip(tool: Tool, cluster: &'a ControlPlane) -> Option<Self> {
        Some(Self {
            cluster: Some(cluster),
            ..Self::offline_or_skip(tool)?
        })
    }

    /// For rendering: it knows no cluster.
    pub fn offline_or_skip(tool: Tool) -> Option<Self> {
        Some(Self {
            cluster: None,
            binaries: binaries_or_skip(&[tool])?,
            tool,
        })
    }

    /// Runs it in the release's namespace; what it printed.
    pub fn run(&self, args: &[&str]) -> String {
        let answer = self.try_run(args);
        let printed = String::from_utf8_lossy(&answer.stderr);
        let name = self.tool.as_str();
        assert!(answer.status.success(), "{name} {args:?}: {printed}");
        String::from_utf8(answer.stdout).unwrap()
    }

    /// Its message when it refuses.
    pub fn refusal(&self, args: &[&str]) -> String {
        let answer = self.try_run(args);
        let name = self.tool.as_str();
        assert!(!answer.status.success(), "{name} {args:?} is not refused");
        String::from_utf8(answer.stderr).unwrap()
    }

    fn try_run(&self, args: &[&str]) -> Output {
        let mut helm = Command::new(self.binaries.path(self.tool).unwrap());
        helm.args(args).args(["--namespace", NAMESPACE]);
        let home = match self.cluster {
            Some(cluster) => {
                helm.arg("--kubeconfig").arg(cluster.kubeconfig());
                cluster.data_dir()
            }
            None => env!("CARGO_TARGET_TMPDIR").as_ref(),
        };
        for kind in ["CACHE", "CONFIG", "DATA"] {
            helm.env(format!("HELM_{kind}_HOME"), home.join("helm"));
        }
        helm.output().unwrap()
    }
}

/// A file of this tree.
pub fn on_disk(file: &str) -> String {
    format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The chart of this tree.
pub fn chart() -> String {
    on_disk("charts/goldenpath")
}
