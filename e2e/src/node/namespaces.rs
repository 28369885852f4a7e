//! The namespaces of one node: network, mounts, processes. They end with one process, so a killed
//! node leaves nothing behind. Must not know what runs inside.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::requirements::Machine;
use crate::{
    Result,
    home::Home,
    process::{Process, Program},
    wait,
};

const INIT: &str = include_str!("init.sh");
const READY_WITHIN: Duration = Duration::from_secs(20);

/// Running namespaces. Dropping the value ends everything in them.
#[derive(Debug)]
pub(crate) struct Namespaces {
    // `unshare`, which waits for the first process inside.
    outside: Process,
}

impl Namespaces {
    /// Makes them; `address` is the node's, on a network of its own.
    pub(crate) fn start(home: &Arc<Home>, address: &str, machine: &Machine) -> Result<Self> {
        let mut program = Program::new("namespaces", Path::new("unshare"))
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["--mount-proc", "sh", "-c", INIT, "goldenpath-node"])
            .args([home.path()])
            .args([address]);
        program.env = vec![("PATH".to_owned(), machine.path.clone())];
        let mut namespaces = Self {
            outside: Process::start(home, &program)?,
        };
        let ready = home.path().join("node/ready");
        wait::within_or_fail(READY_WITHIN, "the node's namespaces are ready", || {
            namespaces.outside.still_runs()?;
            Ok(ready.exists().then_some(()))
        })?;
        Ok(namespaces)
    }

    /// The file that stands for the network namespace.
    pub(crate) fn network(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/ns/net", self.outside.id()))
    }

    /// Words before a command line that run it wholly inside; it ends with the node.
    pub(crate) fn whole(&self) -> Vec<String> {
        let pid = self.outside.id();
        vec![
            "nsenter".into(),
            format!("--target={pid}"),
            "--net".into(),
            "--mount".into(),
            format!("--pid=/proc/{pid}/ns/pid_for_children"),
        ]
    }
}
