//! A real Kubernetes node with its control plane: containerd runs real images,
//! kubelet probes them, kube-proxy leads Services to them. All of it lives in
//! namespaces of its own, so that any number of nodes can run side by side and
//! none leaves anything on the machine.
//!
//! Nodes that only seem to exist are cheaper; see [`Options::fake_nodes`].

mod cgroups;
mod forward;
mod kubelet;
mod namespaces;
mod requirements;
mod runtime;

use std::{
    ffi::OsStr,
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::Path,
    process::Command,
    sync::Arc,
    time::Duration,
};

pub use self::forward::Forward;
pub(crate) use self::forward::publish;
use self::{namespaces::Namespaces, requirements::Machine, runtime::Runtime};
use crate::{
    Binaries, ControlPlane, Options, Progress, Result, Tool, controllers, home::Home,
    process::Process, wait,
};

/// Every node has the same: each is on a network of its own.
const ADDRESS: &str = "172.30.0.2";
const NAME: &str = "node";
/// A few seconds, unless the machine is busy with builds.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A running node. It ends with this value, or with this process, however that ends.
#[derive(Debug)]
pub struct Node {
    cluster: ControlPlane,
    _programs: Vec<Process>,
    runtime: Runtime,
    _api: Forward,
    namespaces: Namespaces,
}

impl Node {
    /// The tools a node needs.
    pub fn tools() -> Vec<Tool> {
        let mut tools = Tool::CONTROL_PLANE.to_vec();
        tools.extend([Tool::KubeControllerManager, Tool::KubeScheduler]);
        tools.extend(Tool::NODE);
        tools
    }

    /// Starts a control plane and a node, and waits until pods may be put on it.
    /// Controllers and a scheduler are there in any case, fake nodes never.
    ///
    /// [`crate::Error::Unfit`], before anything is built, on a machine that cannot have one.
    pub fn start(options: &Options) -> Result<Self> {
        let machine = Machine::examine()?;
        let binaries = Binaries::locate_or_build(&Self::tools(), |progress: Progress| {
            // A closed standard error is ignored.
            let _ = writeln!(std::io::stderr(), "{progress}");
        })?;
        let home = Arc::new(Home::create()?);
        let namespaces = Namespaces::start(&home, ADDRESS, &machine)?;
        home.use_network(namespaces.network());
        let runtime = Runtime::start(&home, &binaries, &namespaces, &machine)?;

        // The API server has the same address for kubelet and for this process.
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let api = Forward::start(&namespaces.network(), 0, loopback)?;
        let port = api.address().port();
        kubelet::write_client_certificate(&home)?;
        let options = with_a_node(options, &home)?;
        let cluster = ControlPlane::start_in(Arc::clone(&home), port, &binaries, &options)?;

        let cgroup = cgroups::create(&home)?;
        let mut programs = vec![
            controllers::start_scheduler(&cluster)?,
            kubelet::start(&cluster, &namespaces, &machine, &cgroup)?,
            kubelet::start_proxy(&cluster, &machine)?,
        ];
        wait::within_or_fail(READY_WITHIN, "the node is ready", || {
            programs.iter_mut().try_for_each(Process::still_runs)?;
            Ok((controllers::ready_nodes(&cluster)? == 1).then_some(()))
        })?;
        Ok(Self {
            cluster,
            _programs: programs,
            runtime,
            _api: api,
            namespaces,
        })
    }

    /// The control plane, which can be used from this machine as any other:
    /// kubeconfigs, kubectl, audit log, faults. What is started beside it, such as a
    /// [`crate::Prometheus`], runs in the network of the node and is reached from here.
    pub const fn cluster(&self) -> &ControlPlane {
        &self.cluster
    }

    /// Makes an image known to kubelet under the name it has in its archive (OCI
    /// or Docker). Pods need `imagePullPolicy: Never` or a tag other than `latest`.
    pub fn import_image(&self, archive: &Path) -> Result<()> {
        self.runtime.import(archive)
    }

    /// A command that runs in the network of the node, where the addresses of pods
    /// and Services lead to them, with the files of this machine.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let network = self.namespaces.network();
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net={}", network.display()))
            .arg(program)
            .env("KUBECONFIG", self.cluster.kubeconfig())
            // kubectl's usual cache is keyed by address, and every node has the same.
            .env(
                "KUBECACHEDIR",
                self.cluster.data_dir().join("kubectl-cache"),
            );
        command
    }

    /// A loopback port of this machine that leads to an address in the network of
    /// the node: a pod's, a Service's, or 127.0.0.1 for what [`Node::command`] started.
    pub fn forward(&self, to: SocketAddr) -> Result<Forward> {
        Forward::start(&self.namespaces.network(), 0, |_| to)
    }

    /// A listener of this process on 127.0.0.1 in the network of the node, for what
    /// runs there to be answered by a test. The port is free and chosen here.
    pub fn listen(&self) -> Result<TcpListener> {
        forward::listen_inside(&self.namespaces.network())
    }
}

fn with_a_node(options: &Options, home: &Home) -> Result<Options> {
    let mut options = options.clone();
    options.controller_manager = true;
    options.fake_nodes = 0;
    options.users.extend(kubelet::users()?);
    options
        .api_server_args
        .extend(kubelet::api_server_args(home));
    Ok(options)
}
