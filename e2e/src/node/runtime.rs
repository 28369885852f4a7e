//! containerd on one node: its configuration, the network of its pods, and how
//! images get in without a registry.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use serde_json::json;

use super::{namespaces::Namespaces, requirements::Machine};
use crate::{
    Binaries, Error, Image, Result, Tool,
    home::Home,
    process::{Process, Program},
    wait,
};

/// Inside the namespaces of the node; no other containerd is visible there.
pub(crate) const SOCKET: &str = "/run/containerd/containerd.sock";
/// The same seen from outside, below the cluster's directory.
const SOCKET_OUTSIDE: &str = "node/run/containerd/containerd.sock";
pub(crate) const POD_NETWORK: &str = "10.88.0.0/16";
const SANDBOX_IMAGE: &str = "localhost/pause:1";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running containerd.
#[derive(Debug)]
pub(crate) struct Runtime {
    containerd: Process,
    ctr: PathBuf,
    socket: PathBuf,
}

impl Runtime {
    /// Starts containerd, waits until it answers and gives it its sandbox image.
    pub(crate) fn start(
        home: &Arc<Home>,
        binaries: &Binaries,
        namespaces: &Namespaces,
        machine: &Machine,
    ) -> Result<Self> {
        let networks = write_network(home)?;
        let config = home.write("containerd.toml", &config(&networks, machine))?;
        let mut program = Program::new("containerd", binaries.path(Tool::Containerd)?)
            .path_flag("config", &config)
            .through(&namespaces.whole());
        program.env = vec![("PATH".to_owned(), machine.path.clone())];
        let mut runtime = Self {
            containerd: Process::start(home, &program)?,
            ctr: binaries.path(Tool::Ctr)?.to_owned(),
            socket: home.path().join(SOCKET_OUTSIDE),
        };
        wait::within_or_fail(READY_WITHIN, "containerd answers", || {
            runtime.containerd.still_runs()?;
            Ok(runtime.ctr(&["version"]).is_ok().then_some(()))
        })?;
        let archive = home.path().join("pause.tar");
        Image::of_program(SANDBOX_IMAGE, binaries.path(Tool::Pause)?)?.write(&archive)?;
        runtime.import(&archive)?;
        Ok(runtime)
    }

    /// Makes the image in an archive known to kubelet under the name it has there.
    pub(crate) fn import(&self, archive: &Path) -> Result<()> {
        let archive = archive.to_string_lossy();
        self.ctr(&["--namespace=k8s.io", "images", "import", &archive])
    }

    fn ctr(&self, args: &[&str]) -> Result<()> {
        let output = Command::new(&self.ctr)
            .arg("--address")
            .arg(&self.socket)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Error::Spawn {
                program: "ctr".to_owned(),
                source,
            })?;
        if output.status.success() {
            return Ok(());
        }
        Err(Error::Command {
            command: format!("ctr {}", args.join(" ")),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// Pods get a routed pair of devices each. (On a bridge, packets between pods
/// would pass Services by unless the kernel hands them over.)
fn write_network(home: &Home) -> Result<PathBuf> {
    let directory = home.path().join("networks");
    std::fs::create_dir_all(&directory).map_err(Error::file("create", &directory))?;
    let network = json!({
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [{"type": "ptp", "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": POD_NETWORK}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        }}],
    });
    home.write("networks/pods.conflist", &network.to_string())?;
    Ok(directory)
}

/// Paths that are not set here are below /run and /var/lib, which are the node's own.
fn config(networks: &Path, machine: &Machine) -> String {
    format!(
        r#"version = 3
# These would leave directories or a kernel profile on the machine.
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]

[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{SANDBOX_IMAGE}"

[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  # Not every machine lets a container lower it: "can't get final child's PID from pipe".
  restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dirs = ["{plugins}"]
  conf_dir = "{networks}"
  use_internal_loopback = true

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
"#,
        plugins = machine.cni_plugins.display(),
        networks = networks.display(),
    )
}
