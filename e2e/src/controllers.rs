//! The controllers of a cluster: kube-controller-manager and, for simulated nodes, kube-scheduler
//! and kwok. None of them listens.

use std::time::Duration;

use crate::{
    ControlPlane, Options, Result, Tool,
    process::{Process, Program},
    wait,
};

/// User names they log in with; the first two have the rights Kubernetes gives them.
pub(crate) const CONTROLLER_MANAGER: &str = "system:kube-controller-manager";
pub(crate) const SCHEDULER: &str = "system:kube-scheduler";
pub(crate) const KWOK: &str = "kwok";

/// Far above the clients' default limits, so that load tests measure the operator.
const REQUEST_RATE: [&str; 2] = ["--kube-api-qps=1000", "--kube-api-burst=2000"];

/// A thousand take 15 s.
const NODES_READY_WITHIN: Duration = Duration::from_secs(300);

/// Starts what the options ask for; with fake nodes, waits until they are ready.
pub(crate) fn start(cluster: &ControlPlane, options: &Options) -> Result<Vec<Process>> {
    let mut processes = Vec::new();
    if options.with_controllers() {
        processes.push(start_controller_manager(cluster)?);
        wait_for_service_account(cluster, "default")?;
    }
    if options.fake_nodes > 0 {
        processes.push(start_scheduler(cluster)?);
        processes.push(start_kwok(cluster)?);
        cluster.apply(&nodes(options.fake_nodes))?;
        wait_for_nodes(cluster, options.fake_nodes)?;
    }
    Ok(processes)
}

/// Waits until this many nodes are ready.
fn wait_for_nodes(cluster: &ControlPlane, count: usize) -> Result<()> {
    wait::within_or_fail(NODES_READY_WITHIN, "the fake nodes are ready", || {
        Ok((ready_nodes(cluster)? >= count).then_some(()))
    })
}

/// How many nodes are ready and may be given pods. (`kubectl wait` takes the nodes
/// one by one: 12 s for a hundred.)
pub(crate) fn ready_nodes(cluster: &ControlPlane) -> Result<usize> {
    const TAINTS: &str = "-o=jsonpath={range .items[*]}{.metadata.name}={.spec.taints}\n{end}";
    let nodes = cluster.kubectl_ok(&["get", "nodes", TAINTS])?;
    Ok(nodes.lines().filter(|line| line.ends_with('=')).count())
}

/// Waits for what the API server wants to see before it admits a pod.
pub(crate) fn wait_for_service_account(cluster: &ControlPlane, namespace: &str) -> Result<()> {
    let created = [
        "wait",
        "--for=create",
        "serviceaccount/default",
        "--timeout=120s",
    ];
    cluster.kubectl_ok(&[&created[..], &["-n", namespace]].concat())?;
    Ok(())
}

fn start_controller_manager(cluster: &ControlPlane) -> Result<Process> {
    let keys = cluster.data_dir().join("pki");
    let binary = cluster.binaries().path(Tool::KubeControllerManager)?;
    let program = Program::new(Tool::KubeControllerManager.as_str(), binary)
        .path_flag("kubeconfig", &cluster.kubeconfig_for(CONTROLLER_MANAGER)?)
        .path_flag("service-account-private-key-file", &keys.join("sa.key"))
        .path_flag("root-ca-file", &keys.join("ca.crt"))
        // It makes this directory, by default in the machine's own /usr/libexec.
        .path_flag(
            "flex-volume-plugin-dir",
            &cluster.data_dir().join("volume-plugins"),
        )
        .args([
            "--use-service-account-credentials",
            "--leader-elect=false",
            "--secure-port=0",
        ])
        .args(REQUEST_RATE);
    Process::start(cluster.home(), &program)
}

pub(crate) fn start_scheduler(cluster: &ControlPlane) -> Result<Process> {
    let binary = cluster.binaries().path(Tool::KubeScheduler)?;
    let program = Program::new(Tool::KubeScheduler.as_str(), binary)
        .path_flag("kubeconfig", &cluster.kubeconfig_for(SCHEDULER)?)
        .args(["--leader-elect=false", "--secure-port=0"])
        .args(REQUEST_RATE);
    Process::start(cluster.home(), &program)
}

fn start_kwok(cluster: &ControlPlane) -> Result<Process> {
    let stages = cluster
        .home()
        .write("kwok-stages.yaml", include_str!("stages.yaml"))?;
    let binary = cluster.binaries().path(Tool::Kwok)?;
    let program = Program::new(Tool::Kwok.as_str(), binary)
        .path_flag("kubeconfig", &cluster.kubeconfig_for(KWOK)?)
        .path_flag("config", &stages)
        .args([
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
        ]);
    Process::start(cluster.home(), &program)
}

fn nodes(count: usize) -> String {
    let node = |number| {
        let name = format!("fake-{number}");
        let node = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
            }},
        });
        format!("{node}\n---\n")
    };
    (0..count).map(node).collect()
}
